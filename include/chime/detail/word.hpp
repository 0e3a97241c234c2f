// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The event's word: who may do what, decided by one 64-bit atomic.
///
/// | bits | field | |
/// |---|---|---|
/// | 0-3 | phase | below |
/// | 4-23 | attempt | waits so far in this use; the last value marks a wait that is refused |
/// | 24-63 | generation | uses so far; 0 marks an operation (timer, watch, post), which has no uses |
///
/// Phases and who leaves them:
/// | phase | meaning | left by |
/// |---|---|---|
/// | free | in a pool or cache | acquirer -> idle |
/// | idle | held, no wait, no signal | signal, submit, blocking wait, release |
/// | signalled | held, no wait, a signal is kept | submit, blocking wait, release |
/// | queued | on its way to the loop, no outcome yet | loop -> armed; signal -> fired; cancel -> stopped |
/// | armed | waits; in no list | signal, kernel -> fired; cancel -> stopped; deadline -> idle; loop -> queued |
/// | fired | in, or about to enter, the ready queue | loop -> idle |
/// | stopped | likewise, cancelled | loop -> idle; signal -> stopped_signalled |
/// | stopped_signalled | likewise, and a signal is kept | loop -> signalled |
/// | reading | the loop reads an operation's ready handle | loop -> fired, stopped, queued; cancel -> reading_cancelled |
/// | reading_cancelled | likewise; a cancel came too late to keep it from being read | loop -> fired, stopped |
/// | blocked | a thread waits on the futex | signal -> signalled; time-out -> idle |
///
/// Invariants:
/// 1. Exactly one of signal, cancel and deadline leaves `armed`, since each must win the same compare-and-swap; the
///    winner alone may put the waiter into a list.
/// 2. Only the loop leads fired, stopped and stopped_signalled back to idle or signalled, so a wait that has an outcome
///    cannot be submitted again before that outcome was delivered.
/// 3. A release makes a new generation, so every older ticket fails its compare from then on.
/// 4. Within one wait only signals change the word, and they leave generation and attempt alone: a blocking wait that spins
///    with the word idle tells by these two that somebody else has released or waited.
#pragma once

#include <chime/config.hpp>

#include <cstdint>

#include "chime/detail/atomic.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

/// The values make take() and releasable() one instruction each.
enum class phase : unsigned char {
  free,
  idle,
  queued,
  signalled,
  armed,
  fired,
  stopped,
  stopped_signalled,
  blocked,
  reading,
  reading_cancelled
};

/// A value of the word, taken apart.
class word_value {
 public:
  static constexpr std::uint64_t attempt_limit = (1U << 20U) - 1;      ///< marks a refused wait
  static constexpr std::uint64_t last_generation = (1ULL << 40U) - 1;  ///< after this use an event is retired

  constexpr explicit word_value(std::uint64_t bits) noexcept : bits_(bits) {}
  constexpr word_value(std::uint64_t generation, std::uint64_t attempt, phase p) noexcept
      : bits_(generation << 24U | attempt << 4U | static_cast<std::uint64_t>(p)) {}

  [[nodiscard]] constexpr std::uint64_t bits() const noexcept { return bits_; }
  [[nodiscard]] constexpr detail::phase phase() const noexcept { return static_cast<detail::phase>(bits_ & 15U); }
  [[nodiscard]] constexpr std::uint64_t attempt() const noexcept { return bits_ >> 4U & attempt_limit; }
  [[nodiscard]] constexpr std::uint64_t generation() const noexcept { return bits_ >> 24U; }
  [[nodiscard]] constexpr bool refused() const noexcept { return attempt() == attempt_limit; }
  /// Whether no use and no wait began or ended between the two: at most signals lie there.
  [[nodiscard]] constexpr bool same_wait(word_value other) const noexcept { return (bits_ ^ other.bits_) >> 4U == 0; }

  [[nodiscard]] constexpr word_value with(detail::phase p) const noexcept {
    return word_value{(bits_ & ~std::uint64_t{15}) | static_cast<std::uint64_t>(p)};
  }
  /// The same use, one wait later. The limit is sticky: every wait from there on is refused.
  [[nodiscard]] constexpr word_value next_wait(detail::phase p) const noexcept {
    return {generation(), refused() ? attempt_limit : attempt() + 1, p};
  }
  /// Free in the next generation. After the last one: 0, which no event has that can be acquired.
  [[nodiscard]] constexpr word_value next_use() const noexcept { return word_value{(bits_ | below_generation) + 1}; }
  [[nodiscard]] constexpr bool retired() const noexcept { return bits_ == 0; }
  /// Both at once, by the carry of one addition.
  [[nodiscard]] bool ends_its_uses(word_value& next_use) const noexcept {
    return __builtin_add_overflow(bits_ | below_generation, std::uint64_t{1}, &next_use.bits_);
  }

