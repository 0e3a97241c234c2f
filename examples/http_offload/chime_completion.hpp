// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Completion by chime: one pooled event for each job. The session waits for the event, the worker has its ticket, and the
/// pool's maximum is the limit of concurrent work.
#pragma once

#include <utility>

#include <chime/boost_asio.hpp>
#include <chime/chime.hpp>

#include "completion.hpp"
#include "settings.hpp"
#include "workers.hpp"

namespace http_offload {

class chime_completion final : public completion {
 public:
  /// Throws std::system_error if the loop or the pool cannot be opened.
  chime_completion(asio::io_context& io, workers& crew, const settings& s);

  [[nodiscard]] awaitable<outcome> offload(std::shared_ptr<job> j) override;
  [[nodiscard]] std::size_t under_way() const override { return pool_.stats().held; }
  void finish() override { guest_.stop(); }
  [[nodiscard]] std::size_t close() override { return pool_.close(); }

 private:
  /// A proactor that is open before the guest is made.
  struct open_loop : chime::proactor {
    explicit open_loop(std::chrono::nanoseconds spin);
  };

  workers& crew_;
  settings::duration deadline_;
  open_loop loop_;
  chime::event_pool pool_;
  chime::boost_asio_guest guest_;
};

}  // namespace http_offload
