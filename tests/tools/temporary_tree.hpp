// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A directory that goes away with its test.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace tools_test {

class temporary_tree {
 public:
  temporary_tree() {
    std::string name = (std::filesystem::temp_directory_path() / "chime-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory can be made");
    root_ = name;
  }
  temporary_tree(const temporary_tree&) = delete;
  temporary_tree& operator=(const temporary_tree&) = delete;
  ~temporary_tree() {
    // A test may have forbidden itself to look into a directory.
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator{root_, ignored}) {
      if (entry.is_directory(ignored)) permit(entry.path());
    }
    std::filesystem::remove_all(root_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return (root_ / name).string(); }

  /// Makes the directories on the way, too.
  std::string write(const std::string& name, const std::string& content) const {
    const std::filesystem::path path = root_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream{path, std::ios::binary} << content;
    return path.string();
  }
  static void forbid(const std::filesystem::path& path) {
    std::filesystem::permissions(path, std::filesystem::perms::none);
  }

 private:
  static void permit(const std::filesystem::path& path) {
    std::error_code ignored;
    std::filesystem::permissions(path, std::filesystem::perms::owner_all, ignored);
  }

  std::filesystem::path root_;
};

}  // namespace tools_test
