// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "sync/misuse.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace chime {
inline namespace CHIME_ABI {
namespace detail {
namespace {

/// One line of text on the stack. What does not fit is cut off: a signal handler has nothing to grow it with.
class line {
 public:
  void append(std::string_view text) noexcept {
    const auto length = std::min(text.size(), room());
    std::copy_n(text.begin(), length, text_ + size_);
    size_ += length;
  }

  void append(std::ptrdiff_t number) noexcept {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    append(std::string_view(digits, end));
  }

  /// Ends the line and writes it at once, so that the lines of several threads do not mix. A failure goes unreported,
  /// since there is nobody left to report it to.
  void write() noexcept {
    text_[size_++] = '\n';
    for (std::size_t done = 0; done < size_;) {
      const ssize_t written = ::write(STDERR_FILENO, text_ + done, size_ - done);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;
      done += static_cast<std::size_t>(written);
    }
  }

 private:
  /// The last byte is kept for the line's end.
  [[nodiscard]] std::size_t room() const noexcept { return sizeof text_ - 1 - size_; }

  char text_[512];
  std::size_t size_ = 0;
};

}  // namespace

void misuse(const char* what, std::ptrdiff_t count) noexcept {
  line text;
  text.append("chime: ");
  if (count != -1) {
    text.append(count);
    text.append(" ");
  }
  text.append(what);
  text.write();
  std::abort();
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
