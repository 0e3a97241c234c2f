// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Runs the scenario once, in a process of its own, under the limits that its arguments name, and prints what came of it as
/// one line of JSON. Exit code 0: every promise was kept; 1: one was broken, and the line says which.
#include <linux/futex.h>
#include <malloc.h>
#include <seccomp.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <vector>

#include "assistant.hpp"
#include "belongings.hpp"
#include "failing_memory.hpp"
#include "scenario.hpp"

namespace {

struct arguments {
  faults::scenario_options scenario;
  bool without_numa = false;
  bool cold_heap = false;
  std::size_t fail_allocation = 0;
  std::size_t fail_allocations = 1;
  long descriptors = -1;
  long address_space = -1;
  long locked_memory = -1;
  std::vector<std::string> refused;
  int refused_with = EPERM;
};

/// Seconds after which a run that hangs is ended: a breach too.
constexpr unsigned patience = 20;

/// Counters of strace are kept for each thread: after these calls the first ones of the main thread and of the assistant
/// have different numbers.
void leave_the_first_numbers_to_the_assistant() {
  unsigned word = 0;
  for (int i = 0; i < 256; ++i) (void)::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

/// Gives the C library what it keeps for good: a heap with room, a thread's stack, one arena for all threads.
void settle_down(bool cold_heap) {
  ::mallopt(M_ARENA_MAX, 1);
  if (!cold_heap) {
    ::mallopt(M_TOP_PAD, 1 << 22);
    ::mallopt(M_TRIM_THRESHOLD, 1 << 23);
    std::vector<std::vector<char>> blocks(64, std::vector<char>(16384));
  }
  const faults::assistant helps;
}

/// Limits that are set when the scenario begins and lifted when enough errors have been reported.
struct {
  decltype(RLIMIT_NOFILE) what;
  long more = -1;  ///< than there is at the beginning; negative: no limit
  rlimit before = {};
} limited;

long in_use_now() {
  if (limited.what == RLIMIT_NOFILE) {
    const int next = ::dup(STDERR_FILENO);
    ::close(next);
    return next;
  }
  if (limited.what != RLIMIT_AS) return 0;
  long pages = 0;
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr || std::fscanf(file, "%ld", &pages) != 1) std::abort();
  (void)std::fclose(file);
  return pages * ::sysconf(_SC_PAGESIZE);
}

void set_limit() {
  if (limited.more < 0) return;
  if (::getrlimit(limited.what, &limited.before) != 0) std::abort();
  const rlimit wanted{static_cast<rlim_t>(in_use_now() + limited.more), limited.before.rlim_max};
  if (::setrlimit(limited.what, &wanted) != 0) std::abort();
}
void lift_limit() {
  if (limited.more >= 0 && ::setrlimit(limited.what, &limited.before) != 0) std::abort();
}

void refuse(const std::vector<std::string>& calls, int with) {
  if (calls.empty()) return;
  scmp_filter_ctx filter = ::seccomp_init(SCMP_ACT_ALLOW);
  for (const std::string& call : calls) {
    const int number = ::seccomp_syscall_resolve_name(call.c_str());
    if (::seccomp_rule_add(filter, SCMP_ACT_ERRNO(static_cast<unsigned>(with)), number, 0) != 0)
      throw std::runtime_error("cannot refuse " + call);
  }
  const int failed = ::seccomp_load(filter);
  ::seccomp_release(filter);
  if (failed != 0) throw std::runtime_error("no seccomp here");
}

nlohmann::json run(const arguments& a, faults::failing_memory& memory) {
  faults::ledger books;
  faults::scenario_options options = a.scenario;
  if (!a.cold_heap) options.memory = memory.get();
  options.numa = !a.without_numa;
  options.begin = set_limit;
  books.relief = lift_limit;
  if (a.descriptors >= 0) limited = {RLIMIT_NOFILE, a.descriptors};
  if (a.address_space >= 0) limited = {RLIMIT_AS, a.address_space};
  if (a.locked_memory >= 0) limited = {RLIMIT_MEMLOCK, a.locked_memory};
  settle_down(a.cold_heap);
  leave_the_first_numbers_to_the_assistant();
  const auto before = faults::belongings::count();
  refuse(a.refused, a.refused_with);
  std::string why;
  std::string backend;
  try {
    backend = faults::run_scenario(options, books);
  } catch (const std::exception& e) {
    why = e.what();
  }
  lift_limit();
  const auto after = faults::belongings::count();
  books.expect(memory.blocks_out() == 0, "memory of the allocator was leaked");

  nlohmann::json said = {
      {"backend", backend},
      {"submitted", books.submitted},
      {"completed", books.completed},
      {"signalled", books.signalled},
      {"allocations", memory.requests()},
      {"descriptors_left", static_cast<long>(after.descriptors) - static_cast<long>(before.descriptors)},
      {"bytes_left", static_cast<long>(after.mapped) - static_cast<long>(before.mapped)},
      {"reported", nlohmann::json::array()},
      {"breaches", books.breaches()}};
  if (!why.empty()) said["breaches"].push_back(why);
  for (const faults::report& r : books.reports()) said["reported"].push_back(r.site + (":" + faults::name_of(r.error)));
  return said;
}

}  // namespace

int main(int count, char** words) {
  arguments a;
  CLI::App app{"Runs one scenario under faults, and prints what came of it as a line of JSON."};
  app.add_option("--backend", a.scenario.backend, "io_uring, epoll or poll, with options; empty: the first that runs");
  app.add_flag("--calm", a.scenario.calm, "do nothing: what the process does by itself");
  app.add_flag("--without-numa", a.without_numa, "leave node-local memory out");
  app.add_option("--fail-allocation", a.fail_allocation, "the first request of memory that fails, from 1");
  app.add_option("--fail-allocations", a.fail_allocations, "how many fail from there on");
  app.add_flag("--cold-heap", a.cold_heap, "take memory from a heap that has to grow first");
  const std::string until = ", until four errors were reported";
  app.add_option("--descriptors", a.descriptors, "how many more the process may open" + until);
  app.add_option("--address-space", a.address_space, "bytes that it may map beyond what it has" + until);
  app.add_option("--locked-memory", a.locked_memory, "bytes that it may lock" + until);
  app.add_option("--refuse", a.refused, "system calls that fail");
  app.add_option("--refuse-with", a.refused_with, "the errno of these failures");
  CLI11_PARSE(app, count, words);

  ::alarm(patience);
  try {
    faults::failing_memory memory(a.fail_allocation, a.fail_allocations);
    const nlohmann::json said = run(a, memory);
    std::puts(said.dump().c_str());
    return said["breaches"].empty() ? 0 : 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "fault driver: %s\n", e.what());
    return 2;
  }
}
