// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The C interface, used as a C program uses it. Arguments: backends to run on; without any, all of them.
/// Exit code 0: all checks held; 1: some did not; 77: the only backend that was asked for cannot run here.
#include <stdatomic.h>
#include <string.h>

#include "check.h"

_Atomic unsigned failures;

bool check(bool held, const char* text, const char* file, int line) {
  if (!held) {
    fprintf(stderr, "%s:%d: failed: %s\n", file, line, text);
    atomic_fetch_add(&failures, 1U);
  }
  return held;
}

bool check_equal(long long actual, long long expected, const char* text, const char* file, int line) {
  if (actual != expected) {
    fprintf(stderr, "%s:%d: failed: %s is %lld, should be %lld\n", file, line, text, actual, expected);
    atomic_fetch_add(&failures, 1U);
  }
  return actual == expected;
}

void note(void* context, int status, chime_event* event) {
  record* r = context;
  ++r->calls;
  r->status = status;
  r->event = event;
}

void poll_until(chime_proactor* loop, const unsigned* counter, unsigned wanted) {
  while (*counter < wanted) {
    const int ran = chime_proactor_poll(loop, patience_ns);
    if (!CHECK(ran > 0)) return;
  }
  CHECK_EQUAL(*counter, wanted);
}

void expect(chime_proactor* loop, record* r, int status, const char* file, int line) {
  poll_until(loop, &r->calls, 1);
  check_equal(r->status, status, "the completion's status", file, line);
  r->calls = 0;
}

chime_proactor* make_loop(const char* backend) {
  chime_proactor_options options = {.size = sizeof options, .backend = backend};
  chime_proactor* loop = NULL;
  CHECK_EQUAL(chime_proactor_create(&options, &loop), 0);
  return loop;
}

/// False, without a failed check, only if this machine cannot run it.
static bool runs_here(const char* backend) {
  chime_proactor_options options = {.size = sizeof options, .backend = backend};
  chime_proactor* loop = NULL;
  const int error = chime_proactor_create(&options, &loop);
  if (error == 0) return chime_proactor_destroy(loop) == 0;
  fprintf(stderr, "%s cannot run here: %s\n", backend, strerror(-error));
  CHECK_EQUAL(error, -EOPNOTSUPP);
  return false;
}

static const struct {
  const char* name;
  void (*run)(const char* backend);
} parts[] = {
    {"arguments", test_arguments},   {"loop", test_loop},       {"guest", test_guest},
    {"operations", test_operations}, {"pool", test_pool},       {"memory", test_memory},
    {"events", test_events},         {"threads", test_threads}, {"native", test_native},
};

static void run_on(const char* backend) {
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; ++i) {
    const unsigned before = atomic_load(&failures);
    parts[i].run(backend);
    printf("%-24s %-12s %s\n", backend, parts[i].name, atomic_load(&failures) == before ? "passed" : "FAILED");
  }
}

int main(int count, char** arguments) {
  static const char* const all[] = {
      "io_uring", "io_uring:no-defer", "io_uring:plain-read", "io_uring:linked-read", "epoll", "poll"};
  int ran = 0;
  if (count > 1) {
    for (int i = 1; i < count; ++i) {
      if (runs_here(arguments[i])) run_on(arguments[i]), ++ran;
    }
  } else {
    for (size_t i = 0; i < sizeof all / sizeof all[0]; ++i) {
      if (runs_here(all[i])) run_on(all[i]), ++ran;
    }
  }
  if (atomic_load(&failures) != 0) return 1;
  return ran != 0 ? 0 : 77;
}
