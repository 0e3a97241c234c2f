// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The public face of the loop: opening, closing, and submitting operations from any thread.
#include "chime/proactor.hpp"

#include <cerrno>
#include <limits>
#include <new>

#include "error/system.hpp"
#include "memory/allocator.hpp"
#include "proactor/loop.hpp"
#include "sync/misuse.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace {

using detail::loop;
using detail::misuse;
using detail::operation_state;
using detail::phase;

void destroy(loop* l) noexcept {
  const allocator memory = l->memory;
  detail::dispose(memory, l);
}

[[nodiscard]] std::error_code set_up(loop& l, const proactor_options& options) noexcept {
  if (const int failed = l.in.bell.open(); failed != 0) return detail::system_error(failed);
  l.batch = options.batch;
  l.guest = options.guest;
  l.spinning = detail::spin_policy(options.spin);
  return detail::choose_backend(l, options.backend);
}

[[nodiscard]] loop& opened(loop* l) noexcept {
  if (l == nullptr) misuse("a proactor that is not open was used; open it first");
  return *l;
}

[[nodiscard]] operation_state& state_of(unsigned char* storage) noexcept {
  return *std::launder(reinterpret_cast<operation_state*>(storage));
}

/// What an operation waits for.
struct wish {
  detail::request wanted;
  int handle = -1;
  drain policy = drain::nothing;
  std::uint64_t into = 0;  ///< the address of a signalfd_siginfo
};

void submit_operation(loop& l, operation_state& op, callback done, time_point due, const wish& what) noexcept {
  if (op.in_flight()) misuse("an operation was submitted while it is in flight");
  op.function.set(reinterpret_cast<void (*)()>(done.target()));
  op.context.set(done.context());
  op.deadline.set(due);
  op.work.handle = what.handle;
  op.work.wanted = what.wanted;
  op.work.policy = what.policy;
  op.taken = what.into;
  op.owner = &l;
  op.word.restart();
  // Relaxed: close() compares it with what finished, after the caller has made sure that nobody submits any more.
  l.submitted.fetch_add(1, std::memory_order_relaxed);
  l.check_process();  // what it reads lies on the line that was fetched just now
  // Always by the queue: every kind needs the loop's hand. A fresh word never refuses, and nobody else can reach it
  // yet.
  if (op.word.submit(phase::queued) != detail::submit_effect::push)
    misuse("an operation was submitted by two threads at once");
  l.in.post(op);
}

/// A handle that is no int names no descriptor; -1 is told as such by every backend.
[[nodiscard]] int descriptor_of(native_handle handle) noexcept {
  const bool may_be_descriptor = handle >= 0 && handle <= std::numeric_limits<int>::max();
  return may_be_descriptor ? static_cast<int>(handle) : -1;
}

}  // namespace

void detail::submit_post(loop& l, operation_state& op, callback done) noexcept {
  submit_operation(l, op, done, never, {.wanted = request::post});
}

operation::operation() noexcept { new (storage_) operation_state; }

operation::~operation() {
  operation_state& op = state_of(storage_);
  if (op.in_flight()) misuse("an operation was destroyed while it is in flight; cancel it and poll until it completes");
  op.~operation_state();
}

std::uint64_t operation::drained() const noexcept {
  const auto& op = *std::launder(reinterpret_cast<const operation_state*>(storage_));
  return op.in_flight() ? 0 : op.taken;
}

proactor::proactor() noexcept = default;

proactor::~proactor() {
  if (loop_ == nullptr) return;
  if (const auto closed = close(); !closed) {
    if (closed.error() == fault::pools_open) misuse("a proactor was destroyed with pools open");
    if (closed.error() == fault::polling) misuse("a proactor was destroyed from inside a completion");
    misuse("a proactor was destroyed with operations in flight");
  }
}

result<void> proactor::open(const proactor_options& options) noexcept {
  if (loop_ != nullptr) return std::unexpected(make_error_code(fault::loop_already_open));
  if (options.batch == 0) return std::unexpected(make_error_code(fault::batch_zero));
  if (const int failed = detail::follow_forks(); failed != 0) return std::unexpected(detail::system_error(failed));
  const result<allocator> memory = detail::checked(options.memory);
  if (!memory) return std::unexpected(memory.error());
  auto* made = detail::make<loop>(*memory);
  if (made == nullptr) return std::unexpected(detail::system_error(ENOMEM));
  made->memory = *memory;
  if (const std::error_code failed = set_up(*made, options)) {
    destroy(made);
    return std::unexpected(failed);
  }
  loop_ = made;
  return {};
}

