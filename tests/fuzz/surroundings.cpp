// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "surroundings.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "trace.hpp"

namespace fuzz {

void* counted_memory::take(std::size_t size, std::size_t alignment) noexcept {
  if (refuses) {
    ++refusals;
    return nullptr;
  }
  void* block = nullptr;
  if (::posix_memalign(&block, alignment, size) != 0) trace::fail("the fuzzer has no memory");
  ++blocks;
  return block;
}

void counted_memory::give(void* block, std::size_t, std::size_t) noexcept {
  if (block == nullptr) trace::fail("null was given back to the allocator");
  --blocks;
  std::free(block);
}

chime::allocator counted_memory::get() noexcept {
  return {.allocate =
              [](void* self, std::size_t size, std::size_t alignment) noexcept {
                return static_cast<counted_memory*>(self)->take(size, alignment);
              },
          .deallocate =
              [](void* self, void* block, std::size_t size, std::size_t alignment) noexcept {
                static_cast<counted_memory*>(self)->give(block, size, alignment);
              },
          .context = this};
}

int open_descriptors() noexcept {
  std::array<pollfd, 1024> all;
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = {static_cast<int>(i), 0, 0};
  if (::poll(all.data(), all.size(), 0) < 0) trace::fail("the fuzzer cannot count descriptors");
  int open = 0;
  for (const pollfd& one : all) open += (one.revents & POLLNVAL) == 0 ? 1 : 0;
  return open;
}

descriptor_limit::descriptor_limit() noexcept {
  if (::getrlimit(RLIMIT_NOFILE, &usual_) != 0) trace::fail("the fuzzer cannot read its limits");
}

void descriptor_limit::tighten(unsigned more) noexcept {
  lift();
  const int next = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
  if (next < 0) trace::fail("the fuzzer has no descriptors");
  ::close(next);
  rlimit low = usual_;
  low.rlim_cur = static_cast<rlim_t>(next) + more;
  if (::setrlimit(RLIMIT_NOFILE, &low) != 0) trace::fail("the fuzzer cannot set its limits");
  tight_ = true;
  ++times_;
}

void descriptor_limit::lift() noexcept {
  if (!std::exchange(tight_, false)) return;
  if (::setrlimit(RLIMIT_NOFILE, &usual_) != 0) trace::fail("the fuzzer cannot set its limits");
}

channel::channel(bool pipe) noexcept {
  std::array<int, 2> ends = {-1, -1};
  const int failed = pipe ? ::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC)
                          : ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data());
  if (failed != 0) return;  // no descriptors left: there is no such channel, then
  reader_ = ends[0];
  writer_ = ends[1];
}

channel::~channel() {
  close_writer();
  if (reader_ >= 0) ::close(reader_);
}

void channel::write() noexcept {
  if (writer_ < 0 || unread_ == 64) return;
  if (::write(writer_, "x", 1) != 1) trace::fail("a channel took no byte");
  ++unread_;
}

void channel::read() noexcept {
  std::array<char, 64> bytes;
  if (unread_ == 0) return;
  if (::read(reader_, bytes.data(), bytes.size()) != static_cast<ssize_t>(unread_))
    trace::fail("a channel lost its bytes");
  unread_ = 0;
}

void channel::close_writer() noexcept {
  if (writer_ >= 0) ::close(std::exchange(writer_, -1));
}

}  // namespace fuzz
