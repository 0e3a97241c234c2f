// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A small coroutine type, and two ways to start coroutines of any type: enough to begin with. Who has a task type already
/// keeps it, and awaits what coro.hpp offers.
///
///     chime::task<int> answer(chime::event& ev) {
///       (void)co_await chime::async_wait(ev);
///       co_return 42;
///     }
///     int got = chime::run(loop, answer(ev));
///
/// Each coroutine's frame is one allocation, by operator new, unless the compiler saves it. Coroutines call and return by
/// symmetric transfer (which compilers promise when they optimise), so that loops of awaits do not grow the stack.
/// System calls: those of what is awaited; run() polls, and spawn() wakes a loop that sleeps.
/// Without exceptions (-fno-exceptions) everything works; what throws nevertheless ends the program.
#pragma once

#include <chime/coro.hpp>

#include <concepts>
#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace chime {
inline namespace CHIME_ABI {

template <class T = void>
class task;

namespace detail {

/// Stops the program.
[[noreturn]] CHIME_API void tell_of_no_task() noexcept;

struct task_promise_base {
  struct final_awaiter {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
      return ended.promise().continuation;
    }
    void await_resume() const noexcept {}
  };

  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] final_awaiter final_suspend() const noexcept { return {}; }
  // The same with and without exceptions, which both may be in one program: the linker takes one of the two.
  void unhandled_exception() noexcept { thrown = std::current_exception(); }
  void rethrow() const {
    if (thrown) std::rethrow_exception(thrown);
  }

  std::coroutine_handle<> continuation;
  std::exception_ptr thrown;
};

template <class T>
struct task_promise : task_promise_base {
  // A reference is kept as a pointer.
  using kept = std::conditional_t<std::is_reference_v<T>, std::add_pointer_t<T>, std::remove_const_t<T>>;

  [[nodiscard]] task<T> get_return_object() noexcept;
  template <class U = T>
    requires std::convertible_to<U&&, T>
  void return_value(U&& result) {
    if constexpr (std::is_reference_v<T>) {
      T reference = std::forward<U>(result);
      value.emplace(std::addressof(reference));
    } else {
      value.emplace(std::forward<U>(result));
    }
  }
  [[nodiscard]] T take() {
    rethrow();
    if constexpr (std::is_reference_v<T>) {
      return static_cast<T>(**value);
    } else {
      return std::move(*value);
    }
  }

  std::optional<kept> value;
};

template <>
struct task_promise<void> : task_promise_base {
  [[nodiscard]] task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() const { rethrow(); }
};

/// Starts a task; the awaiting coroutine goes on where it ends.
template <class Promise>
struct task_starter {
  std::coroutine_handle<Promise> frame;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) const noexcept {
    if (!frame || frame.done()) [[unlikely]]
      tell_of_no_task();
    frame.promise().continuation = caller;
    return frame;
  }
};

template <class Awaitable>
decltype(auto) get_awaiter(Awaitable&& a) {
  if constexpr (requires { std::forward<Awaitable>(a).operator co_await(); }) {
    return std::forward<Awaitable>(a).operator co_await();
  } else if constexpr (requires { operator co_await(std::forward<Awaitable>(a)); }) {
    return operator co_await(std::forward<Awaitable>(a));
  } else {
    return std::forward<Awaitable>(a);
  }
}
/// What co_await gives.
template <class Awaitable>
using awaited_t = decltype(get_awaiter(std::declval<Awaitable>()).await_resume());

}  // namespace detail

/// A coroutine that has not begun: it begins when it is awaited, run or spawned, and that can be done once. Whoever awaits it
/// gets its value, or the exception that it threw. Awaited after its end, or after it was moved away, it stops the program.
/// Owned like any object: destroying it destroys the coroutine, wherever that has got to (if it waits, see coro.hpp). T: void,
/// a reference, or movable.
template <class T>
class [[nodiscard]] task {
 public:
  using promise_type = detail::task_promise<T>;  ///< for the compiler

