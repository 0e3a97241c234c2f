// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// checksum: prints the SHA-256 of files and of everything below directories, in the form of sha256sum, hashing several
/// at once. Exit codes: 0 all was hashed; 1 something could not be read; 2 bad usage.
#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>

#include "checksummer.hpp"
#include "command_line/command_line.hpp"
#include "file_walk.hpp"
#include "sum_line.hpp"

namespace {

struct options {
  unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
  std::string backend;
  std::vector<std::string> paths;
};

void tell(const checksum::problem& p) { fmt::print(stderr, "checksum: {}: {}\n", p.path, p.why.message()); }

void tell_summary(const checksum::checksummer& all, chime::clock::duration took) {
  const checksum::totals sum = all.sum();
  const std::size_t reused = all.jobs().size() - std::min(all.jobs().size(), sum.pool.made);
  fmt::print(stderr,
             "checksum: {} files, {} bytes in {:.3f} s on {}; {} events made, {} reused; {} sleeps, {} wake-ups\n",
             sum.files, sum.bytes, std::chrono::duration<double>(took).count(), all.backend(), sum.pool.made, reused,
             sum.loop.sleeps, sum.loop.wakeups);
}

/// Prints the lines, and what could not be read. False: not everything was hashed and printed.
bool print(const checksum::checksummer& all) {
  bool complete = true;
  for (const checksum::file_job& job : all.jobs()) {
    if (job.hash.error) {
      tell({job.path, job.hash.error});
      complete = false;
    } else {
      const std::string line = checksum::sum_line(job.hash.sum, job.path);
      std::fwrite(line.data(), 1, line.size(), stdout);
    }
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    tell({"standard output", {errno, std::system_category()}});
    complete = false;
  }
  return complete;
}

int run(const CLI::App& app, const options& o) {
  const auto start = chime::clock::now();
  checksum::files_found found = checksum::find_files(o.paths);
  std::ranges::for_each(found.problems, tell);

  checksum::checksummer all{o.jobs, std::move(found.paths)};
  if (auto opened = all.open(o.backend); !opened) return chime::programs::refuse(app, "cannot start", opened.error());
  if (auto ran = all.run(); !ran) return chime::programs::refuse(app, "cannot go on", ran.error());
  const auto took = chime::clock::now() - start;

  const bool complete = print(all) && found.problems.empty();
  tell_summary(all, took);
  return complete ? 0 : chime::programs::exit_failure;
}

}  // namespace

int main(int count, char** words) {
  options o;
  CLI::App app{
      "Prints the SHA-256 of files, and of all files below directories, as sha256sum does. Links to files count as "
      "files; "
      "links to directories are followed only if given as a PATH; what is no file is passed over.",
      "checksum"};
  app.add_option("--jobs", o.jobs, "How many threads hash (default: one for each core)")->check(CLI::Range(1U, 1024U));
  app.add_option("--backend", o.backend, "io_uring, epoll or poll (default: the first that runs here)");
  app.add_option("PATH", o.paths, "Files and directories")->required();
  if (const auto end = chime::programs::parse(app, count, words)) return *end;
  try {
    return run(app, o);
  } catch (const std::exception& error) {
    fmt::print(stderr, "checksum: {}\n", error.what());
    return chime::programs::exit_failure;
  }
}
