// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// SHA-256 of a file, or of bytes in memory, by OpenSSL.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace checksum {

using digest = std::array<unsigned char, 32>;

struct file_hash {
  std::error_code error;  ///< none: the two others hold
  digest sum = {};
  std::uint64_t bytes = 0;
};

/// Hashes one thing after the other; each thread has its own.
class sha256 {
 public:
  /// Throws std::bad_alloc, or std::runtime_error if this OpenSSL has no SHA-256.
  sha256();
  [[nodiscard]] file_hash hash_file(const std::string& path);
  [[nodiscard]] file_hash hash_bytes(std::string_view bytes);

 private:
  template <auto Free>
  struct deleter {
    template <class T>
    void operator()(T* object) const noexcept {
      Free(object);
    }
  };

  [[nodiscard]] std::error_code update_from(int descriptor, std::uint64_t& bytes);

  std::unique_ptr<EVP_MD, deleter<EVP_MD_free>> algorithm_;
  std::unique_ptr<EVP_MD_CTX, deleter<EVP_MD_CTX_free>> context_;
  std::vector<unsigned char> buffer_;
};

}  // namespace checksum
