// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The page directory beyond its direct pages (src/pool/page_directory.cpp): threads that make pages, and the nodes above
/// them, at the same time, against one that finds what they made.
#include "event/cell.hpp"
#include "machine.hpp"
#include "model.hpp"
#include "pool/page_directory.hpp"

namespace explore = chime::explore;
using namespace chime::models;
using chime::detail::cell;
using chime::detail::page;
using explore::check;

namespace {

constexpr std::uint32_t first_beyond = 7;  // the first page that lies below the nodes

[[nodiscard]] constexpr std::uint32_t index_in(std::uint32_t page_number) {
  return page_number * page::cells_per_page + 1;
}

/// Whoever has a cell sees it made.
void use(const cell& c) { check(c.word.peek().generation() == 1, "a cell is not in its first use"); }

void grow_and_find(std::uint32_t one, std::uint32_t another) {
  machine kernel;
  const chime::allocator memory = kernel.memory();
  chime::detail::page_directory pages;
  const auto grow = [&](std::uint32_t number) {
    page* const made = pages.ensure(number, {}, false, memory);
    check(made != nullptr, "a page was not made although there is memory");
    use(made->cells[0]);
    check(&pages.at(index_in(number)) == &made->cells[0], "a page is not found where it was made");
  };
  explore::threads([&] { grow(one); }, [&] { grow(another); },
                   [&] {
                     for (const std::uint32_t number : {one, another}) {
                       if (const cell* const c = pages.find(index_in(number)); c != nullptr) use(*c);
                     }
                   });
  check(pages.find(index_in(one)) != nullptr && pages.find(index_in(another)) != nullptr, "a page is lost");
  pages.free_all(memory);
}

TEST(page_directory_model, two_threads_make_the_same_page) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] { grow_and_find(first_beyond, first_beyond); });
}

TEST(page_directory_model, two_threads_make_pages_below_the_same_nodes) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] { grow_and_find(first_beyond, first_beyond + 1); });
}

}  // namespace
