// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The simulated backend: everything that src/backend/backend.hpp allows a backend to do, at random. It stands in the
/// product's table of backends in the place of io_uring, which cannot run on a simulated kernel. (Those of epoll and poll can:
/// readiness_calls.hpp.)
#include "backend/backend.hpp"

#include <algorithm>
#include <cerrno>
#include <new>
#include <vector>

#include "error/system.hpp"
#include "simulation.hpp"

namespace chime::simulation {
namespace {

using detail::backend_kind;
using detail::backend_setup;
using detail::backend_storage;
using detail::backend_text;
using detail::drain_work;
using detail::kernel_work;
using detail::request;

class simulated_backend final : public detail::backend, private sleeper {
 public:
  simulated_backend(simulation& of, const backend_setup& setup) noexcept
      : of_(of), sink_(*setup.sink), bell_(of.os.file_of(setup.bell)), handle_(setup.guest ? setup.bell : -1) {
    of_.os.told = this;
  }
  ~simulated_backend() override {
    of_.require(items_.empty(), "the loop closed its backend with work in it",
                static_cast<std::int64_t>(items_.size()));
    of_.os.told = nullptr;
  }

  [[nodiscard]] std::string_view name() const noexcept override { return "io_uring"; }
  [[nodiscard]] std::error_code bind() noexcept override { return {}; }
  [[nodiscard]] bool looks_cheaply() const noexcept override { return of_.how.looks_cheaply; }
  [[nodiscard]] int handle() const noexcept override { return handle_; }
  [[nodiscard]] int start(kernel_work& work) noexcept override;
  [[nodiscard]] bool stop(kernel_work& work) noexcept override;
  [[nodiscard]] std::error_code wait(std::int64_t timeout_ns) noexcept override;

 private:
  struct item {
    kernel_work* work;
    int file;  ///< -1: the number was not open
    bool over = false;
    bool stopping = false;
    int result = 0;
    std::int64_t told_ns = 0;  ///< not told before
  };

  void changed(int file) noexcept override;
  [[nodiscard]] bool has_news() noexcept override;
  [[nodiscard]] std::int64_t next_news_ns() const noexcept override;

  [[nodiscard]] bool is_ready(const item& i) const noexcept {
    return i.file < 0 || of_.os.is_ready(i.file, i.work->wanted);
  }
  [[nodiscard]] item* find(const kernel_work& work) noexcept;
  [[nodiscard]] std::int64_t later() noexcept { return of_.os.now_ns() + of_.random.between(0, of_.how.delay_ns); }
  [[nodiscard]] int refusal(const kernel_work& work, int file) noexcept;
  void serve(item& i) noexcept;
  [[nodiscard]] int result_of(item& i) noexcept;
  void make_room() noexcept;
  void report(std::size_t place) noexcept;
  [[nodiscard]] bool report_some() noexcept;

