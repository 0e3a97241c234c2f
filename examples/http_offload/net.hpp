// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Boost.Asio and Boost.Beast under short names. Everything that uses them is compiled as one unit, since most of it is
/// they.
#pragma once

#include <utility>  // first: boost/asio/awaitable.hpp of Boost 1.74 needs it, and does not include it

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace http_offload {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::awaitable;
using asio::ip::tcp;
using boost::system::error_code;

/// A completion token: the coroutine goes on with the error in `error` instead of an exception.
[[nodiscard]] inline auto into(error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

}  // namespace http_offload
