// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "craft.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <exception>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace http_offload {
namespace {

// Of deflateInit2: the format is gzip's.
constexpr int gzip_window = 15 + 16;
constexpr int default_memory = 8;

}  // namespace

gzip::gzip() {
  if (deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window, default_memory, Z_DEFAULT_STRATEGY) !=
      Z_OK)
    throw std::bad_alloc();
}

gzip::~gzip() { deflateEnd(&stream_); }

std::string gzip::compress(std::string_view body) {
  std::string out(deflateBound(&stream_, static_cast<uLong>(body.size())), '\0');
  // zlib does not write what it calls input.
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream_.avail_in = static_cast<uInt>(body.size());
  stream_.next_out = reinterpret_cast<Bytef*>(out.data());
  stream_.avail_out = static_cast<uInt>(out.size());
  const int how = deflate(&stream_, Z_FINISH);
  out.resize(out.size() - stream_.avail_out);
  if (deflateReset(&stream_) != Z_OK || how != Z_STREAM_END) throw std::runtime_error("zlib cannot go on");
  return out;
}

void craft::perform(job& j) noexcept {
  try {
    j.answer = answer_to(j);
  } catch (const std::exception&) {
    j.failed = true;
  }
}

std::string craft::answer_to(job& j) {
  if (j.what == task::echo) return std::move(j.body);
  if (j.what == task::gzip) return compressor_.compress(j.body);
  const checksum::file_hash hash = hasher_.hash_bytes(j.body);
  if (hash.error) throw std::system_error(hash.error);
  return fmt::format("{:02x}\n", fmt::join(hash.sum, ""));
}

}  // namespace http_offload
