// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The switch of the mutants: every mutant of the product is compiled into one build, and a process turns one of them on.
/// ./dev mutate includes this before everything else in each file of a changed copy of the sources (rules.py).
///
/// CHIME_MUTANT=number turns that mutant on. CHIME_REACHED=path names a file of `capacity` bytes; byte n becomes 1 when a
/// process, or a child of it, comes to a place where mutant n makes a difference.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

namespace chime_mutation {

inline constexpr int capacity = 4096;

inline int chosen = 0;
inline unsigned char nowhere[capacity];
inline unsigned char* reached = nowhere;

/// Whether to behave as mutant n does. What is computed at compile time is as it is in the product.
constexpr bool on(int n) noexcept {
  if (__builtin_is_constant_evaluated()) return false;
  reached[n] = 1;
  return chosen == n;
}

/// Shared memory rather than a report at exit, because what reaches a mutant may be a child that aborts.
[[gnu::constructor(101)]] inline void begin() noexcept {
  const char* const number = std::getenv("CHIME_MUTANT");
  if (number != nullptr) chosen = std::atoi(number);
  const char* const path = std::getenv("CHIME_REACHED");
  if (path == nullptr || reached != nowhere) return;
  const int file = ::open(path, O_RDWR | O_CLOEXEC);
  void* const map = ::mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (map == MAP_FAILED) std::abort();
  reached = static_cast<unsigned char*>(map);
  ::close(file);
}

}  // namespace chime_mutation
