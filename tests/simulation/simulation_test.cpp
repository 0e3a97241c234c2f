// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Runs seeds. CHIME_SIM_SEED=N in the environment: that seed alone, every step of it told; CHIME_SIM_SEEDS=N: so many
/// instead of the usual number, in all.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "simulation.hpp"

namespace chime::simulation {
namespace {

constexpr std::uint64_t ranges = 8;
/// So many seconds without the end of a seed are a hang.
constexpr unsigned longest_seconds = 20;
/// Each kind of step happens at least once in so many seeds. (Fewer seeds than that prove nothing of it.)
constexpr std::uint64_t seeds_per_step = 1'000;

#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t usual_seeds = 10'000;
#else
constexpr std::uint64_t usual_seeds = 100'000;
#endif

[[nodiscard]] std::optional<std::uint64_t> number_from(const char* name) {
  const char* const text = std::getenv(name);
  if (text == nullptr || *text == '\0') return std::nullopt;
  return std::strtoull(text, nullptr, 10);
}

/// For crashes and hangs, which nobody else tells the seed of.
void tell_seed(int number) {
  char line[160];
  const int length =
      std::snprintf(line, sizeof line, "simulation: signal %d in seed %llu; replay it: ./dev simulate %llu\n", number,
                    static_cast<unsigned long long>(present_seed()), static_cast<unsigned long long>(present_seed()));
  if (length > 0) (void)!::write(STDERR_FILENO, line, static_cast<std::size_t>(length));
  (void)std::signal(number, SIG_DFL);
  (void)::raise(number);
}

class Simulation : public testing::TestWithParam<std::uint64_t> {
 protected:
  void SetUp() override {
    ::unsetenv("CHIME_BACKEND");  // the worlds choose
    for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGALRM}) (void)std::signal(number, tell_seed);
  }
  void TearDown() override { (void)::alarm(0); }
};

void print(const tally& counts) {
  for (std::size_t i = 0; i < step_count; ++i) {
    const std::string_view name = name_of(static_cast<step>(i));
    std::printf("  %-32.*s %12llu\n", static_cast<int>(name.size()), name.data(),
                static_cast<unsigned long long>(counts[i]));
  }
}

TEST_P(Simulation, holds_for_seeds) {
  if (const auto one = number_from("CHIME_SIM_SEED")) {
    if (GetParam() == 0) (void)run_seed(*one, true);
    return;
  }
  const std::uint64_t seeds = number_from("CHIME_SIM_SEEDS").value_or(usual_seeds) / ranges;
  tally counts{};
  std::uint64_t steps = 0;
  for (std::uint64_t seed = GetParam() * seeds; seed < (GetParam() + 1) * seeds; ++seed) {
    (void)::alarm(longest_seconds);
    const outcome done = run_seed(seed, false);
    steps += done.steps;
    for (std::size_t i = 0; i < step_count; ++i) counts[i] += done.counts[i];
  }
  std::printf("simulation: %llu seeds, %llu steps\n", static_cast<unsigned long long>(seeds),
              static_cast<unsigned long long>(steps));
  print(counts);
  for (std::size_t i = 0; i < step_count; ++i) {
    EXPECT_GE(counts[i], seeds / seeds_per_step) << name_of(static_cast<step>(i)) << " did not happen often enough";
  }
}
INSTANTIATE_TEST_SUITE_P(range, Simulation, testing::Range(std::uint64_t{0}, ranges));

TEST(SimulationItself, does_the_same_for_the_same_seed) {
  std::uint64_t different = 0;
  std::uint64_t before = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const outcome first = run_seed(seed, false);
    const outcome second = run_seed(seed, false);
    ASSERT_EQ(first.hash, second.hash) << "seed " << seed;
    ASSERT_EQ(first.steps, second.steps) << "seed " << seed;
    if (first.hash != before) ++different;
    before = first.hash;
  }
  EXPECT_EQ(different, 200U);
}

}  // namespace
}  // namespace chime::simulation
