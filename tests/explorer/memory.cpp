// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "explorer/memory.hpp"

#include "explorer/execution.hpp"

#include <algorithm>

namespace chime::explore {
namespace {

bool acquires(std::memory_order order) {
  return order == std::memory_order_acquire || order == std::memory_order_acq_rel;
}

bool releases(std::memory_order order) {
  return order == std::memory_order_release || order == std::memory_order_acq_rel;
}

const char* text_of(std::memory_order order) {
  switch (order) {
    case std::memory_order_relaxed:
      return "relaxed";
    case std::memory_order_acquire:
      return "acquire";
    case std::memory_order_release:
      return "release";
    case std::memory_order_acq_rel:
      return "acq_rel";
    default:
      return "seq_cst";
  }
}

std::string text_of(word value) {
  if (value < 10000) return std::to_string(value);
  std::string text;
  for (; value != 0; value >>= 4) text.insert(text.begin(), "0123456789abcdef"[value & 15]);
  return "0x" + text;
}

// The memory model here has no total order over seq_cst accesses. To treat one as acq_rel could hide that the code
// relies on the difference, so the order is refused. So is an order that the kind of access does not have.
void admit(execution& run, std::memory_order order, bool is_load, bool is_store) {
  const bool known = order == std::memory_order_relaxed || acquires(order) || releases(order);
  if (!known) run.fail(std::string("the order ") + text_of(order) + " is not modelled: say which accesses pair");
  if ((acquires(order) && !is_load) || (releases(order) && !is_store)) {
    run.fail(std::string("an access of this kind cannot be ") + text_of(order));
  }
}

}  // namespace

void memory::reset() {
  location_count_ = 0;
  history_count_ = 0;
  cell_count_ = 0;
}

number memory::make_location(const void* owner, word value) {
  if (location_count_ == locations_.size()) locations_.emplace_back();
  location& at = locations_[location_count_++];
  at.owner = owner;
  at.name = nullptr;
  at.alive = true;
  at.birth = run_.advance_clock();
  at.initial = value;
  at.history = 0;
  return static_cast<number>(location_count_);
}

history& memory::begin_history(location& at, number n) {
  if (history_count_ == histories_.size()) histories_.emplace_back();
  history& h = histories_[history_count_++];
  at.history = static_cast<number>(history_count_);
  h.of = n;
  h.stores.clear();
  h.stores.push_back({at.initial, {}});
  for (auto& sightings : h.seen) sightings.clear();
  h.looked_in = {};
  h.touched = {};
  return h;
}

void memory::drop_location(number n, const void* owner) {
  if (n == 0 || n > location_count_ || locations_[n - 1].owner != owner) return;
  location& at = locations_[n - 1];
  if (at.history != 0 && !run_.self().now.covers(histories_[at.history - 1].touched)) {
    run_.fail(label(at, "atomic", n) + " is destroyed while another thread may still use it");
  }
  at.alive = false;
}

history& memory::enter(number n, const void* owner) {
  if (n == 0 || n > location_count_ || locations_[n - 1].owner != owner) {
    run_.fail("an atomic is used that was not constructed in this execution, or whose memory is gone");
  }
  location& at = locations_[n - 1];
  check_life(run_.self().now, at, "atomic", n);
  history& h = at.history != 0 ? histories_[at.history - 1] : begin_history(at, n);
  h.touched.note(run_.advance_clock());
  return h;
}

std::size_t memory::oldest_readable(const history& at) const {
  const vector_clock& now = run_.self().now;
  std::size_t oldest = 0;
  for (std::size_t i = 0; i < max_threads; ++i) {
    const auto& seen = at.seen[i];
    for (auto s = seen.rbegin(); s != seen.rend(); ++s) {
      if (s->at > now[i]) continue;
      oldest = std::max<std::size_t>(oldest, s->index);
      break;
    }
  }
  return oldest;
}

bool memory::must_be_fresh(const history& at) const { return at.looked_in[run_.running()] + 1 == run_.self().round; }

void memory::look(history& at, std::size_t index, std::memory_order order) {
  execution::thread_record& t = run_.self();
  const std::uint8_t me = run_.running();
  if (acquires(order)) t.now.join(at.stores[index].released);
  auto& seen = at.seen[me];
  if (seen.empty() || seen.back().index < index) seen.push_back({t.now[me], static_cast<std::uint16_t>(index)});
  at.looked_in[me] = t.round;
  t.looked = true;
  if (index + 1 < at.stores.size()) t.stirred = true;
}

void memory::append(history& at, word value, std::memory_order order, bool continues) {
  const bool changes = at.stores.back().value != value;
  store_record next{value, {}};
  if (continues) next.released = at.stores.back().released;
  if (releases(order)) next.released.join(run_.self().now);
  at.stores.push_back(next);
  const std::uint8_t me = run_.running();
  at.seen[me].push_back({run_.self().now[me], static_cast<std::uint16_t>(at.stores.size() - 1)});
  if (changes) run_.stir(&at);
}

word memory::load(number n, const void* owner, std::memory_order order) {
  admit(run_, order, true, false);
  run_.point();
  history& at = enter(n, owner);
  const std::size_t latest = at.stores.size() - 1;
  std::size_t index = latest;
  if (latest > 0 && run_.may_read_stale() && !must_be_fresh(at)) {
    const std::size_t depth = std::min<std::size_t>(latest - oldest_readable(at), history_depth_);
    index -= run_.choose(static_cast<unsigned>(depth) + 1, odds::plain_mostly);
    if (index != latest) run_.spend_stale_read();
  }
  look(at, index, order);
  const word value = at.stores[index].value;
  if (run_.telling()) tell(at, "loads", order, value, latest - index);
  return value;
}

void memory::store(number n, const void* owner, word value, std::memory_order order) {
  admit(run_, order, false, true);
  run_.point();
  history& at = enter(n, owner);
  append(at, value, order, false);
  if (run_.telling()) tell(at, "stores", order, value);
}

word memory::begin_update(number n, const void* owner, std::memory_order order) {
  admit(run_, order, true, true);
  run_.point();
  history& at = enter(n, owner);
  look(at, at.stores.size() - 1, order);
  return at.stores.back().value;
}

void memory::end_update(number n, word value, std::memory_order order) {
  history& at = histories_[locations_[n - 1].history - 1];
  const word old = at.stores.back().value;
  append(at, value, order, true);
  if (run_.telling()) tell(at, ("updates " + text_of(old) + " to").c_str(), order, value);
}

bool memory::compare_exchange(number n, const void* owner, word& expected, word desired, std::memory_order success,
                              std::memory_order failure, bool weak) {
  admit(run_, success, true, true);
  admit(run_, failure, true, false);
  run_.point();
  history& at = enter(n, owner);
  const std::size_t latest = at.stores.size() - 1;
  std::size_t index = latest;
  bool fails = at.stores[latest].value != expected;
  if (run_.may_read_stale() && !must_be_fresh(at)) {
    // A failing exchange is a mere load and may read an older store, if only that one differs from what is expected.
    const std::size_t oldest = latest - std::min<std::size_t>(latest - oldest_readable(at), history_depth_);
    unsigned others = weak && !fails ? 1U : 0U;
    for (std::size_t i = oldest; i < latest; ++i) others += at.stores[i].value != expected ? 1U : 0U;
    unsigned taken = run_.choose(others + 1, odds::plain_mostly);
    if (taken != 0) {
      run_.spend_stale_read();
      for (std::size_t i = latest; i-- > oldest && taken != 0;) {
        if (at.stores[i].value != expected && --taken == 0) index = i;
      }
      if (taken != 0) run_.self().stirred = true;  // A weak exchange fails without cause; to try again is no spinning.
      fails = true;
    }
  }
  look(at, index, fails ? failure : success);
  if (fails) {
    expected = at.stores[index].value;
    if (run_.telling()) tell(at, "fails to exchange, reading", failure, expected, latest - index);
    return false;
  }
  append(at, desired, success, true);
  if (run_.telling()) tell(at, ("exchanges " + text_of(expected) + " for").c_str(), success, desired);
  return true;
}

word memory::latest(number n, const void* owner) { return enter(n, owner).stores.back().value; }

void memory::tell(const history& at, const char* what, std::memory_order order, word value, std::size_t age) const {
  std::string line = std::string(what) + " " + text_of(value);
  line += " (" + std::string(text_of(order)) + ", ";
  line += label(locations_[at.of - 1], "atomic", at.of) + ")";
  if (age > 0) line += ", which is stale by " + std::to_string(age);
  run_.tell(line);
}

}  // namespace chime::explore
