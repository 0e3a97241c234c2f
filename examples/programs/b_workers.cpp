// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <chime/chime.hpp>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>
using namespace std::chrono_literals;
struct job {  // shared: a worker may still write when the loop has given up on it
  int input = 0, output = 0;
  chime::ticket done;
};
class workers {
 public:
  explicit workers(int n) {
    for (int i = 0; i < n; ++i) threads_.emplace_back([this](std::stop_token s) { work(s); });
  }
  void push(std::shared_ptr<job> j) {
    {
      std::lock_guard l(m_);
      q_.push_back(std::move(j));
    }
    cv_.notify_one();
  }
  void join() { threads_.clear(); }

 private:
  void work(std::stop_token s) {
    for (;;) {
      std::shared_ptr<job> j;
      {
        std::unique_lock l(m_);
        if (!cv_.wait(l, s, [&] { return !q_.empty(); })) return;
        j = std::move(q_.front());
        q_.pop_front();
      }
      if (j->done.expired()) continue;
      j->output = j->input * 2;
      j->done.signal();
    }
  }
  std::mutex m_;
  std::condition_variable_any cv_;
  std::deque<std::shared_ptr<job>> q_;
  std::vector<std::jthread> threads_;
};
struct request {  // one per job in flight; deletes itself when told
  std::shared_ptr<job> work;
  void done(chime::completion&& c) {
    if (c.error == chime::errc::cancelled)
      std::puts("cancelled");
    else if (c.error == chime::errc::timed_out)
      std::puts("late");
    else
      std::printf("%d\n", work->output);
    delete this;  // c.ev goes back to the pool when this returns
  }
};
int main() {
  chime::proactor loop;
  loop.open().value();
  chime::event_pool pool;
  pool.open(loop, {.initial_capacity = 256, .maximum_capacity = 4096}).value();
  workers crew(4);
  for (int i = 0; i < 1000; ++i) {
    auto ev = pool.acquire();
    if (!ev) {
      (void)loop.poll(1ms);
      --i;
      continue;
    }  // backpressure
    auto* r = new request{std::make_shared<job>(job{i, 0, ev->get_ticket()})};
    crew.push(r->work);
    std::move(*ev).submit(chime::callback::to<&request::done>(*r), chime::clock::now() + 2s);
  }
  auto const patience = chime::clock::now() + 500ms;
  while (pool.stats().held != 0 && chime::clock::now() < patience) (void)loop.poll(10ms);  // let them finish
  pool.cancel_all();                                                                       // then give up
  crew.join();  // tickets must not outlive what close() frees: workers go before it returns 0
  while (pool.close() != 0) (void)loop.poll(10ms);
}
