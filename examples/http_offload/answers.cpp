// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "answers.hpp"

#include <fmt/format.h>

#include <array>
#include <string>

namespace http_offload {
namespace {

struct route {
  std::string_view target;
  http::verb verb;
  task what;  ///< of those that are posted to
  std::string_view type;
};
constexpr std::array routes = {
    route{"/sha256", http::verb::post, task::sha256, "text/plain"},
    route{"/gzip", http::verb::post, task::gzip, "application/gzip"},
    route{"/echo", http::verb::post, task::echo, "application/octet-stream"},
    route{"/health", http::verb::get, {}, "text/plain"},
    route{"/status", http::verb::get, {}, "text/plain"},
};

[[nodiscard]] const route* find(std::string_view target) {
  target = target.substr(0, target.find('?'));
  for (const route& r : routes) {
    if (r.target == target) return &r;
  }
  return nullptr;
}

[[nodiscard]] response not_allowed(http::verb allowed) {
  response r = plain(http::status::method_not_allowed, "another method is needed; Allow says which");
  r.set(http::field::allow, http::to_string(allowed));
  return r;
}

[[nodiscard]] response status_of(const service& all) {
  return plain(http::status::ok, fmt::format("connections {}\nworking {}\nanswered {}", all.open.size(),
                                             all.work.under_way(), all.answered));
}

[[nodiscard]] response busy() {
  response r = plain(http::status::service_unavailable, "too much is being worked on; try again");
  r.set(http::field::retry_after, "1");
  return r;
}

[[nodiscard]] response worked(job& j, std::string_view type) {
  if (j.failed) return plain(http::status::internal_server_error, "the work failed");
  response r{http::status::ok, 11};
  r.set(http::field::content_type, beast::string_view(type.data(), type.size()));
  r.body() = std::move(j.answer);
  return r;
}

[[nodiscard]] awaitable<response> offload(const route& r, std::string body, service& all) {
  const auto j = std::make_shared<job>();
  j->what = r.what;
  j->body = std::move(body);
  const outcome how = co_await all.work.offload(j);
  switch (how) {
    case outcome::done:
      co_return worked(*j, r.type);
    case outcome::busy:
      co_return busy();
    case outcome::late:
      co_return plain(http::status::gateway_timeout, "the work takes too long");
    case outcome::error:
      break;
  }
  co_return plain(http::status::internal_server_error, "the work cannot be waited for");
}

}  // namespace

response plain(http::status status, std::string_view text) {
  response r{status, 11};
  r.set(http::field::content_type, "text/plain");
  r.body() = text;
  r.body() += '\n';
  return r;
}

awaitable<response> answer_to(request asked, service& all) {
  const std::string_view target{asked.target().data(), asked.target().size()};
  const route* const r = find(target);
  if (r == nullptr)
    co_return plain(http::status::not_found, "there is POST /sha256, /gzip, /echo; GET /health, /status");
  const bool head = asked.method() == http::verb::head && r->verb == http::verb::get;
  if (asked.method() != r->verb && !head) co_return not_allowed(r->verb);
  if (r->target == "/health") co_return plain(http::status::ok, "ok");
  if (r->target == "/status") co_return status_of(all);
  co_return co_await offload(*r, std::move(asked.body()), all);
}

std::optional<response> answer_to(const error_code& error) {
  if (error == http::error::end_of_stream || error == http::error::partial_message) return std::nullopt;
  if (error == http::error::body_limit) return plain(http::status::payload_too_large, "the body is too large");
  if (error == http::error::header_limit)
    return plain(http::status::request_header_fields_too_large, "the header is too large");
  static const boost::system::error_category& malformed = make_error_code(http::error::bad_method).category();
  if (error.category() == malformed) return plain(http::status::bad_request, "this is no HTTP request");
  return std::nullopt;
}

}  // namespace http_offload