  /// Takes the coroutine; the other has none then, and is not to be awaited.
  task(task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  /// The same, after what this one held was destroyed.
  task& operator=(task&& other) noexcept {
    if (this != &other) {
      destroy();
      frame_ = std::exchange(other.frame_, nullptr);
    }
    return *this;
  }
  ~task() { destroy(); }

  /// Starts the coroutine; the awaiting one goes on where it ends.
  [[nodiscard]] auto operator co_await() && noexcept {
    struct awaiter : detail::task_starter<promise_type> {
      [[nodiscard]] T await_resume() const { return this->frame.promise().take(); }
    };
    return awaiter{{frame_}};
  }

  /// The same without its value or exception, which stay in the task: for those who must do something first.
  [[nodiscard]] auto when_ended() & noexcept {
    struct awaiter : detail::task_starter<promise_type> {
      void await_resume() const noexcept {}
    };
    return awaiter{{frame_}};
  }
  /// What co_await would give, after the end.
  [[nodiscard]] T get() && { return frame_.promise().take(); }

 private:
  friend promise_type;
  explicit task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
  void destroy() noexcept {
    if (frame_) std::exchange(frame_, nullptr).destroy();
  }

  std::coroutine_handle<promise_type> frame_;
};

namespace detail {

template <class T>
task<T> task_promise<T>::get_return_object() noexcept {
  return task<T>{std::coroutine_handle<task_promise>::from_promise(*this)};
}
inline task<void> task_promise<void>::get_return_object() noexcept {
  return task<void>{std::coroutine_handle<task_promise>::from_promise(*this)};
}

/// A coroutine that runs at once and owns itself.
struct detached {
  struct promise_type {
    [[nodiscard]] detached get_return_object() const noexcept { return {}; }
    [[nodiscard]] std::suspend_never initial_suspend() const noexcept { return {}; }
    [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };
};

template <class T>
constexpr bool is_task = false;
template <class T>
constexpr bool is_task<task<T>> = true;

/// A task is itself; anything else gets one around it.
template <class Awaitable>
auto as_task(Awaitable& awaitable) {
  if constexpr (is_task<Awaitable>) {
    return std::move(awaitable);
  } else {
    return [](Awaitable& a) -> task<awaited_t<Awaitable>> { co_return co_await std::move(a); }(awaitable);
  }
}

/// Ends on the loop, wherever the work has ended.
template <class T>
detached run_to_end(proactor& loop, task<T>& work, bool& done) {
  co_await work.when_ended();
  (void)co_await resume_on(loop);
  done = true;
}

/// Polls. Stops the program if that fails.
CHIME_API void poll_until(proactor& loop, const bool& done) noexcept;

template <class Awaitable>
detached start_on(proactor& loop, Awaitable awaitable) {
  (void)co_await next_turn_of(loop);
  (void)co_await std::move(awaitable);
}
template <class Awaitable>
  requires std::is_void_v<awaited_t<Awaitable>>
detached start_on(proactor& loop, Awaitable awaitable) {
  (void)co_await next_turn_of(loop);
  co_await std::move(awaitable);
}

}  // namespace detail

/// Awaits what it is given (a task, or anything else that can be awaited), beginning at once, and polls the loop on this
/// thread until that has ended, wherever it ends. Gives its value, or throws what it threw. Other completions of the loop
/// run meanwhile. Allocates one frame; another one for what is no task. Stops the program if the loop cannot be polled here (not
/// open, another thread's, a guest, inside a completion), and says why.
template <class Awaitable>
auto run(proactor& loop, Awaitable&& awaitable) -> detail::awaited_t<std::remove_cvref_t<Awaitable>> {
  auto work = detail::as_task(awaitable);
  bool done = false;
  detail::run_to_end(loop, work, done);
  detail::poll_until(loop, done);
  return std::move(work).get();
}

/// Awaits what it is given, beginning in a poll of the loop, and forgets about it: it owns itself, what it gives is dropped,
/// and an exception ends the program. Any thread. Allocates one frame. Whatever has not ended when the loop is to be closed
/// makes close() say "busy" as long as it waits for the loop, so let it end (by a stop token, say); what waits for something
/// else for ever is never freed.
template <class Awaitable>
void spawn(proactor& loop, Awaitable&& awaitable) {
  detail::start_on<std::remove_cvref_t<Awaitable>>(loop, std::forward<Awaitable>(awaitable));
}

}  // namespace CHIME_ABI
}  // namespace chime
