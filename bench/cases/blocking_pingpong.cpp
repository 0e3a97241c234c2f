// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Two threads without a loop, each on its processor, wait for each other in turn. In the figures: from the call of
/// signal to the return of the wait for the answer, a round trip, less what the other side paused on purpose.
/// blocking/pingpong: the other side answers at once. blocking/pingpong-10us: it answers 10 us later, so that a wait may
/// be spun out or slept out. blocking/pingpong-asleep: both sides pause for 200 us, so that whoever waits sleeps.
/// All subjects are measured in one process, some trips at a time, in an order that is drawn anew for each round: what
/// one does to the processors, such as never to let them rest, meets another one each time.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "cases/percentiles.hpp"
#include "cases/worker.hpp"
#include "harness/clock.hpp"
#include "harness/job.hpp"
#include "harness/thread.hpp"
#include "rivals/blocking/baton.hpp"
#include "rivals/blocking/chime.hpp"
#include "rivals/blocking/standard.hpp"

namespace chime::bench {
namespace {

struct variant {
  const char* case_name;
  const char* unit;
  double unit_ns;
  std::int64_t pause_ns;  ///< before each signal, on both sides
  std::size_t batch;      ///< trips of one subject at a time
  std::size_t rounds;     ///< batches of each subject
};

constexpr variant at_once{
    .case_name = "blocking/pingpong", .unit = "ns", .unit_ns = 1, .pause_ns = 0, .batch = 500, .rounds = 40};
constexpr variant soon{
    .case_name = "blocking/pingpong-10us", .unit = "us", .unit_ns = 1e3, .pause_ns = 10'000, .batch = 50, .rounds = 40};
constexpr variant asleep{.case_name = "blocking/pingpong-asleep",
                         .unit = "us",
                         .unit_ns = 1e3,
                         .pause_ns = 200'000,
                         .batch = 1,
                         .rounds = 400};

constexpr std::size_t warm_up_rounds = 5;  // a waiter that spins before it sleeps learns whether that pays

/// One subject's pair, and what its round trips took.
class player {
 public:
  player() = default;
  player(const player&) = delete;
  player& operator=(const player&) = delete;
  virtual ~player() = default;
  [[nodiscard]] virtual const char* name() const = 0;
  virtual void open(unsigned who) = 0;
  virtual void close(unsigned who) = 0;
  virtual void serve(const variant&) = 0;
  virtual void answer(const variant&) = 0;

  std::vector<std::int64_t> trips_ns;
};

template <class Pair>
class player_of final : public player {
 public:
  [[nodiscard]] const char* name() const override { return Pair::name; }
  void open(unsigned who) override { sides_[who] = std::make_unique<typename Pair::side>(pair_, who); }
  void close(unsigned who) override { sides_[who].reset(); }
  void serve(const variant& how) override {
    typename Pair::side& mine = *sides_[0];
    for (std::size_t i = 0; i < how.batch; ++i) {
      if (how.pause_ns > 0) pause_until(now_ns() + how.pause_ns);
      const std::int64_t signalled_ns = now_ns();
      mine.signal();
      mine.wait();
      trips_ns.push_back(now_ns() - signalled_ns - how.pause_ns);
    }
  }
  void answer(const variant& how) override {
    typename Pair::side& mine = *sides_[1];
    for (std::size_t i = 0; i < how.batch; ++i) {
      mine.wait();
      if (how.pause_ns > 0) pause_until(now_ns() + how.pause_ns);
      mine.signal();
    }
  }

 private:
  Pair pair_;
  std::unique_ptr<typename Pair::side> sides_[2];
};

/// Calls `add.template operator()<Pair>()` for each.
template <class Add>
void for_each_pair(Add add) {
  add.template operator()<chime_pair>();
  add.template operator()<chime_cache_pair>();
  add.template operator()<standard_pair<semaphore_signal>>();
  add.template operator()<standard_pair<condition_signal>>();
  add.template operator()<baton_pair<spin_then_futex>>();
  add.template operator()<baton_pair<futex_only>>();
  add.template operator()<baton_pair<spin_only>>();
}

using players = std::vector<std::unique_ptr<player>>;

/// Both threads go through the same rounds, and draw the same order for each.
template <class Play>
void play(players& all, unsigned who, std::size_t rounds, starting_line& start, Play turn) {
  for (auto& each : all) each->open(who);
  std::mt19937 random(1);
  std::vector<player*> order;
  for (auto& each : all) order.push_back(each.get());
  start.arrive();
  for (std::size_t round = 0; round < warm_up_rounds + rounds; ++round) {
    std::ranges::shuffle(order, random);
    for (player* next : order) {
      turn(*next);
      if (who == 0 && round < warm_up_rounds) next->trips_ns.clear();
    }
  }
  for (auto& each : all) each->close(who);
}

std::vector<figure> measure(const sampling& s, const variant& how) {
  const std::size_t rounds = s.quick ? how.rounds / 10 : how.rounds;
  players all;
  for_each_pair([&all]<class Pair>() { all.push_back(std::make_unique<player_of<Pair>>()); });
  for (auto& each : all) each->trips_ns.reserve(how.batch * (rounds + 1));
  {
    starting_line start(2);
    worker answering(s.first_cpu, [&] { play(all, 1, rounds, start, [&how](player& one) { one.answer(how); }); });
    worker serving(s.second_cpu, [&] { play(all, 0, rounds, start, [&how](player& one) { one.serve(how); }); });
  }
  std::vector<figure> figures;
  for (auto& each : all) {
    for (figure& f : percentiles(each->name(), std::move(each->trips_ns), how.unit_ns)) figures.push_back(std::move(f));
  }
  return figures;
}

}  // namespace

void add_blocking_cases(job_list& jobs) {
  for (const variant& how : {at_once, soon, asleep}) {
    job all{.case_name = how.case_name, .subjects = {}, .unit = how.unit, .sample = [how](const sampling& s) {
              return measure(s, how);
            }};
    for_each_pair([&all]<class Pair>() { all.subjects.emplace_back(Pair::name); });
    jobs.push_back(std::move(all));
  }
}

}  // namespace chime::bench
