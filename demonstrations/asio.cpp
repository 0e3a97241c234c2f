// Demonstrations, not part of the build: c++ -std=c++23 -O1 -DASIO_STANDALONE -I include demonstrations/asio.cpp libchime.a -luring
// align (ASan, without the replaced operator new) | slot | start | lent | widened (with a usleep in driver::start behind its exchange)
#include <unistd.h>
#include <asio.hpp>
#include <chime/asio.hpp>
#include <chime/chime.hpp>
#include <cstdio>
#include <thread>
#include <new>
#include <optional>
#include <atomic>
#include <cstdlib>
#include <cstring>
using namespace std::chrono_literals;
static thread_local long fail_at = -1;
void* operator new(std::size_t n) {
  if (fail_at > 0 && --fail_at == 0) throw std::bad_alloc();
  void* p = std::malloc(n); if (!p) throw std::bad_alloc(); return p;
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
struct world {
  asio::io_context io{1};
  chime::proactor loop; chime::event_pool pool;
  world() { loop.open({.guest = true}).value(); pool.open(loop, {.initial_capacity = 16}).value(); }
};
template <std::size_t A, std::size_t N> struct alignas(A) handler {
  char bytes[N];
  void** at;
  void operator()(std::error_code) const { if (at) *at = (void*)this; }
};
template <class H> constexpr std::size_t size_of = sizeof(chime::detail::standalone_asio::wait_for<H, chime::detail::standalone_asio::no_work>);
static void alignment() {
  world w; chime::asio_guest g(w.io.get_executor(), w.loop);
  // first: ordinary handler, whose block (size S) is kept; then over-aligned handler of the same size
  struct alignas(64) big { char b[64]; bool* bad; chime::asio_guest* g; chime::event_pool* p;
     void operator()(std::error_code) const {} };
  using namespace chime::detail::standalone_asio;
  constexpr std::size_t S = sizeof(wait_for<big, no_work>);
  constexpr std::size_t base = sizeof(wait_for<handler<8,8>, no_work>) - sizeof(handler<8,8>);
  struct small { char fill[S - base - 16]; chime::asio_guest* g; chime::event* ev;
     void operator()(std::error_code) { g->async_wait(std::move(*ev), big{}); } };
  static_assert(sizeof(wait_for<small, no_work>) == S);
  int odd = 0;
  for (int i = 0; i < 20; ++i) {
    void* pad = std::malloc(16 + 16 * i); (void)pad;
    chime::event e1 = w.pool.acquire().value(), e2 = w.pool.acquire().value();
    e1.get_ticket().signal(); auto t2 = e2.get_ticket();
    // look at the address from inside: run until waiting, then find by allocate hook
    small s{}; s.g = &g; s.ev = &e2;
    g.async_wait(std::move(e1), s);
    t2.signal();
    w.io.restart(); w.io.run();
  }
  (void)odd;
}
static void slot_throws() {
  // the slot's memory cannot be had: the wait was counted already
  for (long n = 1; n < 8; ++n) {
    world w;
    {
      chime::asio_guest g(w.io.get_executor(), w.loop);
      asio::cancellation_signal sig;
      chime::event e = w.pool.acquire().value();
      auto h = asio::bind_cancellation_slot(sig.slot(), [](std::error_code) {});
      bool threw = false;
      fail_at = n;
      try { g.async_wait(std::move(e), h); } catch (const std::bad_alloc&) { threw = true; }
      fail_at = -1;
      if (!threw) { std::printf("slot: allocation %ld not reached\n", n); w.pool.cancel_all(); w.io.run(); break; }
      std::thread watchdog([&] { std::this_thread::sleep_for(500ms); if (!w.io.stopped()) { std::printf("slot: failed allocation %ld: run() does not return\n", n); std::fflush(stdout); } w.io.stop(); });
      w.io.run(); watchdog.join();
      std::printf("slot: allocation %ld failed, now destroying the guest\n", n); std::fflush(stdout);
    }
  }
}
static void start_throws() {
  world w;
  chime::asio_guest g(w.io.get_executor(), w.loop);
  fail_at = 1;
  try { g.start(); std::puts("start: no throw"); } catch (const std::bad_alloc&) { std::puts("start threw; destroying the guest"); }
  fail_at = -1; std::fflush(stdout);
}
static void start_stop(int rounds) {
  for (int i = 0; i < rounds; ++i) {
    world w;
    chime::asio_guest g(w.io.get_executor(), w.loop);
    std::atomic<bool> done{false}, go{false};
    auto work = std::make_optional(asio::make_work_guard(w.io));
    std::thread io([&] { w.io.run(); done = true; });
    std::thread a([&] { while (!go) {} for (int k = 0; k < 2000; ++k) g.start(); });
    std::thread b([&] { while (!go) {} for (int k = 0; k < 2000; ++k) g.stop(); });
    go = true; a.join(); b.join(); g.stop(); work.reset();
    for (int k = 0; k < 2000 && !done; ++k) std::this_thread::sleep_for(1ms);
    if (!done) { std::printf("start/stop: round %d: run() has not returned 2 s after the last stop()\n", i); std::fflush(stdout); std::_Exit(1); }
    io.join();
  }
  std::puts("start/stop ok");
}
static void lent() {
  world w;
  chime::asio_guest g(w.io.get_executor(), w.loop);
  chime::event e = w.pool.acquire().value();
  fail_at = 1;
  try { g.async_wait(e, [](std::error_code) {}); } catch (const std::bad_alloc&) { fail_at = -1; std::printf("lent: event is %s after bad_alloc\n", e ? "kept" : "LOST"); }
}
static void widened() {
  world w;
  chime::asio_guest g(w.io.get_executor(), w.loop);
  auto work = std::make_optional(asio::make_work_guard(w.io));
  std::atomic<bool> done{false};
  std::thread io([&] { w.io.run(); done = true; });
  std::thread a([&] { g.start(); });
  std::this_thread::sleep_for(20ms);
  g.stop();  // beside the start
  a.join(); work.reset();
  g.stop();
  std::this_thread::sleep_for(1s);
  std::puts(done ? "widened: ok" : "widened: run() does not return after stop()"); std::fflush(stdout); std::_Exit(0);
}
int main(int, char** v) {
  if (!std::strcmp(v[1], "lent")) lent();
  if (!std::strcmp(v[1], "widened")) widened();
  if (!std::strcmp(v[1], "align")) alignment();
  if (!std::strcmp(v[1], "slot")) slot_throws();
  if (!std::strcmp(v[1], "start")) start_throws();
  if (!std::strcmp(v[1], "race")) start_stop(std::atoi(v[2]));
}
