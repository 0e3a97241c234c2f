// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Completion as it is usually done with Asio: the worker posts a handler to the io_context, which cancels the timer that the
/// session waits for; the timer is also the deadline.
#pragma once

#include "completion.hpp"
#include "settings.hpp"
#include "workers.hpp"

namespace http_offload {

class post_completion final : public completion {
 public:
  post_completion(asio::io_context& io, workers& crew, const settings& s)
      : io_(io), crew_(crew), deadline_(s.work_deadline), most_(s.max_work) {}

  [[nodiscard]] awaitable<outcome> offload(std::shared_ptr<job> j) override;
  [[nodiscard]] std::size_t under_way() const override { return under_way_; }
  void finish() override {}
  [[nodiscard]] std::size_t close() override { return under_way_; }

 private:
  asio::io_context& io_;
  workers& crew_;
  settings::duration deadline_;
  std::size_t most_;
  std::size_t under_way_ = 0;
};

}  // namespace http_offload
