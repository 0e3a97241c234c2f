// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <sys/wait.h>
#include <unistd.h>
#include <chime/chime.hpp>
#include <cstdint>
#include <cstdio>
using namespace std::chrono_literals;
// A driver, or another process, knows only the descriptor.
static void foreign(int fd) {
  std::uint64_t one = 1;
  (void)!::write(fd, &one, sizeof one);
}
int main() {
  chime::proactor loop;
  loop.open().value();
  chime::event_pool pool;
  pool.open(loop, {.initial_capacity = 8, .native = true}).value();
  chime::event fence = pool.acquire().value();
  int fd = static_cast<int>(fence.native().value());
  pid_t child = ::fork();
  if (child == 0) {
    foreign(fd);
    ::_exit(0);
  }
  auto done = [&](chime::completion&& c) {
    std::printf("fence: %s\n", c.error ? c.error.message().c_str() : "passed");
    loop.stop();
  };
  std::move(fence).submit(done, chime::clock::now() + 5s);
  loop.run().value();
  ::waitpid(child, nullptr, 0);
}
