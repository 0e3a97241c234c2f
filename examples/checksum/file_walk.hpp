// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Which files there are below the paths that were given.
#pragma once

#include <string>
#include <system_error>
#include <vector>

namespace checksum {

/// A path that could not be read, and why.
struct problem {
  std::string path;
  std::error_code why;
};

struct files_found {
  std::vector<std::string> paths;  ///< regular files, in the order of their bytes, each once
  std::vector<problem> problems;   ///< given paths that are missing or no files, unreadable directories
};

/// Looks at each path, and at everything below those that are directories. Links to files count as files; links to
/// directories are followed only where they were given, so that no link can lead in circles. Whatever else lies in a
/// directory (sockets, devices, links to nothing) is passed over.
[[nodiscard]] files_found find_files(const std::vector<std::string>& given);

}  // namespace checksum
