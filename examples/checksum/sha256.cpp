// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "sha256.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <stdexcept>

namespace checksum {
namespace {

constexpr std::size_t buffer_bytes = 128UZ * 1024;

std::error_code last_error() { return {errno, std::system_category()}; }

/// OpenSSL fails in the midst of a hash only for want of memory.
std::error_code openssl_error() { return std::make_error_code(std::errc::not_enough_memory); }

class descriptor {
 public:
  /// Non-blocking: should a pipe have taken the file's place since it was found, opening it must not wait for a writer.
  explicit descriptor(const std::string& path)
      : number_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (number_ >= 0) close(number_);
  }
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

std::error_code check_regular(const descriptor& file) {
  struct stat status = {};
  if (file.number() < 0 || fstat(file.number(), &status) != 0) return last_error();
  if (!S_ISREG(status.st_mode)) return std::make_error_code(std::errc::operation_not_supported);
  return {};
}

}  // namespace

sha256::sha256()
    : algorithm_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()), buffer_(buffer_bytes) {
  if (!algorithm_) throw std::runtime_error("OpenSSL offers no SHA-256 here");
  if (!context_) throw std::bad_alloc();
}

file_hash sha256::hash_file(const std::string& path) {
  file_hash result;
  const descriptor file{path};
  result.error = check_regular(file);
  if (result.error) return result;
  if (EVP_DigestInit_ex2(context_.get(), algorithm_.get(), nullptr) != 1) return {.error = openssl_error()};
  result.error = update_from(file.number(), result.bytes);
  if (result.error) return result;
  if (EVP_DigestFinal_ex(context_.get(), result.sum.data(), nullptr) != 1) return {.error = openssl_error()};
  return result;
}

file_hash sha256::hash_bytes(std::string_view bytes) {
  file_hash result;
  result.bytes = bytes.size();
  const bool hashed = EVP_DigestInit_ex2(context_.get(), algorithm_.get(), nullptr) == 1 &&
                      EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1 &&
                      EVP_DigestFinal_ex(context_.get(), result.sum.data(), nullptr) == 1;
  if (!hashed) result.error = openssl_error();
  return result;
}

std::error_code sha256::update_from(int descriptor, std::uint64_t& bytes) {
  for (;;) {
    const ssize_t got = read(descriptor, buffer_.data(), buffer_.size());
    if (got == 0) return {};
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return last_error();
    const auto size = static_cast<std::size_t>(got);
    if (EVP_DigestUpdate(context_.get(), buffer_.data(), size) != 1) return openssl_error();
    bytes += size;
  }
}

}  // namespace checksum
