// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What a thread writes before it makes a handle ready is visible to the completion that this brings. ThreadSanitizer, which
/// must be told of such an order where the kernel makes it, is told of no more: what is written afterwards is a race.
#include <unistd.h>

#include "world.hpp"

namespace conformance {
namespace {

/// A variable that another thread writes and a completion reads, without any order but the handle's. In a build with
/// ThreadSanitizer every access is judged; it remembers only a few for each 8 bytes.
struct shared_data {
  alignas(64) int value = 0;
  alignas(64) int seen = 0;
  void done(chime::completion&& c) noexcept {
    if (!c.error) seen = value;
  }
};

template <class Notify>
void write_around(shared_data& data, Notify notify, bool races) {
  data.value = 1;
  notify();
  if (races) data.value = 2;
}

struct visibility : in_world {
  /// A wait for an event that is signalled by its handle.
  void wait_for_event(bool races) {
    shared_data data;
    open_pool();
    chime::event ev = acquire();
    const auto handle = ev.native_signal().value();
    std::move(ev).submit(chime::callback::to<&shared_data::done>(data));
    const std::jthread writer{
        [&] { write_around(data, [&] { EXPECT_TRUE(foreign_signal(handle, GetParam().events)); }, races); }};
    EXPECT_TRUE(poll_until([&data] { return data.seen != 0; }));
  }
  /// A watch of a pipe that is written to.
  void watch_pipe(bool races) {
    shared_data data;
    const descriptor_pair pipe = descriptor_pair::pipe();
    loop.submit(make_operation(), chime::callback::to<&shared_data::done>(data), pipe.first, chime::interest::readable);
    const std::jthread writer{[&] { write_around(data, [&] { EXPECT_TRUE(write_byte(pipe.second)); }, races); }};
    EXPECT_TRUE(poll_until([&data] { return data.seen != 0; }));
  }
};

struct native_visibility : visibility {};
struct watch_visibility : visibility {};
IN_EVERY_NATIVE_WORLD(native_visibility);
ON_EVERY_BACKEND(watch_visibility);

TEST_P(native_visibility, what_was_written_before_a_foreign_signal_is_seen) { wait_for_event(false); }
TEST_P(watch_visibility, what_was_written_before_the_handle_became_readable_is_seen) { watch_pipe(false); }

#if defined(__SANITIZE_THREAD__)
// The order that ThreadSanitizer is told of hides no race.
TEST_P(native_visibility, a_write_after_the_foreign_signal_is_a_race) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(wait_for_event(true), "data race");
}
TEST_P(watch_visibility, a_write_after_the_handle_became_readable_is_a_race) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(watch_pipe(true), "data race");
}
#endif

}  // namespace
}  // namespace conformance
