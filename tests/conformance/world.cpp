// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "world.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ostream>

namespace conformance {
namespace {

const char* const backends[] = {
    "io_uring", "io_uring:no-defer", "io_uring:linked-read", "io_uring:no-defer,linked-read", "epoll", "poll"};

[[nodiscard]] const char* name_of(world::kind kind) {
  switch (kind) {
    case world::kind::user_space:
      return "user_space";
    case world::kind::native_eventfd:
      return "native_eventfd";
    case world::kind::native_pipe:
      return "native_pipe";
  }
  return "";
}

[[nodiscard]] std::vector<world> with(std::initializer_list<world::kind> kinds) {
  std::vector<world> worlds;
  for (const char* backend : backends) {
    for (const world::kind kind : kinds) worlds.push_back({backend, kind});
  }
  return worlds;
}

/// Why the backend cannot run here; empty if it can.
[[nodiscard]] std::string hindrance(const char* backend) {
  const std::string_view wanted(backend);
  for (const chime::backend_report& report : chime::probe_backends()) {
    if (report.name == wanted.substr(0, wanted.find(':')) && !report.usable) return report.detail.data();
  }
  return {};
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const world& w) { return out << w.backend << ", " << name_of(w.events); }

std::string name_of(const testing::TestParamInfo<world>& info) {
  std::string name = info.param.backend;
  std::ranges::replace_if(name, [](char c) { return c == ':' || c == ',' || c == '-'; }, '_');
  return name + "__" + name_of(info.param.events);
}

std::vector<world> every_world() {
  return with({world::kind::user_space, world::kind::native_eventfd, world::kind::native_pipe});
}
std::vector<world> every_native_world() { return with({world::kind::native_eventfd, world::kind::native_pipe}); }
std::vector<world> every_backend() { return with({world::kind::user_space}); }

std::ostream& operator<<(std::ostream& out, outcome o) {
  const char* const names[] = {"pending", "success", "cancelled", "timed_out", "failed"};
  return out << names[static_cast<unsigned>(o)];
}

outcome outcome_of(std::error_code error) noexcept {
  if (!error) return outcome::success;
  if (error == chime::errc::cancelled) return outcome::cancelled;
  return error == chime::errc::timed_out ? outcome::timed_out : outcome::failed;
}

in_world::in_world() : things_(std::make_unique<things>()), loop(things_->loop), pool(things_->pool) {}

in_world::~in_world() {
  if (HasFailure()) (void)things_.release();  // NOLINT(bugprone-unused-return-value): left as it is, on purpose
}

void in_world::SetUp() {
  if (const std::string why = hindrance(GetParam().backend); !why.empty()) {
    std::printf("%s cannot run here: %s\n", GetParam().backend, why.c_str());
    GTEST_SKIP() << GetParam().backend << " cannot run here: " << why;
  }
  const auto opened = loop.open(on_this_backend());
  ASSERT_TRUE(opened) << opened.error().message();
}

void in_world::TearDown() {
  if (HasFailure() || IsSkipped()) return;
  for (waiter& w : things_->waiters) w.ev.reset();
  EXPECT_EQ(pool.close(), 0U) << "events are still out";
  const auto closed = loop.close();
  EXPECT_TRUE(closed || closed.error() == chime::fault::loop_closed) << closed.error().message();
}

chime::proactor_options in_world::on_this_backend(unsigned batch) const {
  return {.backend = GetParam().backend, .batch = batch};
}

chime::pool_options in_world::of_this_kind(chime::pool_options options) const {
  options.native = GetParam().native();
  options.kind = GetParam().events == world::kind::native_pipe ? chime::primitive::pipe : chime::primitive::eventfd;
  return options;
}

void in_world::open_pool(chime::pool_options options) {
  const auto opened = pool.open(loop, of_this_kind(options));
  ASSERT_TRUE(opened) << opened.error().message();
}

void in_world::reopen_loop(unsigned batch) {
  ASSERT_TRUE(loop.close());
  ASSERT_TRUE(loop.open(on_this_backend(batch)));
}

chime::event in_world::acquire() {
  auto got = pool.acquire();
  EXPECT_TRUE(got) << got.error().message();
  return got ? std::move(*got) : chime::event{};
}

waiter& in_world::submit(chime::event&& ev, time_point deadline) {
  waiter& w = make_waiter();
  std::move(ev).submit(w, deadline);
  return w;
}

void in_world::let_the_loop_see() {
  for (int i = 0; i < 3; ++i) {
    const auto polled = loop.poll();
    ASSERT_TRUE(polled) << polled.error().message();
    ASSERT_EQ(*polled, 0U) << "something completed that should not have";
  }
}

void in_world::let_the_loop_work() {
  for (int i = 0; i < 3; ++i) {
    const auto polled = loop.poll();
    ASSERT_TRUE(polled) << polled.error().message();
  }
}

runner::runner(chime::proactor& loop)
    : loop_(&loop), thread_([&loop] {
        const auto ran = loop.run();
        EXPECT_TRUE(ran) << ran.error().message();
      }) {}

void runner::stop() {
  if (!thread_.joinable()) return;
  loop_->stop();
  thread_.join();
}

void runner::until_asleep() {
  const auto before = loop_->stats().sleeps;
  loop_->wake();  // it may be asleep already, and would not count again
  EXPECT_TRUE(eventually([&] { return loop_->stats().sleeps > before; })) << "the loop does not go to sleep";
}

void meeting::arrive() noexcept {
  const unsigned round = round_.load(std::memory_order_acquire);
  if (here_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads_) {
    here_.store(0, std::memory_order_relaxed);
    round_.store(round + 1, std::memory_order_release);
    return;
  }
  // Few processors: who spins must let the others come.
  for (int spins = 0; round_.load(std::memory_order_acquire) == round; ++spins) {
    if (spins > 200) std::this_thread::yield();
  }
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* directory = ::opendir("/proc/self/fd");
  if (directory == nullptr) return 0;
  while (const dirent* entry = ::readdir(directory)) count += entry->d_name[0] != '.' ? 1 : 0;
  ::closedir(directory);
  return count - 1;  // the directory's own
}

std::size_t raise_descriptor_limit() {
  rlimit limit = {};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

descriptor_limit::descriptor_limit(unsigned more) {
  ::getrlimit(RLIMIT_NOFILE, &before_);
  // The limit is on numbers, and the lowest free one is taken each time: fill gaps by asking for one number after
  // another.
  std::vector<int> taken;
  for (unsigned i = 0; i <= more; ++i) taken.push_back(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0));
  const rlimit limit{static_cast<rlim_t>(taken.back()), before_.rlim_max};
  for (const int descriptor : taken) ::close(descriptor);
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
}

void descriptor_limit::lift() {
  if (!std::exchange(active_, false)) return;
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before_), 0);
}