 private:
  static constexpr std::uint64_t below_generation = (1U << 24U) - 1;
  std::uint64_t bits_;
};

/// What a signal makes of a phase.
[[nodiscard]] constexpr phase phase_after_signal(phase p) noexcept {
  switch (p) {
    case phase::idle:
    case phase::blocked:
      return phase::signalled;
    case phase::queued:
    case phase::armed:
      return phase::fired;
    case phase::stopped:
      return phase::stopped_signalled;
    default:
      return p;
  }
}
/// The same, four bits for each phase.
inline constexpr std::uint64_t phases_after_signal = [] {
  std::uint64_t all = 0;
  for (unsigned p = 0; p < 16; ++p)
    all |= static_cast<std::uint64_t>(phase_after_signal(static_cast<phase>(p))) << 4U * p;
  return all;
}();

/// What a signaller has to do after its transition.
enum class signal_effect : unsigned char {
  stale,      ///< nothing: another use
  coalesced,  ///< nothing: an earlier signal covers it
  kept,       ///< nothing: the loop, or the next wait, will find it
  push,       ///< put the waiter into the ready queue
  unblock,    ///< wake the thread that blocks on the futex
};
/// What a submitter has to do after its transition.
enum class submit_effect : unsigned char {
  armed,   ///< nothing
  push,    ///< put the waiter into the ready queue
  misused  ///< nothing was changed: a wait is in flight, or the event is not held
};
/// What a canceller has to do after its transition.
enum class cancel_effect : unsigned char { none, kept, push };

/// The word itself. Every function is one transition of the table in the file's head.
class event_word {
 public:
  constexpr event_word() noexcept = default;
  constexpr explicit event_word(word_value initial) noexcept : bits_(initial.bits()) {}

  /// Relaxed: for decisions that a compare-and-swap confirms, or that the holder makes about its own event.
  [[nodiscard]] word_value peek() const noexcept { return word_value{bits_.load(std::memory_order_relaxed)}; }

  /// free -> idle, by the acquirer, who alone has the event. A plain store, relaxed: nobody else writes a free word,
  /// since no ticket of its generation exists yet; later tickets are handed over by something that synchronises.
  void take() noexcept {
    static_assert(static_cast<int>(phase::free) == 0, "or-ing is one instruction");
    bits_.store(peek().bits() | static_cast<std::uint64_t>(phase::idle), std::memory_order_relaxed);
  }

  /// free, idle -> idle, by the owner of an operation, who alone can reach it between two submits. Counts its waits
  /// anew: they have no tokens that could be late. A plain store, relaxed, for the same reason as take().
  void restart() noexcept { bits_.store(word_value{0, 0, phase::idle}.bits(), std::memory_order_relaxed); }

  /// Signal of the use `generation`: any thread.
  /// acq_rel: acquire pairs with the release of the arming (the winner on armed reads the waiter and writes its link,
  /// so it must see the waiter's fields); release pairs with the acquire of finish() and of block(): the completion
  /// sees what the signaller wrote. Coalescing swaps in the same value for that second reason: with a plain load in its
  /// place the loop may consume the signal without seeing this signaller's writes, on x86 too.
  [[nodiscard]] signal_effect signal(std::uint64_t generation) noexcept {
    auto seen = bits_.load(std::memory_order_relaxed);
    for (;;) {
      const word_value now{seen};
      if (now.generation() != generation || now.phase() == phase::free) return signal_effect::stale;
      if (bits_.compare_exchange_weak(seen, now.with(after_signal(now.phase())).bits(), std::memory_order_acq_rel,
                                      std::memory_order_relaxed)) {
        return effect_of_signal(now.phase());
      }
    }
  }

  /// A wait is submitted, by the holder, who has written the waiter before: idle -> `rest` (armed, or queued if only
  /// the loop can do the rest), signalled -> fired. A use that has waited too often is refused: -> stopped at the
  /// limit. The caller has checked that the phase is idle or signalled before it wrote the waiter; rightly only signals
  /// can race with this, and a second submit that does so wrongly is told. Release: pairs with the acquire of whoever
  /// wins on armed (signal, cancel, deadline) and must see the waiter.
  [[nodiscard]] submit_effect submit(phase rest) noexcept {
    auto seen = bits_.load(std::memory_order_relaxed);
    for (;;) {
      const word_value now{seen};
      if (!releasable(now)) return submit_effect::misused;
      const word_value wait = now.next_wait(rest);
      const bool signalled = now.phase() == phase::signalled;
      word_value next = signalled ? wait.with(phase::fired) : wait;
      if (wait.refused()) next = wait.with(signalled ? phase::stopped_signalled : phase::stopped);
      if (bits_.compare_exchange_weak(seen, next.bits(), std::memory_order_release, std::memory_order_relaxed)) {
        return next.phase() == phase::armed ? submit_effect::armed : submit_effect::push;
      }
    }
  }