result<void> proactor::close() noexcept {
  if (loop_ == nullptr) return std::unexpected(make_error_code(fault::loop_closed));
  loop_->check_process();
  if (const std::error_code busy = loop_->in_use()) return std::unexpected(busy);
  loop_->settle();
  destroy(std::exchange(loop_, nullptr));
  return {};
}

result<std::size_t> proactor::poll(std::chrono::nanoseconds timeout) noexcept {
  if (loop_ == nullptr) return std::unexpected(make_error_code(fault::loop_closed));
  return loop_->poll(timeout);
}

result<void> proactor::run() noexcept {
  if (loop_ == nullptr) return std::unexpected(make_error_code(fault::loop_closed));
  return loop_->run();
}

result<time_point> proactor::guest_poll() noexcept {
  if (loop_ == nullptr) return std::unexpected(make_error_code(fault::loop_closed));
  return loop_->guest_poll();
}

native_handle proactor::handle() const noexcept {
  return loop_ == nullptr || !loop_->guest ? -1 : loop_->kernel->handle();
}

void proactor::stop() noexcept {
  // Release: pairs with the acquire in run(): what was written before stop() is seen after run().
  opened(loop_).stopping.store(true, std::memory_order_release);
  loop_->in.wake();
}

void proactor::wake() noexcept { opened(loop_).in.wake(); }

void proactor::submit(operation& op, callback done) noexcept {
  submit_operation(opened(loop_), state_of(op.storage_), done, never, {detail::request::post});
}

void proactor::submit(operation& op, callback done, time_point due) noexcept {
  submit_operation(opened(loop_), state_of(op.storage_), done, due, {detail::request::timer});
}

void proactor::submit(operation& op, callback done, native_handle handle, interest wanted,
                      time_point deadline) noexcept {
  const auto request = wanted == interest::writable ? detail::request::writable : detail::request::readable;
  submit_operation(opened(loop_), state_of(op.storage_), done, deadline, {request, descriptor_of(handle)});
}

void proactor::submit(operation& op, callback done, native_handle handle, drain policy, time_point deadline) noexcept {
  // A fence of the kernel's that has signalled need not have a file any more.
  const bool is_over = policy == drain::fence && handle == -1;
  const auto request = is_over ? detail::request::post : detail::request::readable;
  submit_operation(opened(loop_), state_of(op.storage_), done, deadline, {request, descriptor_of(handle), policy});
}

void proactor::submit(operation& op, callback done, native_handle handle, ::signalfd_siginfo& into,
                      time_point deadline) noexcept {
  submit_operation(
      opened(loop_), state_of(op.storage_), done, deadline,
      {detail::request::readable, descriptor_of(handle), drain::signalfd, reinterpret_cast<std::uintptr_t>(&into)});
}

bool proactor::cancel(operation& op) noexcept {
  operation_state& state = state_of(op.storage_);
  switch (state.word.cancel(0)) {
    case detail::cancel_effect::none:
      return false;
    case detail::cancel_effect::kept:
      return true;
    case detail::cancel_effect::push:
      state.owner->in.post(state);
      return true;
  }
  return false;
}

std::string_view proactor::backend() const noexcept {
  return loop_ == nullptr ? std::string_view{} : loop_->kernel->name();
}

std::string_view proactor::backend_choice() const noexcept {
  return loop_ == nullptr ? std::string_view{} : std::string_view{loop_->choice.data()};
}

proactor_stats proactor::stats() const noexcept {
  if (loop_ == nullptr) return {};
  // Relaxed: statistics order nothing.
  return {loop_->completions.load(std::memory_order_relaxed), loop_->sleeps.load(std::memory_order_relaxed),
          loop_->wakeups.load(std::memory_order_relaxed), loop_->looks.load(std::memory_order_relaxed)};
}

}  // namespace CHIME_ABI
}  // namespace chime
