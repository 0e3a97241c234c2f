// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The sequence of calls that an input made, for the one who has to understand a failure. With CHIME_FUZZ_TRACE in the
/// environment each call is printed before it is made, for what ends in a sanitizer's report, a loud stop or a hang.
#pragma once

namespace fuzz::trace {

/// A new input begins.
void begin() noexcept;
/// Notes a call. `format` is a literal with at most three %d.
void note(const char* format, int a = 0, int b = 0, int c = 0) noexcept;
/// The library did not do what the model says: prints the calls and what was wrong, and aborts.
[[noreturn]] void fail(const char* format, int a = 0, int b = 0, int c = 0) noexcept;
/// The same with words.
[[noreturn]] void fail_with(const char* what, const char* got, const char* wanted) noexcept;

}  // namespace fuzz::trace