  /// queued -> armed, by the loop. False: an outcome came first, peek() says which.
  /// Release: pairs with the acquire of the winner on armed, which reads what the loop wrote into the waiter.
  [[nodiscard]] bool arm() noexcept { return leave(phase::queued, phase::armed, std::memory_order_release); }

  /// armed -> queued, by the loop, when the kernel's part ended for a reason that is no outcome and must start again.
  /// Relaxed: the loop goes on as the waiter's only owner, and arm() publishes it anew. False: an outcome came first.
  [[nodiscard]] bool requeue() noexcept { return leave(phase::armed, phase::queued, std::memory_order_relaxed); }

  /// armed or queued -> `outcome` (fired or stopped), by the loop, when the kernel's part or the deadline decides.
  /// Acquire: reads the waiter as it was armed. False: somebody else decided first.
  [[nodiscard]] bool decide(phase outcome) noexcept {
    return leave(phase::armed, outcome, std::memory_order_acquire) ||
           leave(phase::queued, outcome, std::memory_order_acquire);
  }

  /// armed -> idle at the deadline, by the loop, for a wait without kernel part. Relaxed: the loop itself armed it, or
  /// has seen it armed through the ready queue, and a time-out consumes no signal. False: signal or cancel won.
  [[nodiscard]] bool expire() noexcept { return leave(phase::armed, phase::idle, std::memory_order_relaxed); }

  /// armed, queued -> reading, by the loop, before it reads a handle whose content must not be lost: from here on no cancel
  /// wins. Relaxed: the loop has armed the operation itself, or taken it from the queue. False: a cancel came first.
  [[nodiscard]] bool begin_reading() noexcept {
    return leave(phase::armed, phase::reading, std::memory_order_relaxed) ||
           leave(phase::queued, phase::reading, std::memory_order_relaxed);
  }
  /// reading -> `outcome` (fired or stopped), by the loop, when the read has decided. Relaxed: as above.
  void end_reading(phase outcome) noexcept {
    if (!leave(phase::reading, outcome, std::memory_order_relaxed))
      (void)leave(phase::reading_cancelled, outcome, std::memory_order_relaxed);
  }
  /// reading -> queued, by the loop, when there was nothing to read. False: a cancel came meanwhile, and counts: it is
  /// stopped.
  [[nodiscard]] bool read_nothing() noexcept {
    if (leave(phase::reading, phase::queued, std::memory_order_relaxed)) return true;
    (void)leave(phase::reading_cancelled, phase::stopped, std::memory_order_relaxed);
    return false;
  }

  /// stopped -> stopped_signalled by the loop, when the kernel delivered a foreign signal after a won cancel.
  /// Relaxed: foreign signals carry no memory. A failure means that a ticket has done the same.
  void keep_signal() noexcept { (void)leave(phase::stopped, phase::stopped_signalled, std::memory_order_relaxed); }

  /// Cancels the wait in flight in the use `generation`: any thread.
  /// Acquire: the winner on armed writes the waiter's link, so the arming must have happened before.
  [[nodiscard]] cancel_effect cancel(std::uint64_t generation) noexcept {
    auto seen = bits_.load(std::memory_order_relaxed);
    for (;;) {
      const word_value now{seen};
      const bool waiting = now.phase() == phase::armed || now.phase() == phase::queued;
      const bool reading = now.phase() == phase::reading;
      if (now.generation() != generation || !(waiting || reading)) return cancel_effect::none;
      const phase next = reading ? phase::reading_cancelled : phase::stopped;
      if (bits_.compare_exchange_weak(seen, now.with(next).bits(), std::memory_order_acquire,
                                      std::memory_order_relaxed)) {
        if (reading) return cancel_effect::none;
        return now.phase() == phase::armed ? cancel_effect::push : cancel_effect::kept;
      }
    }
  }

  /// fired, stopped -> idle, stopped_signalled -> signalled: the loop delivers the outcome, and returns it.
  /// Acquire, and a read-modify-write: pairs with the release of every signal that this consumes, the coalesced ones
  /// included, because each of them is a swap in this word's order before ours. A plain store could overwrite one
  /// unseen.
  [[nodiscard]] word_value finish() noexcept {
    auto seen = bits_.load(std::memory_order_relaxed);
    for (;;) {
      const word_value now{seen};
      const auto rest = now.phase() == phase::stopped_signalled ? phase::signalled : phase::idle;
      if (bits_.compare_exchange_weak(seen, now.with(rest).bits(), std::memory_order_acquire,
                                      std::memory_order_relaxed)) {
        return now;
      }
    }
  }

