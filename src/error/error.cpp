// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The two error categories: what each fault says and means, and which of the system's codes mean the same.
#include "chime/error.hpp"

#include <cerrno>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace chime {
inline namespace CHIME_ABI {
namespace {

struct fault_entry {
  fault code;
  std::optional<errc> meaning;  ///< none: no portable condition says this
  const char* message;
};

constexpr fault_entry fault_entries[] = {
    {fault::unknown_backend, errc::invalid_argument, "unknown backend; known are io_uring, epoll and poll"},
    {fault::unknown_backend_option, errc::invalid_argument,
     "unknown backend option; io_uring takes no-defer, plain-read and linked-read, the others take none"},
    {fault::backend_unusable, errc::unsupported,
     "the backend asked for, or every one, cannot run on this machine; probe_backends() tells which can and why not"},
    {fault::allocator_incomplete, errc::invalid_argument,
     "the allocator has only one of its two functions; set both, or neither for the heap"},
    {fault::capacity_below_initial, errc::invalid_argument,
     "maximum_capacity is below initial_capacity; raise the one or lower the other"},
    {fault::capacity_too_large, errc::invalid_argument,
     "more events were asked for than a pool can number; ask for at most event_pool::capacity_limit"},
    {fault::batch_zero, errc::invalid_argument, "proactor_options::batch is 0; a poll must run at least 1 completion"},
    {fault::pool_exhausted, errc::resource_exhausted,
     "maximum_capacity events are out; release some, or open the pool with a larger maximum"},
    {fault::pool_closed, errc::closed, "the pool is closed or closing; open it before acquiring"},
    {fault::pool_already_open, errc::busy, "the pool is open already; close it before opening it again"},
    {fault::loop_closed, errc::closed, "the proactor is not open; open it first"},
    {fault::loop_already_open, errc::busy, "the proactor is open already; close it before opening it again"},
    {fault::pools_open, errc::busy, "the proactor still has open pools; close them first"},
    {fault::operations_in_flight, errc::busy,
     "the proactor still has operations in flight; cancel them and poll until they have completed"},
    {fault::polling, errc::busy, "the proactor is polling; call this outside of its completions, after poll returned"},
    {fault::second_polling_thread, errc::wrong_thread,
     "another thread polls this proactor; only the thread that polled it first may poll it"},
    {fault::waits_exhausted, errc::resource_exhausted,
     "this use of the event has waited 1048574 times; release the event and acquire another"},
    {fault::not_native, errc::unsupported, "the event has no native handle; open its pool with native = true"},
    {fault::native_only_in_loop, errc::unsupported,
     "a native event cannot be waited for without a loop; submit it to one, or open its pool with native = false"},
    {fault::unknown_node, errc::invalid_argument,
     "no such NUMA node, or none that this process may use; Mems_allowed_list in /proc/self/status names those it may"},
    {fault::numa_unavailable, errc::unsupported,
     "the kernel has no NUMA support, or hides it from this process, or chime was built without it; only node 0 works, "
     "unbound"},
    {fault::block_misfit, errc::invalid_argument,
     "such blocks cannot be cut; size and number must not be 0, the alignment must be a power of two from 64 upwards, "
     "and a chunk must fit in memory"},
    {fault::driven_by_host, errc::unsupported,
     "the proactor is a guest, which its host drives by guest_poll(); only one that is none has poll() and run()"},
    {fault::not_a_guest, errc::unsupported,
     "the proactor is no guest; open it with guest = true, or drive it by poll() or run()"},
    {fault::handle_misfit, errc::invalid_argument,
     "the handle is not of the kind that its drain policy names, or cannot be read; nothing was read from it"},
    {fault::clock_set, std::nullopt,
     "the clock of the timerfd was set, as TFD_TIMER_CANCEL_ON_SET asks to be told; look at the clock and arm it "
     "again"},
    {fault::nothing_to_wait_for, errc::invalid_argument,
     "a wait for any of no events would never end; name at least one"},
};

/// Entries are found by number, so they stand in the order of the enumeration, without gaps.
consteval bool in_order() {
  int number = 0;
  for (const fault_entry& entry : fault_entries) {
    if (entry.code != static_cast<fault>(++number)) return false;
  }
  return number == static_cast<int>(fault::nothing_to_wait_for);
}
static_assert(in_order());

const fault_entry* find(int value) noexcept {
  const bool known = value >= 1 && value <= static_cast<int>(std::size(fault_entries));
  return known ? &fault_entries[value - 1] : nullptr;
}

class fault_category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "chime"; }
  [[nodiscard]] std::string message(int value) const override {
    const fault_entry* const entry = find(value);
    return entry != nullptr ? entry->message : "no fault of chime has the number " + std::to_string(value);
  }
  /// This alone makes a fault compare equal to its condition.
  [[nodiscard]] std::error_condition default_error_condition(int value) const noexcept override {
    const fault_entry* const entry = find(value);
    const bool has_meaning = entry != nullptr && entry->meaning.has_value();
    return has_meaning ? make_error_condition(*entry->meaning) : std::error_condition(value, *this);
  }
};

