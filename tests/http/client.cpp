// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "client.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <utility>

namespace http_test {
namespace {

/// A test in which nothing comes for so long has failed.
constexpr timeval patience{.tv_sec = 30, .tv_usec = 0};

/// Negative: nobody listens.
[[nodiscard]] int connect_to(std::uint16_t port, int receive_buffer) {
  const int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_buffer != 0) setsockopt(s, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(s, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(s);
    return -1;
  }
  setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return s;
}

/// A socket with a time-out may be interrupted although no signal has a handler.
template <class Call>
[[nodiscard]] ssize_t uninterrupted(const Call& call) {
  for (;;) {
    const ssize_t got = call();
    if (got >= 0 || errno != EINTR) return got;
  }
}

[[nodiscard]] std::size_t content_length(const std::string& head) {
  static constexpr std::string_view name = "Content-Length: ";
  const std::size_t at = head.find(name);
  return at == std::string::npos ? 0 : std::stoul(head.substr(at + name.size()));
}

}  // namespace

client::client(std::uint16_t port, int receive_buffer) : socket_(connect_to(port, receive_buffer)) {
  if (socket_ < 0) throw std::runtime_error("nobody listens");
}
client::client(client&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), unread_(std::move(other.unread_)) {}
client::~client() { close(); }

void client::close() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

bool client::can_connect(std::uint16_t port) {
  const int s = connect_to(port, 0);
  if (s >= 0) ::close(s);
  return s >= 0;
}

bool client::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = uninterrupted([&] { return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL); });
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void client::half_close() const { shutdown(socket_, SHUT_WR); }

void client::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

bool client::read_more() {
  char part[65536];
  const ssize_t got = uninterrupted([&] { return recv(socket_, part, sizeof part, 0); });
  if (got > 0) unread_.append(part, static_cast<std::size_t>(got));
  return got > 0;
}

answer client::read_answer(bool to_head) {
  static constexpr std::string_view head_end = "\r\n\r\n";
  static constexpr std::string_view version = "HTTP/1.1 ";
  std::size_t end = 0;
  while ((end = unread_.find(head_end)) == std::string::npos) {
    if (!read_more()) return {.status = unread_.empty() ? 0 : -1, .head = unread_, .body = {}};
  }
  answer a{.status = -1, .head = unread_.substr(0, end + head_end.size()), .body = {}};
  const std::size_t size = to_head ? 0 : content_length(a.head);
  while (unread_.size() < a.head.size() + size) {
    if (!read_more()) return a;
  }
  a.body = unread_.substr(a.head.size(), size);
  unread_.erase(0, a.head.size() + size);
  if (a.head.starts_with(version)) a.status = std::stoi(a.head.substr(version.size()));
  return a;
}

bool client::read_end() {
  if (!unread_.empty()) return false;
  char byte;
  const ssize_t got = uninterrupted([&] { return recv(socket_, &byte, 1, 0); });
  return got == 0 || (got < 0 && errno == ECONNRESET);
}

std::string post(std::string_view target, std::string_view body, std::string_view more_fields) {
  std::string r = "POST ";
  r.append(target).append(" HTTP/1.1\r\nHost: test\r\n").append(more_fields);
  r.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  return r;
}

answer ask(std::uint16_t port, std::string_view request) {
  client c{port};
  c.send(request);
  return c.read_answer();
}

}  // namespace http_test
