// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "post_completion.hpp"

namespace http_offload {
namespace {

/// Shared by the session, which may give up, and by the worker, which posts.
struct waiting {
  explicit waiting(asio::io_context& io) : timer(io), busy(io.get_executor()) {}
  asio::steady_timer timer;
  asio::executor_work_guard<asio::io_context::executor_type> busy;  ///< run() does not return before the worker's post
  bool finished = false;                                            ///< of the loop's thread
};

}  // namespace

awaitable<outcome> post_completion::offload(std::shared_ptr<job> j) {
  if (under_way_ == most_) co_return outcome::busy;
  ++under_way_;
  const auto w = std::make_shared<waiting>(io_);
  j->done = [this, w] {
    asio::post(io_, [this, w] {
      --under_way_;
      w->finished = true;
      w->timer.cancel();
      w->busy.reset();
    });
  };
  w->timer.expires_after(deadline_);
  crew_.push(j);
  error_code cancelled;
  co_await w->timer.async_wait(into(cancelled));
  if (w->finished) co_return outcome::done;
  j->abandoned.store(true, std::memory_order_relaxed);
  co_return outcome::late;
}

}  // namespace http_offload
