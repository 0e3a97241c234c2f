// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A chime loop in a standalone Asio one: `chime::asio_guest` waits for events as an I/O object of Asio, with any completion
/// token. The application includes and compiles Asio as it does anyway; chime/boost_asio.hpp is the same for Boost.Asio, and
/// both may be used in one program. docs/integrations/asio.md tells how it behaves.
///
///     chime::proactor loop;
///     loop.open({.guest = true}).value();
///     chime::asio_guest guest(io.get_executor(), loop);
///     co_await guest.async_wait(std::move(ev), chime::clock::now() + 1s, asio::use_awaitable);
///
/// Threads: what touches the guest's state runs on the executor that it was given. If several threads run the host, that is
/// a strand, and the backend is epoll, which is what a guest takes first.
///
/// Errors of guest_poll() leave the host's run() as a std::system_error, as a handler's exceptions do; the next run() tries
/// again.
#pragma once

#include <fcntl.h>

#include <asio/any_io_executor.hpp>
#include <asio/associated_allocator.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/dispatch.hpp>
#include <asio/error.hpp>
#include <asio/execution.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/prefer.hpp>
#include <asio/require.hpp>
#include <asio/steady_timer.hpp>
#include <cerrno>
#include <chime/detail/atomic.hpp>
#include <chime/pool.hpp>
#include <concepts>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <type_traits>
#include <typeinfo>
#include <utility>

#if __has_include(<asio/associated_cancellation_slot.hpp>)
#include <asio/associated_cancellation_slot.hpp>
#define CHIME_ASIO_SLOTS 1
#else
#define CHIME_ASIO_SLOTS 0
#endif

namespace chime {
inline namespace CHIME_ABI {
namespace detail {
namespace standalone_asio {

/// Asio calls the system's errors by a category of its own.
[[nodiscard]] inline std::error_code to_host(std::error_code error) noexcept {
  if (error.category() == std::system_category()) return {error.value(), ::asio::error::get_system_category()};
  return error;
}

}  // namespace standalone_asio
}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime

#define CHIME_ASIO_NAMESPACE ::asio
#define CHIME_ASIO_DETAIL standalone_asio
#define CHIME_ASIO_GUEST asio_guest
#define CHIME_ASIO_ERROR std::error_code
#include <chime/detail/asio_guest.ipp>
#undef CHIME_ASIO_ERROR
#undef CHIME_ASIO_GUEST
#undef CHIME_ASIO_DETAIL
#undef CHIME_ASIO_NAMESPACE
#undef CHIME_ASIO_SLOTS