  /// A blocking wait begins: idle -> blocked (or refused: unchanged at the limit), signalled -> idle. Returns what it
  /// found. `before` is what the holder found when it was called; it may have spun since, with the word still idle, so
  /// that a signal costs its signaller nothing. Who waited for the event or released it meanwhile did so wrongly: then
  /// nothing is changed. Acquire: consumes a signal, so it must see what the signaller wrote.
  [[nodiscard]] word_value block(word_value before) noexcept {
    auto seen = bits_.load(std::memory_order_relaxed);
    for (;;) {
      const word_value now{seen};
      if (!now.same_wait(before)) return now;
      if (now.phase() != phase::idle && now.phase() != phase::signalled) return now;
      const word_value wait = now.next_wait(now.phase() == phase::idle ? phase::blocked : phase::idle);
      if (wait.refused()) return wait;
      if (bits_.compare_exchange_weak(seen, wait.bits(), std::memory_order_acquire, std::memory_order_relaxed))
        return now;
    }
  }
  /// signalled -> idle: the blocking wait `mine` (blocked) consumes the signal that woke it. Acquire as in block(). False: none
  /// yet, or, by misuse, the wait is not that any more: then nothing is changed.
  [[nodiscard]] bool consume(word_value mine) noexcept {
    return leave_exactly(mine.with(phase::signalled), phase::idle, std::memory_order_acquire);
  }
  /// blocked -> idle at the deadline of the wait `mine`. Relaxed: no signal is consumed. False: a signal came, or as above.
  [[nodiscard]] bool unblock(word_value mine) noexcept {
    return leave_exactly(mine, phase::idle, std::memory_order_relaxed);
  }

  /// Whether the holder may release, in every build: the price of a load and a compare.
  [[nodiscard]] static constexpr bool releasable(word_value now) noexcept {
    static_assert(static_cast<int>(phase::idle) == 1 && static_cast<int>(phase::signalled) == 3);
    return (now.bits() & 13U) == 1;
  }
  /// idle, signalled -> free in the next generation, by the holder. A plain store, relaxed: the push into the pool
  /// releases it. A signal that lands between the check and the store is overwritten, which is what a release does to
  /// it anyway; one that comes later fails by generation. Two releases that race are not seen here, but by
  /// retire_exact.
  void retire(word_value next_use) noexcept { bits_.store(next_use.bits(), std::memory_order_relaxed); }
  /// The same as a compare-and-swap, for native events and debug builds. False: the word is not releasable.
  /// Acquire: a native signaller announces itself before it swaps this word; whoever loads the announcements after this
  /// must see that of every signaller that came before (with a plain store it might not, and hand the event out early).
  [[nodiscard]] bool retire_exact() noexcept {
    auto seen = bits_.load(std::memory_order_relaxed);
    while (releasable(word_value{seen})) {
      if (bits_.compare_exchange_weak(seen, word_value{seen}.next_use().bits(), std::memory_order_acquire,
                                      std::memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }

  /// Whether the use `generation` is over. Relaxed: it says that nobody waits any more, and hands nothing over.
  [[nodiscard]] bool is_over(std::uint64_t generation) const noexcept { return peek().generation() != generation; }

  /// The half of the word that holds the phase, for a futex; nothing is ever read through this.
  [[nodiscard]] const void* address() const noexcept { return &bits_; }

 private:
  /// A table in a register: a jump would lie between the load and the swap of every signal.
  [[nodiscard]] static constexpr phase after_signal(phase p) noexcept {
    return static_cast<phase>(phases_after_signal >> 4U * static_cast<unsigned>(p) & 15U);
  }
  [[nodiscard]] static constexpr signal_effect effect_of_signal(phase left) noexcept {
    switch (left) {
      case phase::armed:
        return signal_effect::push;
      case phase::blocked:
        return signal_effect::unblock;
      case phase::idle:
      case phase::queued:
      case phase::stopped:
        return signal_effect::kept;
      default:
        return signal_effect::coalesced;
    }
  }
  /// from -> to, retried only while the phase is `from`.
  [[nodiscard]] bool leave(phase from, phase to, std::memory_order success) noexcept {
    auto seen = bits_.load(std::memory_order_relaxed);
    while (word_value{seen}.phase() == from) {
      if (bits_.compare_exchange_weak(seen, word_value{seen}.with(to).bits(), success, std::memory_order_relaxed))
        return true;
    }
    return false;
  }

  [[nodiscard]] bool leave_exactly(word_value from, phase to, std::memory_order success) noexcept {
    auto seen = from.bits();
    return bits_.compare_exchange_strong(seen, from.with(to).bits(), success, std::memory_order_relaxed);
  }

  sync::atomic<std::uint64_t> bits_{0};
};

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
