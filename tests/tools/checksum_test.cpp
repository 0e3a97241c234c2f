// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The checksum example, against sha256sum as the judge.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "backend_test.hpp"
#include "command.hpp"
#include "temporary_tree.hpp"

using tools_test::contains;
using tools_test::on_every_backend;
using tools_test::outcome;
using tools_test::run;
using tools_test::temporary_tree;

namespace {

namespace fs = std::filesystem;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream{text};
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

class checksum : public on_every_backend {
 protected:
  [[nodiscard]] outcome sums_of(const std::vector<std::string>& words) const {
    std::vector<std::string> all{CHIME_CHECKSUM, "--backend", GetParam()};
    all.insert(all.end(), words.begin(), words.end());
    return run(all);
  }

  /// The tree's list must be complete, and sha256sum must agree with each line.
  void expect_agreement(const outcome& o, std::size_t files) const {
    EXPECT_EQ(lines_of(o.out).size(), files) << o.out;
    const std::string list = list_.write("list", o.out);
    const outcome verdict = run({"sha256sum", "-c", "--strict", "--quiet", list});
    EXPECT_EQ(verdict.exit_code, 0) << verdict.out << verdict.err;
  }

  temporary_tree tree_;
  temporary_tree list_;
};

INSTANTIATE_TEST_SUITE_P(backends, checksum, tools_test::every_backend, tools_test::backend_name);

TEST_P(checksum, agrees_with_sha256sum_on_a_tree) {
  constexpr std::size_t files = 300;
  for (std::size_t i = 0; i < files; ++i) {
    // Sizes around those of blocks and buffers, and none at all.
    tree_.write("d" + std::to_string(i % 7) + "/e/f" + std::to_string(i), std::string(i * i * 7, static_cast<char>(i)));
  }
  const outcome o = sums_of({tree_.root()});
  EXPECT_EQ(o.exit_code, 0) << o.err;
  expect_agreement(o, files);
}

TEST_P(checksum, agrees_on_files_larger_than_a_buffer) {
  tree_.write("large", std::string(5'000'001, 'x'));
  tree_.write("exact", std::string(256 * 1024, 'y'));
  expect_agreement(sums_of({tree_.root()}), 2);
}

TEST_P(checksum, prints_names_that_sha256sum_can_read_back) {
  const std::vector<std::string> names = {
      "plain",          "with space", " leading", "trailing ", "back\\slash", "line\nfeed", "car\rriage", "end\r",
      "\xff\xfe bytes", "*star",      "\\",       "-dash",     "tab\t",       "\\n",        "quote'\"",   "\xc3\xbc"};
  for (const std::string& name : names) tree_.write(name, "content of " + name);
  const outcome o = sums_of({tree_.root()});
  EXPECT_EQ(o.exit_code, 0) << o.err;
  expect_agreement(o, names.size());
}

TEST_P(checksum, prints_what_sha256sum_prints) {
  const std::vector<std::string> files = {tree_.write("a\\b", "1"), tree_.write("c\nd", "2"), tree_.write("e", "")};
  EXPECT_EQ(sums_of(files).out, run({"sha256sum", files[0], files[1], files[2]}).out);
}

TEST_P(checksum, sorts_by_path_whatever_the_number_of_threads) {
  for (int i = 0; i < 50; ++i)
    tree_.write("f" + std::to_string(i), std::string(static_cast<std::size_t>(50 - i) * 10'000, 'z'));
  const outcome one = sums_of({"--jobs", "1", tree_.root()});
  const outcome many = sums_of({"--jobs", "16", tree_.root()});
  EXPECT_EQ(one.out, many.out);
  std::vector<std::string> paths;
  for (const std::string& line : lines_of(one.out)) paths.push_back(line.substr(66));
  EXPECT_TRUE(std::ranges::is_sorted(paths));
}

TEST_P(checksum, reports_an_unreadable_file_and_does_the_others) {
  tree_.write("a", "1");
  temporary_tree::forbid(tree_.write("b", "2"));
  tree_.write("c", "3");
  const outcome o = sums_of({tree_.root()});
  EXPECT_EQ(o.exit_code, 1);
  EXPECT_TRUE(contains(o.err, (tree_ / "b") + ": Permission denied")) << o.err;
  expect_agreement(o, 2);
}

TEST_P(checksum, reports_a_file_that_fails_while_it_is_read) {
  tree_.write("a", "1");
  // A regular file that can be opened, but has nothing to read at its beginning.
  fs::create_symlink("/proc/self/mem", tree_ / "b");
  const outcome o = sums_of({tree_.root()});
  EXPECT_EQ(o.exit_code, 1);
  EXPECT_TRUE(contains(o.err, (tree_ / "b") + ": Input/output error")) << o.err;
  expect_agreement(o, 1);
}

TEST_P(checksum, reports_an_unreadable_directory_and_does_the_others) {
  tree_.write("a/x", "1");
  tree_.write("b/y", "2");
  temporary_tree::forbid(tree_ / "a");
  const outcome o = sums_of({tree_.root()});
  EXPECT_EQ(o.exit_code, 1);
  EXPECT_TRUE(contains(o.err, (tree_ / "a") + ": Permission denied")) << o.err;
  expect_agreement(o, 1);
}

TEST_P(checksum, reports_a_missing_path_and_does_the_others) {
  const outcome o = sums_of({tree_ / "missing", tree_.write("there", "1")});
  EXPECT_EQ(o.exit_code, 1);
  EXPECT_TRUE(contains(o.err, (tree_ / "missing") + ": No such file or directory")) << o.err;
  expect_agreement(o, 1);
}

TEST_P(checksum, takes_links_to_files_and_passes_over_what_is_no_file) {
  tree_.write("file", "1");
  tree_.write("directory/inside", "2");
  fs::create_symlink("file", tree_ / "link");
  fs::create_symlink("nothing", tree_ / "dangling");
  fs::create_symlink("circle", tree_ / "circle");
  fs::create_directory_symlink(tree_.root(), tree_ / "directory/up");
  ASSERT_EQ(mkfifo((tree_ / "pipe").c_str(), 0600), 0);
  const outcome o = sums_of({tree_.root()});
  EXPECT_EQ(o.exit_code, 0) << o.err;
  expect_agreement(o, 3);
}

TEST_P(checksum, follows_a_link_to_a_directory_that_is_given) {
  tree_.write("directory/inside", "1");
  fs::create_directory_symlink("directory", tree_ / "link");
  const outcome o = sums_of({tree_ / "link"});
  EXPECT_EQ(o.exit_code, 0) << o.err;
  expect_agreement(o, 1);
}

TEST_P(checksum, prints_a_file_that_is_reached_twice_once) {
  tree_.write("a", "1");
  expect_agreement(sums_of({tree_.root(), tree_ / "a", tree_.root()}), 1);
}

TEST_P(checksum, has_nothing_to_say_about_an_empty_directory) {
  const outcome o = sums_of({tree_.root()});
  EXPECT_EQ(o.exit_code, 0) << o.err;
  EXPECT_EQ(o.out, "");
}

TEST_P(checksum, makes_few_events_and_sums_up) {
  for (int i = 0; i < 200; ++i) tree_.write("f" + std::to_string(i), "four");
  const outcome o = sums_of({"--jobs", "2", tree_.root()});
  EXPECT_TRUE(contains(o.err, "checksum: 200 files, 800 bytes in ")) << o.err;
  EXPECT_TRUE(contains(o.err, " on " + GetParam() + "; ")) << o.err;
  EXPECT_TRUE(contains(o.err, "; 16 events made, 184 reused; ")) << o.err;
  EXPECT_FALSE(contains(o.err, "\x1b")) << "a progress bar where there is no terminal";
}

TEST(checksum_usage, refuses_an_unknown_backend) {
  const outcome o = run({CHIME_CHECKSUM, "--backend", "kqueue", "/etc"});
  EXPECT_EQ(o.exit_code, 2);
  EXPECT_EQ(o.out, "");
  EXPECT_TRUE(contains(o.err, "known are io_uring, epoll and poll")) << o.err;
}

TEST(checksum_usage, refuses_to_work_without_workers) {
  for (const char* jobs : {"0", "-1", "many", "1025"}) {
    const outcome o = run({CHIME_CHECKSUM, "--jobs", jobs, "/etc"});
    EXPECT_EQ(o.exit_code, 2) << jobs;
    EXPECT_TRUE(contains(o.err, "--jobs")) << o.err;
  }
  EXPECT_TRUE(contains(run({CHIME_CHECKSUM, "--jobs", "0", "/etc"}).err, "1 to 1024"));
}

TEST(checksum_usage, needs_a_path) {
  const outcome o = run({CHIME_CHECKSUM});
  EXPECT_EQ(o.exit_code, 2);
  EXPECT_TRUE(contains(o.err, "PATH is required")) << o.err;
}

TEST(checksum_usage, reports_a_given_path_that_is_no_file) {
  const outcome o = run({CHIME_CHECKSUM, "/dev/null"});
  EXPECT_EQ(o.exit_code, 1);
  EXPECT_TRUE(contains(o.err, "/dev/null: ")) << o.err;
}

TEST(checksum_usage, notices_that_its_output_is_lost) {
  const outcome o = run({"/bin/sh", "-c", "exec \"$0\" /etc/passwd >/dev/full", CHIME_CHECKSUM});
  EXPECT_EQ(o.exit_code, 1);
  EXPECT_TRUE(contains(o.err, "No space left on device")) << o.err;
}

TEST(checksum_usage, takes_a_file_named_dash_for_a_file) {
  const temporary_tree tree;
  tree.write("-", "content");
  const outcome o =
      run({"/bin/sh", "-c", "cd \"$1\" && \"$0\" -- - | sha256sum -c --strict", CHIME_CHECKSUM, tree.root()});
  EXPECT_EQ(o.exit_code, 0) << o.err;
  EXPECT_EQ(o.out, "./-: OK\n");
}

}  // namespace
