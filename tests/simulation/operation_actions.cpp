// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Timers, watches and posts, and the sockets that are watched.
#include <cerrno>
#include <utility>

#include "world.hpp"

namespace chime::simulation {

void world::submit_operation() {
  operation_use& o = operations_[one_of(operations_.size())];
  if (o.wait.flying || o.calls != 0) return;
  if (one_of(4) == 0) o.op.emplace();  // another one in the same memory
  o.is = static_cast<operation_use::kind>(one_of(4));
  o.kernel_said.reset();
  const callback done(
      [](void* use, completion&& c) {
        static_cast<world*>(simulation::current().runs)->completed(*static_cast<operation_use*>(use), std::move(c));
      },
      &o);
  switch (o.is) {
    case operation_use::kind::timer: {
      const std::int64_t due = s_.os.now_ns() + s_.random.between(-1'000, 5'000'000);
      s_.note(step::timer_submitted, o.id, due);
      o.wait.begin(due, 0);
      return loop_.submit(*o.op, done, at(due));
    }
    case operation_use::kind::watch: {
      // A number that names nothing is told, not trusted.
      const int handle = one_of(16) == 0 ? (one_of(2) == 0 ? -1 : 199'999) : sockets_[one_of(sockets_.size())];
      s_.note(step::watch_submitted, o.id, handle);
      o.wait.begin(kernel::for_ever, errors());
      o.handle = handle;
      o.wanted = one_of(2) == 0 ? interest::readable : interest::writable;
      o.was_ready = is_ready(o);
      o.replaced = false;
      return loop_.submit(*o.op, done, handle, o.wanted);
    }
    case operation_use::kind::drain:
      return submit_drain(o, done);
    case operation_use::kind::post:
      s_.note(step::post_submitted, o.id);
      o.wait.begin(kernel::for_ever, 0);
      return loop_.submit(*o.op, done);
  }
}

void world::cancel_operation(operation_use& o) {
  const bool flew = o.wait.flying;
  // Without the kernel's word: it may have told the loop by now.
  const bool may_be_told = o.was_ready || s_.os.file_of(o.handle) < 0 || errors() != o.wait.kernel_errors;
  const bool is_drain = o.is == operation_use::kind::drain;
  const bool asks_kernel = o.is == operation_use::kind::watch || is_drain;
  const bool told = kernel_tells_ ? o.kernel_said.has_value() : asks_kernel && may_be_told;
  const bool stands = o.wait.must_cancel || told || s_.os.now_ns() >= o.wait.due_ns;
  const bool was_allowed = o.wait.may_cancel;
  o.wait.may_cancel = true;
  ++o.calls;
  const std::uint64_t acts = acts_;
  const bool won = loop_.cancel(*o.op);
  --o.calls;
  o.wait.may_cancel = was_allowed;
  s_.note(won ? step::operation_cancel_won : step::operation_cancel_lost, o.id);
  const bool timer = o.is == operation_use::kind::timer;
  require(!won || (flew && !o.wait.must_cancel && (timer || is_drain || !kernel_tells_ || !stands)),
          "a cancel wins twice, or against an outcome", o.id);
  require(won || !flew || stands || was_allowed || acts_ != acts, "a cancel does not find an operation in flight",
          o.id);
  if (won) o.wait.must_cancel = true;
  if (!won && o.wait.flying) o.cancel_came = true;
}

void world::completed(operation_use& o, completion&& done) {
  ++acts_;
  ++completions_;
  require(polling_ && s_.thread() == 0, "a completion runs outside of a poll", o.id);
  require(o.wait.flying, "an operation completes twice", o.id);
  require(!done.ev, "an operation's completion has an event", o.id);
  const wait_account& w = o.wait;
  if (o.is == operation_use::kind::drain) completed_drain(o, done.error);
  if (done.error == errc::cancelled) {
    s_.note(step::operation_cancelled, o.id);
    const bool came_while_read = o.is == operation_use::kind::drain && o.cancel_came;
    require(w.must_cancel || w.may_cancel || came_while_read, "an operation is cancelled by nobody", o.id);
  } else {
    s_.note(done.error ? step::operation_failed : step::operation_succeeded, o.id, done.error.value());
    require(!w.must_cancel, "an operation completes after its cancel has won", o.id);
    if (o.is == operation_use::kind::drain) {
      // completed_drain() has looked at it.
    } else if (o.is == operation_use::kind::watch) {
      check_watch(o, done.error.value());
    } else {
      require(!done.error, "a timer or post fails", o.id, done.error.value());
      require(o.is == operation_use::kind::post || s_.os.now_ns() >= w.due_ns, "a timer fires early", o.id,
              w.due_ns - s_.os.now_ns());
    }
  }
  o.wait.flying = false;
  if (s_.calm) return;
  if (one_of(4) == 0 && o.calls == 0) o.op.reset(), o.op.emplace();  // its memory is ours again
  if (s_.random.chance(s_.how.callbacks)) act();
}

void world::check_watch(const operation_use& o, int error) const {
  if (kernel_tells_) {
    require(o.kernel_said.has_value(), "a watch completes before its handle was ready", o.id);
    return require(error == -*o.kernel_said, "a watch tells another error than the kernel", o.id, error);
  }
  if (error == 0) return require(o.was_ready, "a watch completes although its handle was never ready", o.id);
  const bool is_open = s_.os.file_of(o.handle) >= 0;
  require(error == EBADF ? !is_open : errors() != o.wait.kernel_errors, "a watch fails without cause", o.id, error);
}

/// Now, and under the number that it was submitted with.
bool world::is_ready(const operation_use& o) const {
  const int file = s_.os.file_of(o.handle);
  return file >= 0 &&
         s_.os.is_ready(file, o.wanted == interest::readable ? detail::request::readable : detail::request::writable);
}

void world::change_socket() {
  const int socket = sockets_[one_of(sockets_.size())];
  if (socket < 0) return;
  s_.note(step::socket_changed, socket);
  set_socket(socket, one_of(2) == 0, one_of(2) == 0);
}

void world::set_socket(int socket, bool readable, bool writable) {
  s_.os.set_socket(socket, readable, writable);
  for (operation_use& o : operations_) {
    if (o.handle == socket) o.was_ready = o.was_ready || is_ready(o);
  }
}

/// Closed, and its number is used again.
void world::replace_socket() {
  int& socket = sockets_[one_of(sockets_.size())];
  // The rule is to cancel first. The simulated backend can be asked for what happens if it is not kept: a watch that was
  // started goes on with its file; one that was not gets what has the number then.
  for (operation_use& o : operations_) {
    if (o.handle != socket || !o.wait.flying) continue;
    if (!kernel_tells_ && !o.wait.must_cancel) return;
    o.replaced = true;
  }
  s_.note(step::socket_replaced, socket);
  const int old = std::exchange(socket, -1);  // nobody begins to watch it meanwhile
  require(old < 0 || s_.os.close(old) == 0, "a socket was closed by the product", old);
  const int made = s_.os.make_socket();
  if (socket < 0) {
    socket = made;
  } else {
    require(s_.os.close(made) == 0, "a socket was closed by the product", made);  // another thread was faster
  }
}

}  // namespace chime::simulation
