// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What a worker can do with a body: hash it (OpenSSL) or compress it (zlib).
#pragma once

#include <zlib.h>

#include <string>
#include <string_view>

#include "checksum/sha256.hpp"
#include "job.hpp"

namespace http_offload {

/// A gzip stream in memory, by zlib; its tables are kept from one body to the next.
class gzip {
 public:
  /// Throws std::bad_alloc.
  gzip();
  gzip(const gzip&) = delete;
  gzip& operator=(const gzip&) = delete;
  ~gzip();
  [[nodiscard]] std::string compress(std::string_view body);

 private:
  z_stream stream_ = {};
};

/// The tools of one worker thread.
class craft {
 public:
  /// Writes the answer; never throws: what goes wrong (no memory) is `failed`.
  void perform(job& j) noexcept;

 private:
  [[nodiscard]] std::string answer_to(job& j);

  checksum::sha256 hasher_;
  gzip compressor_;
};

}  // namespace http_offload
