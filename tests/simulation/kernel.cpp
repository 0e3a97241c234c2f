// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.hpp"

#include <linux/futex.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "simulation.hpp"

namespace chime::simulation {

std::int64_t kernel::read_clock() noexcept {
  of_.let_others_act(of_.how.thread_between / 8);  // it is read far more often than anything else is called
  const bool polls = of_.thread() == 0;            // others read it too, when they block
  if (polls) reading_before_ns_ = last_reading_ns_;
  now_ns_ += 1 + static_cast<std::int64_t>(of_.random.below(static_cast<std::uint32_t>(of_.how.tick_ns)));
  if (of_.goes_wrong(of_.how.clock_jump, step::clock_jump)) pass(of_.random.between(1, 10'000'000));
  if (polls) last_reading_ns_ = now_ns_;
  return now_ns_;
}

int kernel::shortage(unsigned wanted) noexcept {
  if (open_ + wanted > of_.how.descriptor_limit) {
    ++refused_;
    of_.note(step::no_descriptors, EMFILE);
    return -EMFILE;
  }
  if (!of_.random.chance(of_.how.no_descriptors)) return 0;
  constexpr int shortages[] = {EMFILE, ENFILE, ENOMEM};
  const int failed = shortages[of_.random.below(3)];
  ++refused_;
  of_.note(step::no_descriptors, failed);
  return -failed;
}

int kernel::add_file(kind what) noexcept {
  files_.push_back({.is = what});
  return static_cast<int>(files_.size()) - 1;
}

/// The lowest number that is free, as POSIX has it: the one that was closed last comes back soon.
int kernel::add_number(int file) noexcept {
  ++open_;
  ++at(file).numbers;
  const auto place = std::ranges::find(numbers_, -1);
  const auto number = first_number + static_cast<int>(place - numbers_.begin());
  if (place == numbers_.end()) {
    numbers_.push_back(file);
  } else {
    of_.note(step::number_reused, number);
    *place = file;
  }
  return number;
}

int kernel::make_eventfd() noexcept {
  of_.let_others_act();
  const int failed = shortage(1);
  return failed != 0 ? failed : add_number(add_file(kind::eventfd));
}

int kernel::make_pipe(int (&ends)[2]) noexcept {
  of_.let_others_act();
  if (const int failed = shortage(2); failed != 0) return failed;
  const int file = add_file(kind::pipe);
  ends[0] = add_number(file);
  ends[1] = add_number(file);
  return 0;
}

int kernel::make_socket() noexcept { return add_number(add_file(kind::socket)); }

int kernel::make_import() noexcept { return add_number(add_file(kind::eventfd)); }

int kernel::make_epoll() noexcept {
  const int failed = shortage(1);
  return failed != 0 ? failed : add_number(add_file(kind::epoll));
}

int kernel::duplicate(int number) noexcept {
  of_.let_others_act();
  const int file = file_of(number);
  if (file < 0) return -EBADF;
  const int failed = shortage(1);
  return failed != 0 ? failed : add_number(file);
}

int kernel::close(int number) noexcept {
  of_.let_others_act();
  if (file_of(number) < 0) return -EBADF;
  --at(std::exchange(numbers_[static_cast<std::size_t>(number - first_number)], -1)).numbers;
  --open_;
  return 0;
}

int kernel::file_of(int number) const noexcept {
  const auto place = static_cast<std::size_t>(number - first_number);
  return is_simulated(number) && place < numbers_.size() ? numbers_[place] : -1;
}

bool kernel::is_ready(int file, detail::request wanted) const noexcept {
  const auto& f = at(file);
  if (f.is == kind::socket) return wanted == detail::request::writable ? f.writable : f.readable;
  return wanted == detail::request::writable || f.content != 0;
}

void kernel::set_socket(int number, bool readable, bool writable) noexcept {
  const int file = file_of(number);
  at(file).readable = readable;
  at(file).writable = writable;
  tell(file);
}

long kernel::write(int number, const void* from, std::size_t size) noexcept {
  of_.let_others_act();
  const int file = file_of(number);
  if (file < 0) return -EBADF;
  auto& f = at(file);
  std::uint64_t more = size;
  if (f.is == kind::eventfd) std::memcpy(&more, from, sizeof more);
  const std::uint64_t most = f.is == kind::eventfd ? ~std::uint64_t{0} - 1 : of_.how.pipe_capacity;
  if (more > most - f.content) {
    of_.note(step::primitive_full, number);
    return -EAGAIN;
  }
  of_.note(file == bell ? step::rang : step::wrote, file);
  f.content += more;
  tell(file);
  return static_cast<long>(size);
}

long kernel::read(int number, void* to, std::size_t size) noexcept {
  of_.let_others_act();
  const int file = file_of(number);
  if (file < 0) return -EBADF;
  if (of_.goes_wrong(of_.how.interrupted, step::interrupted_read)) return -EINTR;
  return read_file(file, to, size);
}

long kernel::read_file(int file, void* to, std::size_t size) noexcept {
  auto& f = at(file);
  of_.note(step::has_read, file, static_cast<std::int64_t>(f.content));
  if (f.content == 0) return -EAGAIN;
  if (f.is == kind::eventfd) {
    std::memcpy(to, &f.content, sizeof f.content);
    f.content = 0;
    return sizeof f.content;
  }
  const auto got = std::min<std::uint64_t>(size, f.content);
  std::memset(to, 1, got);
  f.content -= got;
  return static_cast<long>(got);
}

bool kernel::sleep(sleeper& who, std::int64_t timeout_ns) noexcept {
  const std::int64_t end = timeout_ns < 0 ? for_ever : now_ns_ + timeout_ns;
  if (!who.has_news()) {
    // A timeout was reckoned from the reading before the last.
    if (timeout_ns < 0) of_.runs->sleeps(last_reading_ns_, for_ever);
    if (timeout_ns >= 0) of_.runs->sleeps(reading_before_ns_, reading_before_ns_ + timeout_ns);
  }
  of_.note(step::slept, timeout_ns);
  const std::uint64_t wakes = of_.runs->wakes();
  for (unsigned acts = 0; !who.has_news(); ++acts) {
    of_.require(of_.runs->wakes() == wakes, "the loop sleeps on although it was woken");
    if (of_.goes_wrong(of_.how.interrupted, step::interrupted_wait)) return true;
    const std::int64_t next = std::min(end, who.next_news_ns());
    of_.require(!of_.calm || next != for_ever, "the loop sleeps for ever, with so much outstanding",
                of_.runs->outstanding());
    const std::int64_t pause = 1 + of_.random.between(0, of_.how.pause_ns);
    if (of_.calm || pause >= next - now_ns_) {
      now_ns_ = std::max(now_ns_, next);
      if (now_ns_ >= end) return false;
      continue;
    }
    pass(pause);
    if (of_.is_long() || acts == patience) {
      of_.runs->wake_sleeper();
    } else if (!of_.let_one_act() && end == for_ever) {
      // All others are in the middle of something, and go on only when this sleep is over.
      of_.runs->wake_sleeper();
    }
  }
  return false;
}

long kernel::futex(const std::uint32_t* address, int operation, std::uint32_t expected,
                   const timespec* timeout) noexcept {
  of_.let_others_act();
  if (operation == FUTEX_WAKE_PRIVATE) {
    for (blocked& b : blocked_) b.woken = b.woken || b.address == address;
    return 0;
  }
  if (!still_is(address, expected)) return -EAGAIN;
  blocked_.push_back({address, false});
  const long ended = block(address, expected, timeout);
  blocked_.pop_back();
  return ended;
}

bool kernel::still_is(const std::uint32_t* address, std::uint32_t expected) noexcept {
  return std::atomic_ref(*const_cast<std::uint32_t*>(address)).load(std::memory_order_relaxed) == expected;
}

/// Threads that block later end earlier, so the last entry is this one's whenever it looks.
long kernel::block(const std::uint32_t* address, std::uint32_t expected, const timespec* timeout) noexcept {
  const std::int64_t end =
      timeout == nullptr ? for_ever : std::int64_t{timeout->tv_sec} * 1'000'000'000 + timeout->tv_nsec;
  for (unsigned acts = 0; !blocked_.back().woken; ++acts) {
    if (of_.goes_wrong(of_.how.interrupted, step::interrupted_wait)) return -EINTR;
    if (of_.goes_wrong(of_.how.early_return, step::futex_spurious)) return 0;
    const std::int64_t pause = 1 + of_.random.between(0, of_.how.pause_ns);
    if (pause >= end - now_ns_) {
      now_ns_ = std::max(now_ns_, end);
      return -ETIMEDOUT;
    }
    pass(pause);
    if (of_.is_long() || acts == patience || !of_.let_one_act()) of_.runs->signal_blocked();
    of_.require(blocked_.back().woken || still_is(address, expected), "a thread stays blocked on a signalled event");
  }
  return 0;
}

}  // namespace chime::simulation
