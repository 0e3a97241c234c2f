// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "uv/world.hpp"

namespace uv_test {
namespace {

/// Why the backend cannot run here; empty if it can.
[[nodiscard]] std::string hindrance(const char* backend) {
  const std::string_view wanted(backend);
  for (const chime::backend_report& report : chime::probe_backends()) {
    if (report.name == wanted.substr(0, wanted.find(':')) && !report.usable) return report.detail.data();
  }
  return {};
}

void call(uv_timer_t* timer) { static_cast<host_timer*>(timer->data)->run(); }

}  // namespace

std::string name_of_backend(const testing::TestParamInfo<const char*>& info) {
  std::string name = info.param;
  std::ranges::replace_if(name, [](char c) { return c == ':' || c == '-'; }, '_');
  return name;
}

void lodger::open(uv_loop_t& host, const char* backend) {
  const auto opened = loop.open({.backend = backend, .spin = {}, .guest = true});
  ASSERT_TRUE(opened) << opened.error().message();
  ASSERT_TRUE(pool.open(loop, {.initial_capacity = 16}));
  const auto put_in = guest.open(host, loop);
  ASSERT_TRUE(put_in) << put_in.error().message();
}

void lodger::close() {
  const auto closed = guest.close();
  ASSERT_TRUE(closed) << closed.error().message();
  EXPECT_EQ(pool.close(), 0U) << "events are still out";
  const auto ended = loop.close();
  ASSERT_TRUE(ended) << ended.error().message();
}

chime::event lodger::acquire() {
  auto got = pool.acquire();
  EXPECT_TRUE(got) << got.error().message();
  return got ? std::move(*got) : chime::event{};
}

in_libuv::in_libuv()
    : things_(std::make_unique<things>()),
      host(things_->host),
      first(things_->first),
      loop(first.loop),
      guest(first.guest) {}

in_libuv::~in_libuv() {
  if (HasFailure()) (void)things_.release();  // NOLINT(bugprone-unused-return-value): left as it is, on purpose
}

void in_libuv::SetUp() {
  if (const std::string why = hindrance(GetParam()); !why.empty()) GTEST_SKIP() << GetParam() << ": " << why;
  ASSERT_EQ(uv_loop_init(&host), 0);
  first.open(host, GetParam());
}

void in_libuv::TearDown() {
  if (HasFailure() || IsSkipped()) return;
  if (guest.is_open()) first.close();
  for (host_timer& one : things_->timers) uv_close(reinterpret_cast<uv_handle_t*>(&one.timer), nullptr);
  EXPECT_EQ(uv_run(&host, UV_RUN_DEFAULT), 0);
  EXPECT_FALSE(guest.is_open());
  EXPECT_EQ(uv_loop_close(&host), 0) << "a handle was left in the loop";
}

void in_libuv::run() {
  uv_timer_t watchdog;
  bool late = false;
  watchdog.data = &late;
  ASSERT_EQ(uv_timer_init(&host, &watchdog), 0);
  const auto bark = [](uv_timer_t* timer) {
    *static_cast<bool*>(timer->data) = true;
    uv_stop(timer->loop);
  };
  ASSERT_EQ(uv_timer_start(&watchdog, bark, std::chrono::milliseconds(conformance::patience).count(), 0), 0);
  uv_unref(reinterpret_cast<uv_handle_t*>(&watchdog));
  const int left = uv_run(&host, UV_RUN_DEFAULT);
  bool closed = false;
  watchdog.data = &closed;
  uv_close(reinterpret_cast<uv_handle_t*>(&watchdog), [](uv_handle_t* h) { *static_cast<bool*>(h->data) = true; });
  while (!closed) uv_run(&host, UV_RUN_NOWAIT);
  ASSERT_FALSE(late) << "uv_run() has not returned in 30 s";
  ASSERT_EQ(left, 0);
}

void in_libuv::after(std::chrono::milliseconds time, std::function<void()> run) {
  host_timer& one = things_->timers.emplace_back();
  one.run = std::move(run);
  one.timer.data = &one;
  ASSERT_EQ(uv_timer_init(&host, &one.timer), 0);
  ASSERT_EQ(uv_timer_start(&one.timer, call, static_cast<std::uint64_t>(time.count()), 0), 0);
}

void in_libuv::repeat_until(std::function<bool()> step) {
  after(1ms, [this, step = std::move(step)] {
    if (!step()) repeat_until(step);
  });
}

/// A guest without spin is awake only until its first turn, and while its handle is readable.
bool in_libuv::is_asleep() { return guest.turns() > 0 && !conformance::is_readable(loop.handle()); }

}  // namespace uv_test
