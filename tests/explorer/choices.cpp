// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "explorer/choices.hpp"

#include <charconv>

namespace chime::explore {

void choices::restart() {
  position_ = 0;
  strayed_ = false;
}

void choices::begin_search() {
  branches_.clear();
  random_ = false;
  restart();
}

bool choices::next_in_search() {
  while (!branches_.empty() && branches_.back().taken + 1 == branches_.back().count) branches_.pop_back();
  if (branches_.empty()) return false;
  ++branches_.back().taken;
  restart();
  return true;
}

void choices::begin_random(std::uint64_t seed) {
  branches_.clear();
  random_ = true;
  restart();
  random_state_ = (seed + 1) * 0x9e3779b97f4a7c15U;
  // Some bugs want a switch at nearly every step, others a single one late: each execution has a rate of its own.
  rarity_mask_ = (std::uint64_t{2} << (draw() % 5)) - 1;
}

// SplitMix64: every seed gives a good sequence, also neighbouring ones.
std::uint64_t choices::draw() {
  std::uint64_t z = random_state_ += 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

unsigned choices::choose(unsigned count, odds how) {
  if (count <= 1) return 0;
  if (position_ < branches_.size()) {
    branch& known = branches_[position_++];
    if (known.count == 0 && known.taken < count) known.count = static_cast<std::uint8_t>(count);
    if (known.count != count) strayed_ = true;
    return strayed_ ? 0 : known.taken;
  }
  unsigned taken = 0;
  if (random_) {
    if (how == odds::even) {
      taken = static_cast<unsigned>(draw() % count);
    } else if ((draw() & rarity_mask_) == 0) {
      taken = 1 + static_cast<unsigned>(draw() % (count - 1));
    }
  }
  branches_.push_back({static_cast<std::uint8_t>(taken), static_cast<std::uint8_t>(count)});
  ++position_;
  return taken;
}

std::string choices::trace(const bounds& limits) const {
  std::string text = "p" + std::to_string(limits.preemptions) + "s" + std::to_string(limits.stale_reads) + "t" +
                     std::to_string(limits.time_outs);
  std::size_t plain = 0;
  for (const branch& b : branches_) {
    if (b.taken == 0) {
      ++plain;
      continue;
    }
    text += "," + std::to_string(plain) + ":" + std::to_string(b.taken);
    plain = 0;
  }
  return text;
}

bool choices::begin_replay(std::string_view trace, bounds& limits) {
  begin_search();
  const char* at = trace.data();
  const char* const end = at + trace.size();
  const auto number_after = [&](char mark, unsigned& value) {
    if (at == end || *at != mark) return false;
    const auto [next, error] = std::from_chars(at + 1, end, value);
    at = next;
    return error == std::errc{};
  };
  if (!number_after('p', limits.preemptions) || !number_after('s', limits.stale_reads) ||
      !number_after('t', limits.time_outs)) {
    return false;
  }
  unsigned plain = 0;
  unsigned taken = 0;
  while (number_after(',', plain)) {
    if (!number_after(':', taken) || taken == 0 || taken > 255) return false;
    branches_.resize(branches_.size() + plain, branch{0, 0});
    branches_.push_back({static_cast<std::uint8_t>(taken), 0});
  }
  return at == end;
}

}  // namespace chime::explore