  simulation& of_;
  detail::kernel_sink& sink_;
  int bell_;
  int handle_;
  std::uint64_t rings_seen_ = 0;
  std::vector<item> items_;
};
static_assert(sizeof(simulated_backend) <= sizeof(backend_storage));

auto simulated_backend::find(const kernel_work& work) noexcept -> item* {
  const auto found = std::ranges::find(items_, &work, &item::work);
  return found == items_.end() ? nullptr : &*found;
}

/// Why work cannot be started now; 0: it can.
int simulated_backend::refusal(const kernel_work& work, int file) noexcept {
  if (file < 0 && of_.random.below(2) == 0) return -EBADF;  // else it is told later
  if (!of_.goes_wrong(of_.how.refused, step::refused)) return 0;
  constexpr int errors[] = {ENOMEM, ENOSPC, EMFILE};
  return -errors[of_.random.below(work.wanted == request::drain ? 2 : 3)];
}

int simulated_backend::start(kernel_work& work) noexcept {
  of_.let_others_act();
  of_.require(find(work) == nullptr, "work is started twice");
  if (of_.goes_wrong(of_.how.within_call, step::within_call)) make_room();
  if (of_.goes_wrong(of_.how.no_room, step::no_room)) return -EAGAIN;
  const int file = of_.os.file_of(work.handle);
  if (const int refused = refusal(work, file); refused != 0) {
    of_.runs->kernel_said(work, refused);
    return refused;
  }
  if (file >= 0 && work.wanted != request::drain && of_.os.is_ready(file, work.wanted) &&
      of_.goes_wrong(of_.how.ready_at_once, step::ready_at_once)) {
    of_.runs->kernel_said(work, 0);
    return 1;
  }
  of_.note(step::work_started, work.handle, static_cast<std::int64_t>(work.wanted));
  items_.push_back({&work, file});
  if (of_.how.reads_at_once) serve(items_.back());
  of_.let_others_act();
  return 0;
}

/// The kernel's part of work whose handle may be ready.
void simulated_backend::serve(item& i) noexcept {
  if (i.over || !is_ready(i)) return;
  i.over = true;
  if (i.stopping) of_.note(step::late_stop_overtaken);
  i.result = result_of(i);
  if (i.result == -EAGAIN) {
    i.over = false;
    return;
  }
  i.told_ns = later();
}

int simulated_backend::result_of(item& i) noexcept {
  if (i.file < 0) return -EBADF;
  if (of_.goes_wrong(of_.how.failed_result, step::failed_result)) return -EIO;
  if (i.work->wanted != request::drain) return 0;
  auto& buffer = static_cast<drain_work*>(i.work)->buffer;
  // By the file and not by the number: a read that is under way does not see who has the number now.
  return static_cast<int>(of_.os.read_file(i.file, &buffer, sizeof buffer));
}

bool simulated_backend::stop(kernel_work& work) noexcept {
  of_.let_others_act();
  if (of_.goes_wrong(of_.how.within_call, step::within_call)) make_room();
  item* i = find(work);
  // What was told just now is on its way back to the loop.
  if (i == nullptr) return false;
  of_.require(!i->stopping, "work is stopped twice");
  if (!i->over && !of_.goes_wrong(of_.how.late_stop, step::late_stop)) {
    *i = items_.back();
    items_.pop_back();
    return true;
  }
  i->stopping = true;
  // The cancellation takes time, in which the work may still get what it waited for.
  if (!i->over) i->told_ns = later();
  return false;
}

void simulated_backend::changed(int file) noexcept {
  if (!of_.how.reads_at_once) return;
  for (item& i : items_) {
    if (i.file == file) serve(i);
  }
}

bool simulated_backend::has_news() noexcept {
  if (of_.os.content(bell_) != rings_seen_) return true;
  const std::int64_t now = of_.os.now_ns();
  return std::ranges::any_of(items_, [&](const item& i) {
    return i.over || i.stopping ? i.told_ns <= now : !of_.how.reads_at_once && is_ready(i);
  });
}

std::int64_t simulated_backend::next_news_ns() const noexcept {
  std::int64_t next = kernel::for_ever;
  for (const item& i : items_) {
    if (i.over || i.stopping) next = std::min(next, i.told_ns);
  }
  return next;
}

/// A full completion queue is emptied before anything new is taken.
void simulated_backend::make_room() noexcept {
  const std::int64_t now = of_.os.now_ns();
  for (std::size_t i = items_.size(); i-- > 0;) {
    if (items_[i].over && items_[i].told_ns <= now) report(i);
  }
}

void simulated_backend::report(std::size_t place) noexcept {
  const item i = items_[place];
  items_[place] = items_.back();
  items_.pop_back();
  const int result = i.over ? i.result : -ECANCELED;
  of_.note(step::work_finished, i.work->handle, result);
  if (result != -ECANCELED) of_.runs->kernel_said(*i.work, result);
  sink_.finished(*i.work, result);
}

/// In whatever order, and perhaps not all.
bool simulated_backend::report_some() noexcept {
  if (!of_.how.reads_at_once) {
    for (item& i : items_) {
      serve(i);
      if (i.over && i.told_ns > of_.os.now_ns() && of_.random.below(2) == 0) i.told_ns = of_.os.now_ns();
    }
  }
  std::vector<kernel_work*> told;
  for (const item& i : items_) {
    if ((i.over || i.stopping) && i.told_ns <= of_.os.now_ns()) told.push_back(i.work);
  }
  if (told.size() > 1) {
    if (of_.how.reorders) {
      of_.note(step::reordered, static_cast<std::int64_t>(told.size()));
      for (std::size_t k = told.size() - 1; k > 0; --k) {
        std::swap(told[k], told[of_.random.below(static_cast<std::uint32_t>(k) + 1)]);
      }
    }
    if (of_.goes_wrong(of_.how.short_batch, step::short_batch)) {
      told.resize(1 + of_.random.below(static_cast<std::uint32_t>(told.size()) - 1));
    }
  }
  for (const kernel_work* work : told) report(static_cast<std::size_t>(find(*work) - items_.data()));
  return !told.empty();
}

std::error_code simulated_backend::wait(std::int64_t timeout_ns) noexcept {
  of_.let_others_act();
  if (of_.goes_wrong(of_.how.wait_fails, step::wait_failed)) return detail::system_error(ENOMEM);
  if (of_.goes_wrong(of_.how.early_return, step::early_return)) return {};
  if (!report_some() && timeout_ns != 0) {
    (void)of_.os.sleep(*this, timeout_ns);
    (void)report_some();
  }
  rings_seen_ = of_.os.content(bell_);  // edge-triggered
  return {};
}

detail::backend* make(backend_storage& storage, const backend_setup& setup, std::error_code& error,
                      backend_text& text) noexcept {
  simulation& of = simulation::current();
  if (!setup.options.empty()) {
    error = make_error_code(fault::unknown_backend_option);
    return nullptr;
  }
  if (of.goes_wrong(of.how.no_descriptors, step::backend_missing)) {
    const int failed = of.random.below(2) == 0 ? ENOSYS : EMFILE;
    error = detail::system_error(failed);
    detail::describe(text, "simulated", failed);
    return nullptr;
  }
  return new (storage.bytes.data()) simulated_backend(of, setup);
}

}  // namespace
}  // namespace chime::simulation

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

const backend_kind io_uring_backend{"io_uring", simulation::make};

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
