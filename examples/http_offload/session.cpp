// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.hpp"

#include <optional>

#include "answers.hpp"

namespace http_offload {
namespace {

constexpr std::uint32_t header_limit = 8 * 1024;
constexpr std::size_t buffer_limit = 64 * 1024;
/// How long a connection that ends is read from, so that the kernel does not throw away the answer with what was not read.
constexpr std::chrono::seconds linger{2};

using parser = http::request_parser<http::string_body>;

class session final : connection {
 public:
  session(tcp::socket socket, service& all) : all_(all), stream_(std::move(socket)), member_(all.open, *this) {}

  [[nodiscard]] awaitable<void> run() {
    bool more = co_await first_bytes(all_.limits.read_timeout);
    while (more) {
      more = co_await one_request();
      if (more && buffer_.size() == 0) more = co_await first_bytes(all_.limits.idle_timeout);
    }
  }

 private:
  void drain() override {
    if (idle_) stream_.cancel();
  }
  void cut() override { stream_.close(); }

  /// Of a request. False: there will be none.
  [[nodiscard]] awaitable<bool> first_bytes(settings::duration timeout) {
    if (all_.open.draining()) co_return false;
    error_code error;
    stream_.expires_after(timeout);
    idle_ = true;
    const std::size_t got = co_await stream_.async_read_some(buffer_.prepare(header_limit), into(error));
    idle_ = false;
    buffer_.commit(got);
    co_return !error;
  }

  /// Reads it and answers. False: it was the last one.
  [[nodiscard]] awaitable<bool> one_request() {
    parser reader;
    reader.header_limit(header_limit);
    reader.body_limit(all_.limits.max_body);
    const error_code error = co_await read(reader);
    if (error) co_return co_await refuse(error);

    const bool head = reader.get().method() == http::verb::head;
    const bool persistent = reader.get().keep_alive();
    response answer = co_await answer_to(reader.release(), all_);
    answer.keep_alive(persistent && !all_.open.draining());
    ++all_.answered;
    co_return co_await write(answer, head);
  }

  [[nodiscard]] awaitable<error_code> read(parser& reader) {
    error_code error;
    stream_.expires_after(all_.limits.read_timeout);
    co_await http::async_read_header(stream_, buffer_, reader, into(error));
    if (error) co_return error;
    if (beast::iequals(reader.get()[http::field::expect], "100-continue")) {
      http::response<http::empty_body> go_on{http::status::continue_, 11};
      co_await http::async_write(stream_, go_on, into(error));
      if (error) co_return error;
    }
    co_await http::async_read(stream_, buffer_, reader, into(error));
    co_return error;
  }

  /// False, for what follows cannot be told from the rest of what was no request.
  [[nodiscard]] awaitable<bool> refuse(error_code error) {
    std::optional<response> answer = answer_to(error);
    if (!answer) co_return false;
    answer->keep_alive(false);
    co_return co_await write(*answer, false);
  }

  [[nodiscard]] awaitable<bool> write(response& answer, bool head) {
    answer.prepare_payload();
    if (head) answer.body().clear();
    error_code error;
    stream_.expires_after(all_.limits.write_timeout);
    co_await http::async_write(stream_, answer, into(error));
    if (error) co_return false;
    if (answer.keep_alive()) co_return true;
    co_await close();
    co_return false;
  }

  [[nodiscard]] awaitable<void> close() {
    error_code error;
    stream_.socket().shutdown(tcp::socket::shutdown_send, error);
    buffer_.clear();
    stream_.expires_after(linger);
    while (!error) co_await stream_.async_read_some(buffer_.prepare(header_limit), into(error));
  }

  service& all_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{buffer_limit};
  bool idle_ = false;               ///< between two requests, waiting for the client
  connections::membership member_;  // last: who is told of its end finds everything else in order
};

}  // namespace

awaitable<void> serve(tcp::socket socket, service& all) {
  session one{std::move(socket), all};
  co_await one.run();
}

}  // namespace http_offload