descriptor_pair descriptor_pair::pipe() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
  return {ends[0], ends[1]};
}

descriptor_pair descriptor_pair::sockets() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  return {ends[0], ends[1]};
}

descriptor_pair::~descriptor_pair() {
  close_first();
  close_second();
}
void descriptor_pair::close_first() {
  if (first >= 0) ::close(std::exchange(first, -1));
}
void descriptor_pair::close_second() {
  if (second >= 0) ::close(std::exchange(second, -1));
}

bool write_byte(int descriptor) { return ::write(descriptor, "x", 1) == 1; }

std::size_t read_all(int descriptor) {
  char buffer[4096];
  std::size_t total = 0;
  for (;;) {
    const auto got = ::read(descriptor, buffer, sizeof buffer);
    if (got <= 0) return total;
    total += static_cast<std::size_t>(got);
  }
}

bool foreign_signal(chime::native_handle handle, world::kind kind) {
  const std::uint64_t one = 1;
  const std::size_t size = kind == world::kind::native_pipe ? 1 : sizeof one;
  return ::write(static_cast<int>(handle), &one, size) == static_cast<ssize_t>(size);
}

bool is_readable(chime::native_handle handle) {
  pollfd wanted{static_cast<int>(handle), POLLIN, 0};
  return ::poll(&wanted, 1, 0) == 1 && (wanted.revents & POLLIN) != 0;
}

}  // namespace conformance
