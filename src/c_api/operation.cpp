// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Posts, timers and watches: a C++ operation with the C callback beside it.
#include <climits>
#include <new>

#include "c_api/convert.hpp"
#include "c_api/proactor.hpp"
#include "sync/misuse.hpp"

using namespace chime;

namespace {

/// What is in a chime_operation. Zeroed by its owner, and made at its first submit. It is never destroyed: there is
/// nothing in it that would need to be, once it is not in flight.
struct c_operation {
  operation core;
  chime_callback function;  ///< null: never submitted
  void* context;
};
static_assert(sizeof(c_operation) <= sizeof(chime_operation) && alignof(c_operation) <= alignof(chime_operation));

static_assert(CHIME_READABLE == static_cast<int>(interest::readable));
static_assert(CHIME_WRITABLE == static_cast<int>(interest::writable));
static_assert(CHIME_DRAIN_NOTHING == static_cast<int>(drain::nothing));
static_assert(CHIME_DRAIN_EVENTFD == static_cast<int>(drain::eventfd));
static_assert(CHIME_DRAIN_EVENTFD_SEMAPHORE == static_cast<int>(drain::eventfd_semaphore));
static_assert(CHIME_DRAIN_PIPE == static_cast<int>(drain::pipe));
static_assert(CHIME_DRAIN_TIMERFD == static_cast<int>(drain::timerfd));
static_assert(CHIME_DRAIN_SIGNALFD == static_cast<int>(drain::signalfd));
static_assert(CHIME_DRAIN_FENCE == static_cast<int>(drain::fence));

[[nodiscard]] c_operation& content_of(chime_operation* storage) noexcept {
  return *std::launder(reinterpret_cast<c_operation*>(storage));
}

/// Copies what it needs first: the callback may free the operation, or submit it again.
void run_c_callback(void* operation, completion&& done) noexcept {
  const auto& op = *static_cast<const c_operation*>(operation);
  const chime_callback function = op.function;
  function(op.context, c_api::status_of(done.error), nullptr);
}

/// The operation with its callback filled in, and what the loop shall call. If it is in flight it is spoilt by this,
/// which does no harm, since the submit that follows stops the program.
[[nodiscard]] c_operation& prepare(chime_proactor* proactor, chime_operation* storage, chime_callback function,
                                   void* context) noexcept {
  if (proactor == nullptr || storage == nullptr || function == nullptr) {
    detail::misuse("an operation was submitted with a null proactor, operation or callback");
  }
  c_operation& op = content_of(storage);
  if (op.function == nullptr) new (&op.core) operation;
  op.function = function;
  op.context = context;
  return op;
}

/// What cannot be a descriptor must not become one by losing its upper half: a number that no process has open, then.
[[nodiscard]] native_handle descriptor_of(intptr_t handle) noexcept {
  return handle >= 0 && handle <= INT_MAX ? handle : INT_MAX;
}

[[nodiscard]] callback completion_of(c_operation& op) noexcept { return {run_c_callback, &op}; }

}  // namespace

void chime_post(chime_proactor* proactor, chime_operation* operation, chime_callback callback, void* context) {
  c_operation& op = prepare(proactor, operation, callback, context);
  proactor->core.submit(op.core, completion_of(op));
}

void chime_timer(chime_proactor* proactor, chime_operation* operation, int64_t timeout_ns, chime_callback callback,
                 void* context) {
  c_operation& op = prepare(proactor, operation, callback, context);
  proactor->core.submit(op.core, completion_of(op), c_api::deadline_after(timeout_ns));
}

void chime_watch(chime_proactor* proactor, chime_operation* operation, intptr_t handle, unsigned interest,
                 chime_callback callback, void* context) {
  if (interest != CHIME_READABLE && interest != CHIME_WRITABLE) {
    detail::misuse("a watch was submitted for neither CHIME_READABLE nor CHIME_WRITABLE");
  }
  c_operation& op = prepare(proactor, operation, callback, context);
  proactor->core.submit(op.core, completion_of(op), descriptor_of(handle), static_cast<chime::interest>(interest));
}

void chime_drain(chime_proactor* proactor, chime_operation* operation, intptr_t handle, unsigned policy,
                 int64_t timeout_ns, chime_callback callback, void* context) {
  if (policy > CHIME_DRAIN_FENCE) detail::misuse("a handle was submitted with a drain policy that is none");
  c_operation& op = prepare(proactor, operation, callback, context);
  proactor->core.submit(op.core, completion_of(op), handle, static_cast<drain>(policy),
                        c_api::deadline_after(timeout_ns));
}

void chime_drain_signal(chime_proactor* proactor, chime_operation* operation, intptr_t handle, signalfd_siginfo* into,
                        int64_t timeout_ns, chime_callback callback, void* context) {
  if (into == nullptr) detail::misuse("a signalfd was submitted with nowhere to put its signal");
  c_operation& op = prepare(proactor, operation, callback, context);
  proactor->core.submit(op.core, completion_of(op), handle, *into, c_api::deadline_after(timeout_ns));
}

uint64_t chime_drained(const chime_operation* operation) {
  if (operation == nullptr) return 0;
  const c_operation& op = content_of(const_cast<chime_operation*>(operation));
  return op.function == nullptr ? 0 : op.core.drained();
}

bool chime_cancel(chime_proactor* proactor, chime_operation* operation) {
  if (proactor == nullptr || operation == nullptr) return false;
  c_operation& op = content_of(operation);
  return op.function != nullptr && proactor->core.cancel(op.core);
}
