// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "c_api/proactor.hpp"

#include <climits>

#include "c_api/convert.hpp"
#include "memory/allocator.hpp"

using namespace chime;

namespace {

constexpr unsigned default_batch = proactor_options{}.batch;

/// Version 0.1's structs, which every later library accepts. Numbers, so that they stay when the structs grow.
constexpr std::size_t smallest_options = 56;
constexpr std::size_t smallest_stats = 40;
static_assert(sizeof(chime_proactor_options) >= smallest_options && sizeof(chime_proactor_stats) >= smallest_stats);

[[nodiscard]] std::chrono::nanoseconds spin_of(std::int64_t spin_ns) noexcept {
  return spin_ns == 0 ? proactor_options{}.spin : std::chrono::nanoseconds(std::max<std::int64_t>(spin_ns, 0));
}

[[nodiscard]] int open(chime_proactor& made, const chime_proactor_options& options) noexcept {
  const auto opened = made.core.open({.backend = options.backend != nullptr ? options.backend : "",
                                      .spin = spin_of(options.spin_ns),
                                      .batch = options.batch != 0 ? options.batch : default_batch,
                                      .guest = options.guest,
                                      .memory = made.memory});
  if (!opened) return c_api::status_of(opened);
  // The array was zeroed, and its last byte stays so.
  made.core.backend().copy(made.backend.data(), made.backend.size() - 1);
  return 0;
}

}  // namespace

unsigned chime_version(void) { return CHIME_VERSION; }

int chime_proactor_create(const chime_proactor_options* given, chime_proactor** out) {
  if (out != nullptr) *out = nullptr;
  if (given == nullptr || out == nullptr) return -EINVAL;
  chime_proactor_options options = {};
  if (const int refused = c_api::read_sized(*given, smallest_options, options); refused != 0) return refused;
  const result<allocator> memory = detail::checked(c_api::to_cpp(options.allocator));
  if (!memory) return c_api::status_of(memory);
  auto* made = detail::make<chime_proactor>(*memory);
  if (made == nullptr) return -ENOMEM;
  made->memory = *memory;
  if (const int failed = open(*made, options); failed != 0) {
    detail::dispose(*memory, made);
    return failed;
  }
  *out = made;
  return 0;
}

int chime_proactor_destroy(chime_proactor* proactor) {
  if (proactor == nullptr) return -EINVAL;
  if (const auto closed = proactor->core.close(); !closed) return c_api::status_of(closed);
  const allocator memory = proactor->memory;
  detail::dispose(memory, proactor);
  return 0;
}

int chime_proactor_poll(chime_proactor* proactor, int64_t timeout_ns) {
  if (proactor == nullptr) return -EINVAL;
  const auto ran = proactor->core.poll(std::chrono::nanoseconds(timeout_ns));
  if (!ran) return c_api::status_of(ran);
  return static_cast<int>(std::min<std::size_t>(*ran, INT_MAX));  // a batch can be larger than an int
}

int chime_proactor_run(chime_proactor* proactor) {
  return proactor == nullptr ? -EINVAL : c_api::status_of(proactor->core.run());
}

intptr_t chime_proactor_handle(const chime_proactor* proactor) {
  return proactor == nullptr ? -1 : proactor->core.handle();
}

int chime_proactor_guest_poll(chime_proactor* proactor, int64_t* next_ns) {
  if (proactor == nullptr || next_ns == nullptr) return -EINVAL;
  const auto next = proactor->core.guest_poll();
  if (!next) return c_api::status_of(next);
  *next_ns = c_api::nanoseconds_until(*next);
  return 0;
}

void chime_proactor_stop(chime_proactor* proactor) {
  if (proactor != nullptr) proactor->core.stop();
}

void chime_proactor_wake(chime_proactor* proactor) {
  if (proactor != nullptr) proactor->core.wake();
}

const char* chime_proactor_backend(const chime_proactor* proactor) {
  return proactor == nullptr ? "" : proactor->backend.data();
}

const char* chime_proactor_backend_choice(const chime_proactor* proactor) {
  return proactor == nullptr ? "" : detail::loop_access::of(proactor->core)->choice.data();
}

int chime_proactor_stats_read(const chime_proactor* proactor, chime_proactor_stats* stats) {
  if (proactor == nullptr || stats == nullptr) return -EINVAL;
  const proactor_stats now = proactor->core.stats();
  return c_api::write_sized({.size = 0,
                             .completions = now.completions,
                             .sleeps = now.sleeps,
                             .wakeups = now.wakeups,
                             .kernel_checks = now.kernel_checks},
                            smallest_stats, *stats);
}
