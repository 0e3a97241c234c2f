// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Which of the two libraries this program tests.
#pragma once

#ifdef CHIME_TEST_BOOST_ASIO

#include <chime/boost_asio.hpp>
// After it, since it brings what the library forgets to include.
#include <boost/asio.hpp>

namespace asio_test {
namespace host = ::boost::asio;
using error_code = ::boost::system::error_code;
using system_error = ::boost::system::system_error;
using guest = chime::boost_asio_guest;
}  // namespace asio_test

#else

#include <asio.hpp>
#include <chime/asio.hpp>

namespace asio_test {
namespace host = ::asio;
using error_code = std::error_code;
using system_error = std::system_error;
using guest = chime::asio_guest;
}  // namespace asio_test

#endif
