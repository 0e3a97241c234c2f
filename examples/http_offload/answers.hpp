// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What the server answers: to requests, and to what is none.
#pragma once

#include <optional>
#include <string_view>

#include "net.hpp"
#include "service.hpp"

namespace http_offload {

using request = http::request<http::string_body>;
using response = http::response<http::string_body>;

/// A line of text.
[[nodiscard]] response plain(http::status status, std::string_view text);
/// Hands the body to a worker, where the request asks for that.
[[nodiscard]] awaitable<response> answer_to(request asked, service& all);
/// The answer to bytes that could not be read as a request. None: there is nobody left to answer.
[[nodiscard]] std::optional<response> answer_to(const error_code& error);

}  // namespace http_offload
