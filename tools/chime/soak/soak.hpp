// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// `chime soak`: a random mix of everything, for as long as one likes, with every signal accounted for.
#pragma once

#include <atomic>
#include <chime/error.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "ledger.hpp"

namespace chime::soak {

struct options {
  std::chrono::seconds duration{10};  ///< on each backend
  std::uint64_t signals = 0;          ///< end earlier, after so many; 0: do not
  std::uint64_t seed = 0;
  unsigned producers = 2;
  bool guest = false;  ///< the loop lives in another one
};

/// How one backend fared.
struct outcome {
  std::string backend;  ///< with the options in force
  std::chrono::duration<double> took{};
  std::uint64_t rests = 0;            ///< times that everything was brought to rest and compared
  ledger books;                       ///< at the last of these
  std::size_t library_bytes = 0;      ///< at the last rest
  std::size_t library_bytes_end = 0;  ///< after all was closed
  std::size_t resident_growth = 0;    ///< bytes, from the first rest to the last
  std::size_t descriptors = 0;        ///< at the last rest
  std::uint64_t turns = 0;            ///< of a guest, at the last rest
  std::uint64_t wakeups = 0;          ///< of a guest, at the last rest: each made its handle readable
  std::vector<std::string> breaches;  ///< empty: it passed
};

/// Runs one backend (by its name, with options as for `proactor_options::backend`); tells the progress on stderr. Ends early
/// when `interrupted` is set. After a breach threads may still be running and the library's objects are left as they are: the
/// process should end without destructors. Errors: the loop or the pools cannot be opened.
[[nodiscard]] result<outcome> run(const std::string& backend, const options&, const std::atomic<bool>& interrupted);

}  // namespace chime::soak
