// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "sum_line.hpp"

#include <fmt/format.h>

#include <iterator>

namespace checksum {
namespace {

std::string escaped(std::string_view path) {
  std::string text;
  for (const char c : path) {
    switch (c) {
      case '\\':
        text += "\\\\";
        break;
      case '\n':
        text += "\\n";
        break;
      case '\r':
        text += "\\r";
        break;
      default:
        text += c;
    }
  }
  return text;
}

}  // namespace

std::string sum_line(const digest& sum, std::string_view path) {
  const std::string name = escaped(path);
  std::string line = name.size() == path.size() ? "" : "\\";
  for (const unsigned char byte : sum) fmt::format_to(std::back_inserter(line), "{:02x}", byte);
  return line + "  " + name + "\n";
}

}  // namespace checksum
