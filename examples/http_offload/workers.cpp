// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "workers.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace http_offload {

workers::workers(const settings& s) : queue_(s.max_work) {
  if (!s.gate.empty()) {
    gate_ = open(s.gate.c_str(), O_RDWR | O_CLOEXEC);  // for writing too: it never ends then
    if (gate_ < 0) throw std::system_error(errno, std::system_category(), s.gate);
  }
  for (unsigned i = 0; i != s.threads; ++i)
    threads_.emplace_back(
        [this, tools = std::make_unique<craft>()](const std::stop_token& stop) { work(*tools, stop); });
}

workers::~workers() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
  if (gate_ >= 0) close(gate_);
}

void workers::work(craft& tools, const std::stop_token& stop) {
  while (const std::shared_ptr<job> j = queue_.pop(stop)) {
    if (!j->abandoned.load(std::memory_order_relaxed)) {
      pass_gate();
      tools.perform(*j);
    }
    j->done();
  }
}

void workers::pass_gate() const noexcept {
  if (gate_ < 0) return;
  char token;
  while (read(gate_, &token, 1) < 0 && errno == EINTR) {
  }
}

}  // namespace http_offload
