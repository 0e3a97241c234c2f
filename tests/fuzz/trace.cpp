// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "trace.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string_view>
#include <vector>

namespace fuzz::trace {
namespace {

/// Kept as they are and put into words only for a failure: most inputs do not fail.
struct call {
  const char* format;
  int a;
  int b;
  int c;
};

std::vector<call>& calls() {
  static std::vector<call> all;
  return all;
}

/// Puts the numbers in, one for each %d.
void print(const call& one) noexcept {
  const int numbers[] = {one.a, one.b, one.c};
  const int* next = numbers;
  for (std::string_view rest = one.format; !rest.empty();) {
    const std::size_t place = std::min(rest.find("%d"), rest.size());
    std::fprintf(stderr, "%.*s", static_cast<int>(place), rest.data());
    rest.remove_prefix(place);
    if (rest.empty() || next == std::end(numbers)) break;
    std::fprintf(stderr, "%d", *next++);
    rest.remove_prefix(2);
  }
  std::fputc('\n', stderr);
}

[[nodiscard]] bool as_it_happens() noexcept {
  static const bool wanted = std::getenv("CHIME_FUZZ_TRACE") != nullptr;  // NOLINT(concurrency-mt-unsafe): one thread
  return wanted;
}

/// What reports the end needs descriptors.
void lift_limit() noexcept {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

void print_calls() noexcept {
  lift_limit();
  if (as_it_happens()) return;
  std::fputs("the calls of this input:\n", stderr);
  for (const call& one : calls()) print(one);
}

}  // namespace

void begin() noexcept { calls().clear(); }

void note(const char* format, int a, int b, int c) noexcept {
  calls().push_back({format, a, b, c});
  if (as_it_happens()) print(calls().back());
}

void fail(const char* format, int a, int b, int c) noexcept {
  print_calls();
  std::fputs("MISMATCH: ", stderr);
  print({format, a, b, c});
  std::abort();
}

void fail_with(const char* what, const char* got, const char* wanted) noexcept {
  print_calls();
  std::fprintf(stderr, "MISMATCH: %s: got \"%s\", where the model says \"%s\"\n", what, got, wanted);
  std::abort();
}

}  // namespace fuzz::trace
