// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A server with a pool, a loop and a crew of threads.
#include <chime/chime.hpp>
#include <deque>

using namespace std::chrono_literals;

struct request {
  chime::ticket done;
  void answer(int status);
  void finished(chime::completion&& c);
};

struct workers {
  void push(request& r);
};

struct server {
  chime::proactor loop;
  chime::event_pool pool;
  workers crew;
  void start(request& r, chime::event ev);

  // HERE
};
