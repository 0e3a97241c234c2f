// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "command.hpp"

#include <fmt/core.h>

#include <atomic>
#include <chime/proactor.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <random>

#include "command_line/command_line.hpp"
#include "report.hpp"
#include "soak.hpp"

namespace chime::soak {
namespace {

struct words {
  options how;
  std::string backend;
  std::string json;
  unsigned seconds = 10;
};

std::atomic<bool> interrupted = false;

[[nodiscard]] std::vector<std::string> usable_backends(bool for_guests) {
  std::vector<std::string> names;
  for (const backend_report& report : probe_backends()) {
    if (report.usable && !(for_guests && report.name == "poll")) names.emplace_back(report.name);
  }
  return names;
}

/// False: the file cannot be written; told.
[[nodiscard]] bool write(const std::string& path, const std::string& text) {
  std::ofstream file{path};
  file << text << std::flush;
  if (!file) fmt::print(stderr, "soak: {} cannot be written\n", path);
  return bool{file};
}

int run(const CLI::App& app, words& w) {
  w.how.duration = std::chrono::seconds(w.seconds);
  (void)std::signal(SIGINT, [](int) { interrupted.store(true, std::memory_order_relaxed); });
  fmt::print(stderr, "soak: seed {}, {} producers\n", w.how.seed, w.how.producers);
  std::vector<outcome> all;
  for (const std::string& backend : w.backend.empty() ? usable_backends(w.how.guest) : std::vector{w.backend}) {
    auto one = run(backend, w.how, interrupted);
    if (!one) return programs::refuse(app, "cannot start", one.error());
    all.push_back(std::move(*one));
    if (!all.back().breaches.empty() || interrupted.load(std::memory_order_relaxed)) break;
  }
  if (all.empty()) {
    fmt::print(stderr, "soak: no backend works here\n");
    return programs::exit_failure;
  }
  fmt::print("{}", to_text(w.how, all));
  const bool written = w.json.empty() || write(w.json, to_json(w.how, all));
  if (!all.back().breaches.empty()) {
    fmt::print(stderr, "soak: FAILED; seed {}\n", w.how.seed);
    (void)std::fflush(nullptr);
    std::_Exit(programs::exit_failure);  // threads may still use what destructors would end
  }
  return written ? 0 : programs::exit_failure;
}

}  // namespace

std::function<int()> add_command(CLI::App& app) {
  const auto w = std::make_shared<words>();
  w->how.seed = std::random_device{}();
  CLI::App* const soak =
      app.add_subcommand("soak", "Run a random mix of everything, and account for every signal; exit 1 on any breach");
  soak->add_option("--seconds", w->seconds, "How long, on each backend (default: 10)")
      ->check(CLI::Range(1U, 31'536'000U));
  soak->add_option("--signals", w->how.signals, "End on each backend after so many signals, if that is earlier");
  soak->add_option("--seed", w->how.seed,
                   "Of every random choice; the threads' timing is not chosen (default: random)");
  soak->add_option("--backend", w->backend,
                   "io_uring, epoll or poll (default: all that run here, one after the other)");
  soak->add_option("--producers", w->how.producers, "Threads beside the loop's (default: 2)")
      ->check(CLI::Range(1U, 64U));
  soak->add_flag("--guest", w->how.guest,
                 "The loop is a guest of another one, which sleeps in poll(2) and epoll on its handle");
  soak->add_option("--json", w->json, "Write the result to this file, too");
  return [soak, w] { return run(*soak, *w); };
}

}  // namespace chime::soak
