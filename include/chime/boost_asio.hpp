// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A chime loop in one of Boost.Asio: `chime::boost_asio_guest` is `chime::asio_guest` (chime/asio.hpp, which says all that
/// is to be known) for boost::asio. Its handlers get a boost::system::error_code, which may be compared with chime::errc.
#pragma once

#include <fcntl.h>

#include <utility>  // first: boost/asio/awaitable.hpp of Boost 1.74 needs it, and does not include it

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/require.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>
#include <cerrno>
#include <chime/detail/atomic.hpp>
#include <chime/pool.hpp>
#include <concepts>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <system_error>
#include <type_traits>
#include <typeinfo>

#if __has_include(<boost/asio/associated_cancellation_slot.hpp>)
#include <boost/asio/associated_cancellation_slot.hpp>
#define CHIME_ASIO_SLOTS 1
#else
#define CHIME_ASIO_SLOTS 0
#endif

namespace chime {
inline namespace CHIME_ABI {
namespace detail {
namespace boost_asio {

/// chime::fault, for Boost, whose base has no virtual destructor. Nothing is destroyed through it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class fault_category final : public boost::system::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "chime"; }
  [[nodiscard]] std::string message(int value) const override {
    return make_error_code(static_cast<fault>(value)).message();
  }
  [[nodiscard]] static const fault_category& instance() {
    static const fault_category only;
    return only;
  }
};
#pragma GCC diagnostic pop

[[nodiscard]] inline boost::system::error_code to_host(std::error_code error) noexcept {
  if (error.category() == std::system_category()) return {error.value(), boost::system::system_category()};
  if (!error) return {};
  return {error.value(), fault_category::instance()};
}
[[nodiscard]] inline std::error_code from_host(const boost::system::error_code& error) noexcept {
  if (error.category() == fault_category::instance()) return make_error_code(static_cast<fault>(error.value()));
  // Not by Boost's own conversion, which in 1.74 gives a category that is nobody else's.
  if (error.category() == boost::system::system_category()) return {error.value(), std::system_category()};
  if (error.category() == boost::system::generic_category()) return {error.value(), std::generic_category()};
  return error;
}

}  // namespace boost_asio
}  // namespace detail

/// Whether a code of Boost's means this condition. Any thread; no system call. A template, so that it takes part for Boost's own
/// codes only and not for what converts to them.
template <std::same_as<boost::system::error_code> Code>
[[nodiscard]] bool operator==(const Code& error, errc condition) noexcept {
  return detail::boost_asio::from_host(error) == condition;
}

}  // namespace CHIME_ABI
}  // namespace chime

#define CHIME_ASIO_NAMESPACE ::boost::asio
#define CHIME_ASIO_DETAIL boost_asio
#define CHIME_ASIO_GUEST boost_asio_guest
#define CHIME_ASIO_ERROR ::boost::system::error_code
#include <chime/detail/asio_guest.ipp>
#undef CHIME_ASIO_ERROR
#undef CHIME_ASIO_GUEST
#undef CHIME_ASIO_DETAIL
#undef CHIME_ASIO_NAMESPACE
#undef CHIME_ASIO_SLOTS
