// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A client that sends whatever bytes a test wants, and reads answers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace http_test {

struct answer {
  int status = 0;  ///< 0: the connection ended before an answer began; -1: in the midst of it, or it was none
  std::string head;
  std::string body;
  [[nodiscard]] bool has(std::string_view line) const { return head.find(line) != std::string::npos; }
};

class client {
 public:
  /// Throws std::runtime_error if nobody listens. `receive_buffer`: how much the kernel takes unread; 0: as usual.
  explicit client(std::uint16_t port, int receive_buffer = 0);
  client(client&& other) noexcept;
  client& operator=(client&&) = delete;
  ~client();
  [[nodiscard]] static bool can_connect(std::uint16_t port);

  /// False: the server has closed.
  bool send(std::string_view bytes) const;
  /// Sends no more, and reads on.
  void half_close() const;
  /// Goes away as a process does that is killed with bytes unread: the server gets a reset.
  void reset();
  [[nodiscard]] answer read_answer(bool to_head = false);
  /// Waits for the server to close; nothing may come before.
  [[nodiscard]] bool read_end();

 private:
  [[nodiscard]] bool read_more();
  void close();
  int socket_;
  std::string unread_;
};

[[nodiscard]] std::string post(std::string_view target, std::string_view body, std::string_view more_fields = {});
/// Sends a request on a connection of its own, and reads the answer.
[[nodiscard]] answer ask(std::uint16_t port, std::string_view request);

}  // namespace http_test
