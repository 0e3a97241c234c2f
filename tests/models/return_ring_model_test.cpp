// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The ring of src/pool/return_ring.hpp by itself, so small that it is full and goes round: a slot is written again only
/// after it was read, and what was put in comes out, in order.
#include "pool/return_ring.hpp"

#include <array>

#include "model.hpp"

namespace explore = chime::explore;
using namespace chime::models;

namespace {

// As homes do it: the consumers, who follow each other, ask how many there are before they take; anybody asks too.
TEST(return_ring_model, full_and_round_again) {
  expect_holds({.preemptions = 3, .stale_reads = 2}, [] {
    chime::detail::return_ring<int, 2> ring;
    std::array<int, 3> items{};
    std::size_t put = 0;
    std::size_t taken = 0;
    chime::sync::atomic<bool> in_use{false};
    const auto consume = [&] {
      bool free = false;
      if (!in_use.compare_exchange_strong(free, true, std::memory_order_acquire, std::memory_order_relaxed)) return;
      for (auto left = ring.size(); left != 0; --left) {
        explore::check(ring.take() == &items[taken], "something was lost, or came out of turn");
        ++taken;
      }
      in_use.store(false, std::memory_order_release);
    };
    explore::threads(
        [&] {
          for (int tries = 0; tries < 4; ++tries) {
            if (put < items.size() && ring.put(&items[put])) ++put;
            ring.publish();
          }
        },
        consume, consume, [&] { explore::check(ring.size() <= items.size(), "more was taken than published"); });
    consume();
    explore::check(taken == put, "something was left");
    explore::check(ring.put(&items[0]) && ring.put(&items[1]), "an empty ring is full");
  });
}

}  // namespace
