// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "file_walk.hpp"

#include <algorithm>
#include <filesystem>

namespace checksum {
namespace {

namespace fs = std::filesystem;

/// What is missing below a directory was a link to nothing, or was deleted meanwhile: no problem, other than for a path
/// that was given.
bool is_missing(std::error_code why) {
  return why == std::errc::no_such_file_or_directory || why == std::errc::too_many_symbolic_link_levels ||
         why == std::errc::not_a_directory;
}

class walk {
 public:
  void add_given(const std::string& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::status_known(status) || !fs::exists(status)) {
      found_.problems.push_back({path, error ? error : std::make_error_code(std::errc::no_such_file_or_directory)});
      return;
    }
    if (fs::is_directory(status)) {
      directories_.emplace_back(path);
      walk_directories();
    } else if (fs::is_regular_file(status)) {
      add_file(path);
    } else {
      found_.problems.push_back({path, std::make_error_code(std::errc::operation_not_supported)});
    }
  }

  [[nodiscard]] files_found take() && {
    std::ranges::sort(found_.paths);
    const auto repeated = std::ranges::unique(found_.paths);
    found_.paths.erase(repeated.begin(), repeated.end());
    return std::move(found_);
  }

 private:
  /// A list of what is still to do instead of a recursion: a deep tree must not exhaust the stack.
  void walk_directories() {
    while (!directories_.empty()) {
      const fs::path directory = std::move(directories_.back());
      directories_.pop_back();
      std::error_code error;
      fs::directory_iterator entries{directory, error};
      while (!error && entries != fs::directory_iterator{}) {
        add_entry(*entries);
        entries.increment(error);
      }
      if (error) found_.problems.push_back({directory.string(), error});
    }
  }

  void add_entry(const fs::directory_entry& entry) {
    std::error_code error;
    const bool is_link = entry.is_symlink(error);
    const fs::file_status status = entry.status(error);
    if (fs::is_regular_file(status)) {
      add_file(entry.path().string());
    } else if (fs::is_directory(status) && !is_link) {
      directories_.push_back(entry.path());
    } else if (error && !is_missing(error)) {
      found_.problems.push_back({entry.path().string(), error});
    }
  }

  /// In a list of checksums "-" means the standard input.
  void add_file(std::string path) { found_.paths.push_back(path == "-" ? "./-" : std::move(path)); }

  files_found found_;
  std::vector<fs::path> directories_;
};

}  // namespace

files_found find_files(const std::vector<std::string>& given) {
  walk all;
  for (const std::string& path : given) all.add_given(path);
  return std::move(all).take();
}

}  // namespace checksum
