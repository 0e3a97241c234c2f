// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "error/system.hpp"

#include <cerrno>

namespace chime {
inline namespace CHIME_ABI {
namespace detail {
namespace {

/// No default label, so that the compiler asks for an errno when a fault is added.
int errno_of(fault code) noexcept {
  switch (code) {
    case fault::pool_exhausted:
      return ENOBUFS;
    case fault::waits_exhausted:
      return EOVERFLOW;  // Not ENOBUFS: waiting helps there, while here only another acquire does.
    case fault::pool_closed:
    case fault::loop_closed:
      return ESHUTDOWN;
    case fault::pool_already_open:
    case fault::loop_already_open:
    case fault::pools_open:
    case fault::operations_in_flight:
    case fault::polling:
      return EBUSY;
    case fault::second_polling_thread:
      return EPERM;
    case fault::backend_unusable:
    case fault::not_native:
    case fault::native_only_in_loop:
    case fault::numa_unavailable:
    case fault::driven_by_host:
    case fault::not_a_guest:
      return EOPNOTSUPP;
    case fault::clock_set:
      return ESTALE;  // Not ECANCELED, the kernel's own: that says that the caller has cancelled.
    case fault::unknown_node:
      return ENODEV;
    case fault::unknown_backend:
    case fault::unknown_backend_option:
    case fault::allocator_incomplete:
    case fault::capacity_below_initial:
    case fault::capacity_too_large:
    case fault::batch_zero:
    case fault::block_misfit:
    case fault::handle_misfit:
    case fault::nothing_to_wait_for:
      return EINVAL;
  }
  return EINVAL;  // A number that is no fault.
}

}  // namespace

std::error_code system_error(int errno_value) noexcept { return {errno_value, std::system_category()}; }

int to_errno(std::error_code code) noexcept {
  if (!code) return 0;
  if (code.category() == make_error_code(fault{}).category()) return errno_of(static_cast<fault>(code.value()));
  const std::error_condition portable = code.default_error_condition();
  const bool is_errno = portable.category() == std::generic_category() || portable.category() == std::system_category();
  return is_errno && portable.value() != 0 ? portable.value() : EIO;
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
