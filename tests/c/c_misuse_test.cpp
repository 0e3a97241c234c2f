// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What C cannot forbid, and no result can tell of, stops the program with a message that says what was wrong.
#include <chime/chime.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace {

void nothing(void*, int, chime_event*) {}

class c_misuse : public testing::Test {
 protected:
  void SetUp() override {
    // A child of its own for every death, since the loops of this process are not for a forked one.
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    chime_proactor_options options = {};
    options.size = sizeof options;
    ASSERT_EQ(chime_proactor_create(&options, &loop_), 0);
    ASSERT_EQ(chime_pool_initialize(loop_, {}, 2, &pool_), 0);
    ASSERT_EQ(chime_pool_initialize(loop_, {}, 2, &other_), 0);
    ASSERT_EQ(chime_pool_acquire(&pool_, &event_), 0);
  }

  void TearDown() override {
    chime_pool_release(&pool_, event_);
    EXPECT_EQ(chime_pool_deinitialize(&other_), 0U);
    EXPECT_EQ(chime_pool_deinitialize(&pool_), 0U);
    EXPECT_EQ(chime_proactor_destroy(loop_), 0);
  }

  chime_proactor* loop_ = nullptr;
  chime_pool pool_ = {};
  chime_pool other_ = {};
  chime_event* event_ = nullptr;
};

using c_misuse_death_test = c_misuse;

TEST_F(c_misuse_death_test, double_release) {
  EXPECT_DEATH(
      {
        chime_pool_release(&pool_, event_);
        chime_pool_release(&pool_, event_);
      },
      "^chime: an event was released twice\n$");
}

TEST_F(c_misuse_death_test, double_release_by_a_cache) {
  EXPECT_DEATH(
      {
        chime_cache cache = {};
        (void)chime_cache_initialize(&pool_, &cache);
        chime_pool_release(&pool_, event_);
        chime_cache_release(&cache, event_);
      },
      "^chime: an event was released twice\n$");
}

TEST_F(c_misuse_death_test, release_while_a_wait_is_armed) {
  EXPECT_DEATH(
      {
        chime_event_submit(event_, -1, nothing, nullptr);
        chime_pool_release(&pool_, event_);
      },
      "^chime: an event was released while its wait is in flight\n$");
}

TEST_F(c_misuse_death_test, release_while_a_completion_is_on_its_way) {
  EXPECT_DEATH(
      {
        chime_event_submit(event_, 1, nothing, nullptr);
        chime_signal(chime_event_ticket(event_));
        chime_pool_release(&pool_, event_);
      },
      "^chime: an event was released while its wait is in flight\n$");
}

TEST_F(c_misuse_death_test, release_to_another_pool) {
  EXPECT_DEATH(chime_pool_release(&other_, event_), "^chime: an event was released to another pool than its own\n$");
  EXPECT_DEATH(chime_pool_release(nullptr, event_), "^chime: an event was released to another pool than its own\n$");
}

TEST_F(c_misuse_death_test, release_to_another_pools_cache) {
  EXPECT_DEATH(
      {
        chime_cache cache = {};
        (void)chime_cache_initialize(&other_, &cache);
        chime_cache_release(&cache, event_);
      },
      "^chime: an event was released to another pool's cache\n$");
  EXPECT_DEATH(
      {
        chime_cache unused = {};
        chime_cache_release(&unused, event_);
      },
      "^chime: an event was released to another pool's cache\n$");
  EXPECT_DEATH(chime_cache_release(nullptr, event_), "^chime: an event was released to a null cache\n$");
}

TEST_F(c_misuse_death_test, event_submitted_twice) {
  EXPECT_DEATH(
      {
        chime_event_submit(event_, -1, nothing, nullptr);
        chime_event_submit(event_, -1, nothing, nullptr);
      },
      "^chime: an event was submitted while its wait is in flight\n$");
}

TEST_F(c_misuse_death_test, blocking_while_a_wait_is_in_flight) {
  EXPECT_DEATH(
      {
        chime_event_submit(event_, -1, nothing, nullptr);
        (void)chime_event_wait(event_, 0);
      },
      "^chime: an event was waited for while another wait is in flight\n$");
}

TEST_F(c_misuse_death_test, event_submitted_with_null) {
  EXPECT_DEATH(chime_event_submit(nullptr, -1, nothing, nullptr), "^chime: a wait was submitted with a null event");
  EXPECT_DEATH(chime_event_submit(event_, -1, nullptr, nullptr), "^chime: a wait was submitted with a null event");
}

TEST_F(c_misuse_death_test, operation_submitted_twice) {
  EXPECT_DEATH(
      {
        chime_operation operation = {};
        chime_timer(loop_, &operation, -1, nothing, nullptr);
        chime_post(loop_, &operation, nothing, nullptr);
      },
      "^chime: an operation was submitted while it is in flight\n$");
}

TEST_F(c_misuse_death_test, operation_submitted_with_null) {
  chime_operation operation = {};
  const char* message = "^chime: an operation was submitted with a null proactor, operation or callback\n$";
  EXPECT_DEATH(chime_post(nullptr, &operation, nothing, nullptr), message);
  EXPECT_DEATH(chime_timer(loop_, nullptr, 0, nothing, nullptr), message);
  EXPECT_DEATH(chime_watch(loop_, &operation, 0, CHIME_READABLE, nullptr, nullptr), message);
}

TEST_F(c_misuse_death_test, watch_for_nothing) {
  chime_operation operation = {};
  const char* message = "^chime: a watch was submitted for neither CHIME_READABLE nor CHIME_WRITABLE\n$";
  EXPECT_DEATH(chime_watch(loop_, &operation, 0, 0, nothing, nullptr), message);
  EXPECT_DEATH(chime_watch(loop_, &operation, 0, 3, nothing, nullptr), message);
}

TEST_F(c_misuse_death_test, drain_by_no_policy) {
  chime_operation operation = {};
  EXPECT_DEATH(chime_drain(loop_, &operation, 0, 7, -1, nothing, nullptr),
               "^chime: a handle was submitted with a drain policy that is none\n$");
  EXPECT_DEATH(chime_drain_signal(loop_, &operation, 0, nullptr, -1, nothing, nullptr),
               "^chime: a signalfd was submitted with nowhere to put its signal\n$");
}

TEST_F(c_misuse_death_test, pool_deinitialised_before_its_cache) {
  EXPECT_DEATH(
      {
        chime_cache cache = {};
        (void)chime_cache_initialize(&other_, &cache);
        (void)chime_pool_deinitialize(&other_);
      },
      "^chime: a pool was closed before one of its caches was destroyed\n$");
}

TEST_F(c_misuse_death_test, native_descriptor_closed_by_somebody_else) {
  EXPECT_DEATH(
      {
        chime_pool native = {};
        chime_pool_options options = {};
        options.size = sizeof options;
        options.native = true;
        chime_event* event = nullptr;
        intptr_t handle = -1;
        (void)chime_pool_initialize_with(loop_, {}, &options, &native);
        (void)chime_pool_acquire(&native, &event);
        (void)chime_event_native(event, &handle);
        ::close(static_cast<int>(handle));
        chime_signal(chime_event_ticket(event));
      },
      "^chime: signalling a native event failed: its descriptor was closed by somebody else\n$");
}

}  // namespace
