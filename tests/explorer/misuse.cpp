// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Under the explorer the product's loud stop for misuse fails the execution, so that a model can show a misuse as it
/// shows any other bug. Models that link this do not link the product's own definition.
#include "sync/misuse.hpp"
#include "explorer/execution.hpp"

#include <string>

void chime::detail::misuse(const char* what, std::ptrdiff_t count) noexcept {
  explore::execution::current().fail("misuse: " + (count == -1 ? std::string() : std::to_string(count) + " ") + what);
}
