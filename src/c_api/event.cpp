// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Events and tickets.
#include <bit>

#include "c_api/convert.hpp"
#include "event/blocking.hpp"
#include "event/submit.hpp"
#include "sync/misuse.hpp"

using namespace chime;

namespace {

static_assert(CHIME_STALE == static_cast<int>(signal_result::stale));
static_assert(CHIME_DELIVERED == static_cast<int>(signal_result::delivered));
static_assert(CHIME_COALESCED == static_cast<int>(signal_result::coalesced));

/// Both tickets are an event and a generation, in this order; std::bit_cast checks the sizes. A test checks the order.
[[nodiscard]] ticket to_cpp(chime_ticket given) noexcept { return std::bit_cast<ticket>(given); }

[[nodiscard]] int give(const result<native_handle>& handle, intptr_t* out) noexcept {
  if (handle) *out = *handle;
  return c_api::status_of(handle);
}

}  // namespace

chime_ticket chime_event_ticket(const chime_event* event) {
  if (event == nullptr) return {.event = nullptr, .generation = 0};
  return std::bit_cast<chime_ticket>(c_api::borrowed(c_api::to_cell(event))->get_ticket());
}

int chime_signal(chime_ticket ticket) { return static_cast<int>(to_cpp(ticket).signal()); }

bool chime_ticket_cancel(chime_ticket ticket) { return to_cpp(ticket).cancel(); }

bool chime_ticket_expired(chime_ticket ticket) { return to_cpp(ticket).expired(); }

void chime_event_submit(chime_event* event, int64_t timeout_ns, chime_callback callback, void* context) {
  if (event == nullptr || callback == nullptr) detail::misuse("a wait was submitted with a null event or callback");
  detail::submit(c_api::to_cell(event), reinterpret_cast<void (*)()>(callback), context,
                 c_api::deadline_after(timeout_ns));
}

int chime_event_wait(chime_event* event, int64_t timeout_ns) {
  if (event == nullptr) return -EINVAL;
  return c_api::status_of(detail::block_until(c_api::to_cell(event), c_api::deadline_after(timeout_ns)));
}

int chime_event_native(const chime_event* event, intptr_t* out) {
  if (event == nullptr || out == nullptr) return -EINVAL;
  return give(c_api::borrowed(c_api::to_cell(event))->native(), out);
}

int chime_event_native_signal(const chime_event* event, intptr_t* out) {
  if (event == nullptr || out == nullptr) return -EINVAL;
  return give(c_api::borrowed(c_api::to_cell(event))->native_signal(), out);
}

void chime_event_foreign_use_ended(chime_event* event) {
  if (event != nullptr) c_api::borrowed(c_api::to_cell(event))->foreign_use_ended();
}
