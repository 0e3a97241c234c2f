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

TEST(return_ring_model, full_and_round_again) {
  expect_holds({.preemptions = 3, .stale_reads = 2}, [] {
    chime::detail::return_ring<int, 2> ring;
    std::array<int, 4> items{};
    std::size_t put = 0;
    std::size_t taken = 0;
    const auto take = [&] {
      int* const item = ring.take();
      if (item == nullptr) return false;
      explore::check(item == &items[taken], "something was lost, or came out of turn");
      ++taken;
      return true;
    };
    explore::threads(
        [&] {
          for (int tries = 0; tries < 4; ++tries) {
            if (ring.put(&items[put])) ++put;
            ring.publish();
          }
        },
        [&] {
          for (int tries = 0; tries < 4; ++tries) (void)take();
        });
    while (take()) {
    }
    explore::check(taken == put, "something was left");
    explore::check(ring.put(&items[0]), "an empty ring is full");
  });
}

}  // namespace
