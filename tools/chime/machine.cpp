// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "machine.hpp"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <thread>

namespace chime::tool {
namespace {

std::string first_line(const char* path) {
  std::ifstream file{path};
  std::string line;
  std::getline(file, line);
  return line;
}

/// The numbers in the kernel's notation for sets, "0-2,5".
std::vector<unsigned> numbers_in(const std::string& list) {
  std::vector<unsigned> numbers;
  std::istringstream text{list};
  for (std::string range; std::getline(text, range, ',');) {
    unsigned first = 0;
    unsigned last = 0;
    const int parts = std::sscanf(range.c_str(), "%u-%u", &first, &last);
    if (parts < 1) continue;
    for (unsigned n = first; n <= (parts == 1 ? first : last); ++n) numbers.push_back(n);
  }
  return numbers;
}

/// The number in a file of /proc, or none if the kernel has no such file.
std::optional<std::uint64_t> number_in(const char* path) {
  std::ifstream file{path};
  std::uint64_t number = 0;
  if (!(file >> number)) return std::nullopt;
  return number;
}

/// The value of a line "NAME:<tab>VALUE" of /proc/self/status.
std::string status_field(const std::string& name) {
  std::ifstream file{"/proc/self/status"};
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
  }
  return {};
}

std::optional<std::uint64_t> limit_value(rlim_t value) {
  if (value == RLIM_INFINITY) return std::nullopt;
  return value;
}

resource_limit limit_of(__rlimit_resource resource) {
  rlimit limit = {};
  // Fails only for a resource that does not exist.
  getrlimit(resource, &limit);
  return {limit_value(limit.rlim_cur), limit_value(limit.rlim_max)};
}

}  // namespace

machine look_at_machine() {
  utsname name = {};
  uname(&name);
  machine m;
  m.system = name.sysname;
  m.release = name.release;
  m.architecture = name.machine;
  m.cores_online = static_cast<unsigned>(sysconf(_SC_NPROCESSORS_ONLN));
  m.cores_allowed = std::thread::hardware_concurrency();  // counts the affinity mask, however many cores there are
  m.nodes_online = numbers_in(first_line("/sys/devices/system/node/online"));
  m.nodes_allowed = numbers_in(status_field("Mems_allowed_list"));
  m.open_files = limit_of(RLIMIT_NOFILE);
  m.locked_memory = limit_of(RLIMIT_MEMLOCK);
  m.nr_open = number_in("/proc/sys/fs/nr_open");
  m.max_user_watches = number_in("/proc/sys/fs/epoll/max_user_watches");
  m.io_uring_disabled = number_in("/proc/sys/kernel/io_uring_disabled");
  return m;
}

}  // namespace chime::tool
