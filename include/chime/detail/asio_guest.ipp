// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The guest of an Asio executor: one text for chime/asio.hpp and chime/boost_asio.hpp, which define, before they include it,
//   CHIME_ASIO_NAMESPACE  the library's namespace
//   CHIME_ASIO_DETAIL     where in chime::detail the parts go; to_host(std::error_code) is there already
//   CHIME_ASIO_GUEST      the name of the class
//   CHIME_ASIO_ERROR      the library's error code
//   CHIME_ASIO_SLOTS      1 if handlers may have a cancellation slot, else 0
// No include guard: it is read once for each library.
//
// Here: a wait with its handler, and the class. What calls guest_poll() is in asio_driver.ipp.

#include <chime/detail/asio_driver.ipp>

namespace chime {
inline namespace CHIME_ABI {
namespace detail {
namespace CHIME_ASIO_DETAIL {

#if CHIME_ASIO_SLOTS
/// What a handler's cancellation slot calls.
struct canceller {
  ticket wait;
  void operator()(host::cancellation_type) const noexcept { (void)wait.cancel(); }
};
/// Whether there is a slot. The wait keeps its event then, so that the ticket stays good until the slot was emptied.
template <class Handler>
[[nodiscard]] bool connect_slot(const Handler& handler, const event& ev) {
  auto slot = host::get_associated_cancellation_slot(handler);
  if (!slot.is_connected()) return false;
  slot.template emplace<canceller>(canceller{ev.get_ticket()});
  return true;
}
template <class Handler>
void disconnect_slot(const Handler& handler) {
  host::get_associated_cancellation_slot(handler).clear();
}
#else
template <class Handler>
[[nodiscard]] bool connect_slot(const Handler&, const event&) {
  return false;
}
template <class Handler>
void disconnect_slot(const Handler&) {}
#endif

/// The work of a handler that runs on the host's executor: none, since the driver keeps that busy.
struct no_work {};

/// Instead of std::allocator: a handler that waits again gets the block that its last wait has given back.
template <class T>
struct recycling {
  using value_type = T;
  static constexpr bool ordinary = alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__;
  [[nodiscard]] T* allocate(std::size_t n) {
    driver* const here = ordinary ? driver::in_turn() : nullptr;
    void* const spare = here != nullptr ? here->take_block(n * sizeof(T)) : nullptr;
    return spare != nullptr ? static_cast<T*>(spare) : std::allocator<T>().allocate(n);
  }
  void deallocate(T* block, std::size_t n) noexcept {
    driver* const here = ordinary ? driver::in_turn() : nullptr;
    if (here == nullptr || !here->keep_block(block, n * sizeof(T))) std::allocator<T>().deallocate(block, n);
  }
};

template <class Handler, class T>
[[nodiscard]] auto memory_of(const Handler& handler) noexcept {
  using associated = typename std::allocator_traits<host::associated_allocator_t<Handler>>::template rebind_alloc<T>;
  if constexpr (std::is_same_v<associated, std::allocator<T>>) {
    return recycling<T>();
  } else {
    return associated(host::get_associated_allocator(handler));
  }
}

template <class Handler, class Work>
struct wait_for : wait {
  wait_for(Handler&& h, Work&& w) : handler(std::move(h)), work(std::move(w)) { finish = &finished; }

  struct free {
    void operator()(wait_for* w) const noexcept {
      auto memory = memory_of<Handler, wait_for>(w->handler);
      w->~wait_for();
      std::allocator_traits<decltype(memory)>::deallocate(memory, w, 1);
    }
  };
  using owner = std::unique_ptr<wait_for, free>;

  [[nodiscard]] static owner make(Handler&& handler, Work&& work) {
    auto memory = memory_of<Handler, wait_for>(handler);
    using allocation = std::allocator_traits<decltype(memory)>;
    wait_for* const space = std::to_address(allocation::allocate(memory, 1));
    try {
      return owner(::new (static_cast<void*>(space)) wait_for(std::move(handler), std::move(work)));
    } catch (...) {  // a handler whose move throws
      allocation::deallocate(memory, space, 1);
      throw;
    }
  }

  /// On the handler's executor. Frees the memory before the handler runs, which may want it for the next wait.
  static void run(owner self) {
    if (self->connected) disconnect_slot(self->handler);
    const host_error error = to_host(self->error);
    Handler handler(std::move(self->handler));
    [[maybe_unused]] const Work until_it_has_run(std::move(self->work));
    self.reset();
    std::move(handler)(error);
  }

  /// What takes a wait to its handler's executor.
  struct delivery {
    using allocator_type = host::associated_allocator_t<Handler>;
    owner what;
    [[nodiscard]] allocator_type get_allocator() const noexcept {
      return host::get_associated_allocator(what->handler);
    }
    void operator()() { run(std::move(what)); }
  };

  static void finished(wait& w) {
    owner self(static_cast<wait_for*>(&w));
    if constexpr (std::is_same_v<Work, no_work>) {
      run(std::move(self));
    } else {
      const Work where = self->work;
      host::dispatch(where, delivery{std::move(self)});
    }
  }

  Handler handler;
  Work work;
  bool connected = false;
};

/// Whether a handler with this executor may be called by whoever runs on the host's.
template <class Executor>
[[nodiscard]] bool is_same(const host::any_io_executor& of_host, const Executor& of_handler) noexcept {
  if constexpr (std::is_same_v<Executor, host::any_io_executor>) {
    return of_host == of_handler;
  } else {
    // target() alone does not look what it finds.
    return of_host.target_type() == typeid(Executor) && *of_host.template target<Executor>() == of_handler;
  }
}

template <class Handler, class Work>
void begin_with(driver& by, Handler&& handler, Work work, event& ev, event* back, time_point deadline) {
  auto made = wait_for<std::decay_t<Handler>, Work>::make(std::move(handler), std::move(work));
  // Until the wait is counted everything may throw; a lent event is still its owner's then.
  made->connected = connect_slot(made->handler, ev);
  try {
    by.add();
  } catch (...) {
    if (made->connected) disconnect_slot(made->handler);
    throw;
  }
  made->by = &by;
  made->back = back == nullptr && made->connected ? &made->kept : back;
  std::move(ev).submit(callback{&driver::completed, static_cast<wait*>(made.release())}, deadline);
}

/// Begins a wait: what completion tokens call, some of them later.
struct initiation {
  using executor_type = host::any_io_executor;
  driver* by;
  [[nodiscard]] executor_type get_executor() const noexcept { return by->executor(); }
  template <class Handler>
  void operator()(Handler&& handler, event ev, time_point deadline) const {
    begin(std::move(handler), ev, nullptr, deadline);
  }
  template <class Handler>
  void operator()(Handler&& handler, event* ev, time_point deadline) const {
    begin(std::move(handler), *ev, ev, deadline);
  }

 private:
  struct nowhere {};
  template <class Handler>
  void begin(Handler&& handler, event& ev, event* back, time_point deadline) const {
    // The first case would be the second too, but for what the copies of an executor cost.
    if constexpr (std::is_same_v<typename host::associated_executor<Handler, nowhere>::type, nowhere>) {
      begin_with(*by, std::move(handler), no_work{}, ev, back, deadline);
    } else {
      const auto executor = host::get_associated_executor(handler, by->executor());
      if (is_same(by->executor(), executor)) {
        begin_with(*by, std::move(handler), no_work{}, ev, back, deadline);
      } else {
        begin_with(*by, std::move(handler), host::prefer(executor, host::execution::outstanding_work.tracked), ev, back,
                   deadline);
      }
    }
  }
};

}  // namespace CHIME_ASIO_DETAIL
}  // namespace detail

/// A proactor inside a loop of Asio, or of Boost.Asio: an I/O object that waits for events. Neither copied nor moved. Its threads and
/// errors: as the head of this header says. While nobody waits, it costs nothing.
class CHIME_ASIO_GUEST {
 public:
  /// Of the host.
  using executor_type = CHIME_ASIO_NAMESPACE::any_io_executor;

  /// `loop`: open, with guest = true; it must outlive the guest. Throws std::system_error: invalid_argument if it is not,
  /// or the system's code (EMFILE, ENOMEM); what the host's library throws. One system call to duplicate the handle, and
  /// those with which the host registers it.
  CHIME_ASIO_GUEST(executor_type host, proactor& loop)
      : driver_(std::make_shared<detail::CHIME_ASIO_DETAIL::driver>(std::move(host), loop)) {}
  CHIME_ASIO_GUEST(const CHIME_ASIO_GUEST&) = delete;
  CHIME_ASIO_GUEST& operator=(const CHIME_ASIO_GUEST&) = delete;
  /// On the host's executor, or while nobody runs it; before the host's context, as any I/O object. Stops the program if
  /// waits are outstanding.
  ~CHIME_ASIO_GUEST() { driver_->close(); }

  /// Drives the loop without waits too (for timers and watches of the proactor itself), until stop(): the host's run() does
  /// not return meanwhile. It also saves what the first and the last of several waits cost. Any thread.
  void start() { driver_->start(); }
  /// Takes start() back. Waits that are outstanding go on. Any thread.
  void stop() { driver_->stop(); }

  /// The one that it was given. Any thread.
  [[nodiscard]] executor_type get_executor() const noexcept { return driver_->executor(); }

  /// Waits for an event of a pool on the guest's loop, and releases it. Signature: void(error_code), success if it was
  /// signalled, timed_out, operation_aborted if it was cancelled (by its ticket, cancel_all() or the handler's cancellation
  /// slot). Any thread; lock-free but for the memory, which the handler's associated allocator gives. The handler runs on
  /// its associated executor, by default the host's, never inside this call. Throws what the allocator and the host throw.
  template <class CompletionToken>
  auto async_wait(event&& ev, time_point deadline, CompletionToken&& token) {
    return CHIME_ASIO_NAMESPACE::async_initiate<CompletionToken, void(CHIME_ASIO_ERROR)>(
        detail::CHIME_ASIO_DETAIL::initiation{driver_.get()}, token, std::move(ev), deadline);
  }
  /// The same without a deadline.
  template <class CompletionToken>
  auto async_wait(event&& ev, CompletionToken&& token) {
    return async_wait(std::move(ev), never, std::forward<CompletionToken>(token));
  }
  /// The same, but the event is not released: when the handler runs it is in `ev` again, for another wait of the same use
  /// with the same tickets. `ev` must stay where it is, untouched, until then.
  template <class CompletionToken>
  auto async_wait(event& ev, time_point deadline, CompletionToken&& token) {
    return CHIME_ASIO_NAMESPACE::async_initiate<CompletionToken, void(CHIME_ASIO_ERROR)>(
        detail::CHIME_ASIO_DETAIL::initiation{driver_.get()}, token, &ev, deadline);
  }
  /// The same without a deadline.
  template <class CompletionToken>
  auto async_wait(event& ev, CompletionToken&& token) {
    return async_wait(ev, never, std::forward<CompletionToken>(token));
  }

 private:
  std::shared_ptr<detail::CHIME_ASIO_DETAIL::driver> driver_;
};

/// The guest's async_wait() as a function: the same arguments after the guest.
template <class Event, class... Arguments>
  requires std::same_as<std::remove_cvref_t<Event>, event>
auto async_wait(CHIME_ASIO_GUEST& guest, Event&& ev, Arguments&&... deadline_and_token) {
  return guest.async_wait(std::forward<Event>(ev), std::forward<Arguments>(deadline_and_token)...);
}

}  // namespace CHIME_ABI
}  // namespace chime
