// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// http_offload: an HTTP server whose workers hash or compress what it is sent. Exit codes: 0 it was told to stop, and
/// nobody was cut off; 1 it could not start or go on, or had to cut somebody off; 2 bad usage.
#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <limits>
#include <map>

#include "command_line/command_line.hpp"
#include "server.hpp"

namespace {

using http_offload::completion_kind;
using http_offload::settings;

void add_time(CLI::App& app, const char* name, settings::duration& value, const char* what) {
  app.add_option_function<long>(
         name, [&value](long milliseconds) { value = settings::duration{milliseconds}; }, what)
      ->check(CLI::Range(1L, 24L * 60 * 60 * 1000))
      ->type_name("MILLISECONDS")
      ->default_str(fmt::format("{}", value.count()));
}

void add_options(CLI::App& app, settings& s) {
  static const std::map<std::string, completion_kind> kinds = {{"chime", completion_kind::chime},
                                                               {"post", completion_kind::post}};
  app.add_option("--port", s.port, "On 127.0.0.1; 0: any that is free")->capture_default_str();
  app.add_option("--threads", s.threads, "How many threads work")->check(CLI::Range(1U, 1024U))->capture_default_str();
  app.add_option("--completion", s.completion, "How workers tell that they are done: chime or post (default: chime)")
      ->transform(CLI::CheckedTransformer(kinds));
  app.add_option_function<unsigned>(
         "--spin", [&s](unsigned us) { s.spin = std::chrono::microseconds{us}; },
         "How long chime's loop looks again before it sleeps; pays if processors are more than busy threads")
      ->check(CLI::Range(0U, 1'000'000U))
      ->type_name("MICROSECONDS")
      ->default_str("0");
  app.add_option("--max-body", s.max_body, "Bytes of a body; more is answered by 413")
      ->check(CLI::Range(1UL, 1UL << 30))
      ->capture_default_str();
  app.add_option("--max-work", s.max_work, "Jobs under way; one more is answered by 503")
      ->check(CLI::Range(1UL, 1UL << 20))
      ->capture_default_str();
  app.add_option("--max-connections", s.max_connections, "One more is answered by 503 and closed")
      ->check(CLI::Range(1UL, 1UL << 20))
      ->capture_default_str();
  add_time(app, "--deadline", s.work_deadline, "Work that takes longer is answered by 504");
  add_time(app, "--read-timeout", s.read_timeout, "For a whole request");
  add_time(app, "--write-timeout", s.write_timeout, "For a whole answer");
  add_time(app, "--idle-timeout", s.idle_timeout, "Between two requests of a connection");
  add_time(app, "--grace", s.shutdown_grace, "After SIGTERM: what takes longer is cut off");
  app.add_option("--gate", s.gate, "For tests: a named pipe; each job reads a byte from it before it begins")
      ->check(CLI::ExistingPath);
}

/// What ends the loop by an exception ends the process: requests are under way that nobody will answer, so there is nothing
/// to be put in order.
[[nodiscard]] http_offload::summary serve(http_offload::server& server) noexcept {
  try {
    return server.run();
  } catch (const std::exception& error) {
    fmt::print(stderr, "http_offload: cannot go on: {}\n", error.what());
    std::_Exit(chime::programs::exit_failure);
  }
}

int run(const settings& s) {
  http_offload::server server{s};
  fmt::print("http_offload: listening on http://127.0.0.1:{}\n", server.port());
  std::fflush(stdout);
  const http_offload::summary all = serve(server);
  fmt::print(stderr, "http_offload: {} requests answered, {} connections cut off, {} jobs lost\n", all.answered,
             all.cut, all.lost);
  return all.cut == 0 && all.lost == 0 ? 0 : chime::programs::exit_failure;
}

}  // namespace

int main(int count, char** words) {
  settings s;
  s.threads = std::max(1U, std::thread::hardware_concurrency());
  CLI::App app{"An HTTP server: POST /sha256 and /gzip let a worker hash or compress the body.", "http_offload"};
  add_options(app, s);
  if (const auto end = chime::programs::parse(app, count, words)) return *end;
  try {
    return run(s);
  } catch (const std::exception& error) {
    fmt::print(stderr, "http_offload: {}\n", error.what());
    return chime::programs::exit_failure;
  }
}
