// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Timers, watches and posts, and the sockets that are watched.
#include <cerrno>

#include "world.hpp"

namespace chime::simulation {

void world::submit_operation() {
  operation_use& o = operations_[one_of(operations_.size())];
  if (o.wait.flying || o.calls != 0) return;
  if (one_of(4) == 0) o.op.emplace();  // another one in the same memory
  o.is = static_cast<operation_use::kind>(one_of(3));
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
      o.wait.begin(kernel::for_ever, 0);
      return loop_.submit(*o.op, done, handle, one_of(2) == 0 ? interest::readable : interest::writable);
    }
    case operation_use::kind::post:
      s_.note(step::post_submitted, o.id);
      o.wait.begin(kernel::for_ever, 0);
      return loop_.submit(*o.op, done);
  }
}

void world::cancel_operation(operation_use& o) {
  const bool flew = o.wait.flying;
  const bool stands = o.wait.must_cancel || o.kernel_said.has_value() || s_.os.now_ns() >= o.wait.due_ns;
  const bool was_allowed = o.wait.may_cancel;
  o.wait.may_cancel = true;
  ++o.calls;
  const std::uint64_t acts = acts_;
  const bool won = loop_.cancel(*o.op);
  --o.calls;
  o.wait.may_cancel = was_allowed;
  s_.note(won ? step::operation_cancel_won : step::operation_cancel_lost, o.id);
  const bool timer = o.is == operation_use::kind::timer;
  require(!won || (flew && !o.wait.must_cancel && (timer || !stands)), "a cancel wins twice, or against an outcome",
          o.id);
  require(won || !flew || stands || was_allowed || acts_ != acts, "a cancel does not find an operation in flight",
          o.id);
  if (won) o.wait.must_cancel = true;
}

void world::completed(operation_use& o, completion&& done) {
  ++acts_;
  ++completions_;
  require(polling_ && s_.thread() == 0, "a completion runs outside of a poll", o.id);
  require(o.wait.flying, "an operation completes twice", o.id);
  require(!done.ev, "an operation's completion has an event", o.id);
  const wait_account& w = o.wait;
  if (done.error == errc::cancelled) {
    s_.note(step::operation_cancelled, o.id);
    require(w.must_cancel || w.may_cancel, "an operation is cancelled by nobody", o.id);
  } else {
    s_.note(done.error ? step::operation_failed : step::operation_succeeded, o.id, done.error.value());
    require(!w.must_cancel, "an operation completes after its cancel has won", o.id);
    if (o.is == operation_use::kind::watch) {
      require(o.kernel_said.has_value(), "a watch completes before its handle was ready", o.id);
      require(done.error.value() == -*o.kernel_said, "a watch tells another error than the kernel", o.id,
              done.error.value());
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

void world::change_socket() {
  const int socket = sockets_[one_of(sockets_.size())];
  s_.note(step::socket_changed, socket);
  s_.os.set_socket(socket, one_of(2) == 0, one_of(2) == 0);
}

void world::replace_socket() {
  int& socket = sockets_[one_of(sockets_.size())];
  s_.note(step::socket_replaced, socket);
  replace_number(socket);
}

/// Closed under whoever watches it, and the number is used again: a watch of the file goes on, until it is cancelled.
void world::replace_number(int& socket) {
  if (s_.os.close(socket) != 0) require(false, "a socket was closed by the product", socket);
  socket = s_.os.make_socket();
}

}  // namespace chime::simulation
