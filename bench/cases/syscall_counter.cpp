// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cases/syscall_counter.hpp"

#include <linux/perf_event.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>

namespace chime::bench {
namespace {

[[noreturn]] void cannot_count(const std::string& why, int error) {
  throw std::runtime_error("cannot count system calls: " + why + ": " + std::strerror(error));
}

/// tracefs at a place of its own, for a machine on which nobody has mounted it.
class mounted_tracefs {
 public:
  mounted_tracefs() {
    if (mkdtemp(directory_.data()) == nullptr) cannot_count("mkdtemp", errno);
    if (mount("none", directory_.data(), "tracefs", 0, nullptr) != 0) {
      const int error = errno;
      rmdir(directory_.data());
      cannot_count("mounting tracefs (needs root)", error);
    }
  }
  mounted_tracefs(const mounted_tracefs&) = delete;
  mounted_tracefs& operator=(const mounted_tracefs&) = delete;
  ~mounted_tracefs() {
    umount2(directory_.data(), MNT_DETACH);
    rmdir(directory_.data());
  }
  [[nodiscard]] const char* path() const { return directory_.data(); }

 private:
  std::array<char, 32> directory_{"/tmp/chime-tracefs-XXXXXX"};
};

std::optional<std::uint64_t> read_id(const std::string& tracefs) {
  std::uint64_t id = 0;
  if (std::ifstream(tracefs + "/events/raw_syscalls/sys_enter/id") >> id) return id;
  return std::nullopt;
}

std::uint64_t tracepoint() {
  if (const auto id = read_id("/sys/kernel/tracing")) return *id;
  const mounted_tracefs own;
  if (const auto id = read_id(own.path())) return *id;
  throw std::runtime_error("cannot count system calls: the kernel has no tracepoint raw_syscalls:sys_enter");
}

}  // namespace

syscall_counter::syscall_counter(pid_t thread) {
  static const std::uint64_t id = tracepoint();
  perf_event_attr wanted{};
  wanted.size = sizeof wanted;
  wanted.type = PERF_TYPE_TRACEPOINT;
  wanted.config = id;
  descriptor_ = static_cast<int>(syscall(SYS_perf_event_open, &wanted, thread, -1, -1, PERF_FLAG_FD_CLOEXEC));
  if (descriptor_ < 0) cannot_count("perf_event_open (needs root or kernel.perf_event_paranoid = -1)", errno);
}

syscall_counter::~syscall_counter() { close(descriptor_); }

std::uint64_t syscall_counter::count() const {
  std::uint64_t value = 0;
  if (read(descriptor_, &value, sizeof value) != sizeof value) cannot_count("reading the counter", errno);
  return value;
}

}  // namespace chime::bench
