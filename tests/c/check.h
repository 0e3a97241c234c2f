// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What the parts of the C test share: a check that counts, a loop to test with, and a callback that records.
#pragma once

#include <chime/chime.h>
#include <errno.h>
#include <stdio.h>

/// Failed checks so far, in all threads.
extern _Atomic unsigned failures;

#define CHECK(condition) check((condition), #condition, __FILE__, __LINE__)
#define CHECK_EQUAL(actual, expected) \
  check_equal((long long)(actual), (long long)(expected), #actual, __FILE__, __LINE__)

/// Both return whether it held.
bool check(bool held, const char* text, const char* file, int line);
bool check_equal(long long actual, long long expected, const char* text, const char* file, int line);

static const chime_allocator heap = {NULL, NULL, NULL};
/// Longer than anything here takes, on any machine; a test that waits for so long has failed.
static const int64_t patience_ns = 60000000000;

/// What a callback was called with, the last time, and how often.
typedef struct record {
  unsigned calls;
  int status;
  chime_event* event;
} record;
/// Its context is a record.
void note(void* context, int status, chime_event* event);
/// Polls until *counter is `wanted`, or fails a check.
void poll_until(chime_proactor* loop, const unsigned* counter, unsigned wanted);
/// Waits for the one completion of `r`, which must have the status, and forgets it.
void expect(chime_proactor* loop, record* r, int status, const char* file, int line);
#define EXPECT(loop, r, status) expect(loop, r, status, __FILE__, __LINE__)

/// A proactor on the backend, or null (said by a check).
chime_proactor* make_loop(const char* backend);

// The parts. Each takes the name of a backend that runs here.
void test_arguments(const char* backend);
void test_loop(const char* backend);
void test_guest(const char* backend);
void test_operations(const char* backend);
void test_pool(const char* backend);
void test_memory(const char* backend);
void test_events(const char* backend);
void test_threads(const char* backend);
void test_native(const char* backend);