/// What an errno means, if it means any of the conditions. EAGAIN, for one, does not: it also says "nothing there yet".
std::optional<errc> meaning_of(int errno_value) noexcept {
  switch (errno_value) {
    case ENOMEM:   // The kernel or the heap has no memory left, or a limit on it is reached.
    case EMFILE:   // This process has as many descriptors open as it may.
    case ENFILE:   // The machine has.
    case ENOSPC:   // The user has as many epoll watches as they may.
    case ENOBUFS:  // The kernel has no buffers; also what the C interface says for fault::pool_exhausted.
    case EDQUOT:   // A quota of the user is used up.
      return errc::resource_exhausted;
    case ECANCELED:
      return errc::cancelled;
    case ETIMEDOUT:
    case ETIME:  // What io_uring says when a timeout fires.
      return errc::timed_out;
    case ENOSYS:      // The kernel, or a sandbox in front of it, does not have the call.
    case EOPNOTSUPP:  // It has the call, but not for this kind of object.
      return errc::unsupported;
    case EBUSY:
      return errc::busy;
    case EINVAL:
      return errc::invalid_argument;
    default:
      return std::nullopt;
  }
}

/// Whether the codes of a category are errnos. Asio has a category of its own for them, which says so by nothing but its
/// name.
bool is_of_errnos(const std::error_category& category) noexcept {
  return category == std::generic_category() || category == std::system_category() ||
         std::string_view(category.name()) == "asio.system";
}

class condition_category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "chime.errc"; }
  [[nodiscard]] std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::resource_exhausted:
        return "resource exhausted";
      case errc::cancelled:
        return "cancelled";
      case errc::timed_out:
        return "timed out";
      case errc::unsupported:
        return "unsupported";
      case errc::closed:
        return "closed";
      case errc::busy:
        return "busy";
      case errc::wrong_thread:
        return "wrong thread";
      case errc::invalid_argument:
        return "invalid argument";
    }
    return "no condition of chime has the number " + std::to_string(value);
  }

  using std::error_category::equivalent;
  /// The system's half. Other categories count by the errno that they map to.
  [[nodiscard]] bool equivalent(const std::error_code& code, int condition) const noexcept override {
    const std::error_condition portable = code.default_error_condition();
    const auto& category = portable.category();
    if (category == *this) return portable.value() == condition;
    if (!is_of_errnos(category)) return false;
    return meaning_of(portable.value()) == static_cast<errc>(condition);
  }
};

/// An object that is there before the first initialiser runs and after the last destructor: errors are compared in
/// both. The union keeps its member from being destroyed, and since its own destructor is constant there is nothing to
/// register.
template <class T>
union immortal {
  constexpr immortal() noexcept : value() {}
  constexpr ~immortal() {}
  char literal;  // A constant object must be of a union that can be a literal.
  T value;
};

constexpr immortal<fault_category> faults;
constexpr immortal<condition_category> conditions;

}  // namespace

std::error_code make_error_code(fault code) noexcept { return {static_cast<int>(code), faults.value}; }

std::error_condition make_error_condition(errc condition) noexcept {
  return {static_cast<int>(condition), conditions.value};
}

}  // namespace CHIME_ABI
}  // namespace chime
