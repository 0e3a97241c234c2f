// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "harness/machine.hpp"

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <system_error>

#include "commit.hpp"  // made by the build

namespace chime::bench {

namespace {

std::string processor_name() {
  std::ifstream from("/proc/cpuinfo");
  for (std::string line; std::getline(from, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

double memory_gib() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page_size = sysconf(_SC_PAGE_SIZE);
  return pages < 0 || page_size < 0 ? 0 : static_cast<double>(pages) * static_cast<double>(page_size) / (1 << 30);
}

std::string kernel_name() {
  utsname name = {};
  return uname(&name) == 0 ? fmt::format("{} {}", name.sysname, name.release) : "unknown";
}

}  // namespace

machine this_machine() {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return {.processor = processor_name(),
          .processors = static_cast<int>(usable_processors().size()),
          .memory_gib = memory_gib(),
          .kernel = kernel_name(),
          .compiler = CHIME_BENCH_COMPILER,
          .flags = CHIME_BENCH_FLAGS,
          .commit = commit,
          .date = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", now)};
}

std::vector<int> usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot tell which processors may be used");
  }
  std::vector<int> usable;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<unsigned>(cpu), &set)) usable.push_back(cpu);
  }
  return usable;
}

}  // namespace chime::bench
