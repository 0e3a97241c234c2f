// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Stands for the io_uring backend where the library is built without liburing.
#include <cerrno>

#include "backend/uring_options.hpp"
#include "error/system.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {
namespace {

backend* make(backend_storage&, const backend_setup& setup, std::error_code& error, backend_text& text) noexcept {
  uring_options wanted;
  if (!parse(setup.options, wanted, error, text)) return nullptr;
  error = system_error(ENOSYS);
  describe(text, "not built in (CHIME_WITH_IO_URING is off)");
  return nullptr;
}

}  // namespace

const backend_kind io_uring_backend{"io_uring", make};

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
