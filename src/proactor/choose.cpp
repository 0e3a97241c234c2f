// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Which backend: the one that is forced, or the first that runs here.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "memory/allocator.hpp"
#include "proactor/loop.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {
namespace {

const backend_kind* const kinds[] = {&io_uring_backend, &epoll_backend, &poll_backend};
/// For guests, whose hosts may have several threads: a ring stays with one.
const backend_kind* const guest_kinds[] = {&epoll_backend, &io_uring_backend, &poll_backend};

/// Appends to the loop's text of reasons, as far as there is room.
void add(loop& l, std::string_view name, const char* verdict, const backend_text& text) noexcept {
  const std::size_t used = std::strlen(l.choice.data());
  std::snprintf(l.choice.data() + used, l.choice.size() - used, "%s%.*s %s: %s", used == 0 ? "" : "; ",
                static_cast<int>(name.size()), name.data(), verdict, text.data());
}

[[nodiscard]] std::error_code make(loop& l, const backend_kind& kind, std::string_view options,
                                   const char* verdict) noexcept {
  std::error_code error;
  backend_text text = {};
  l.kernel = kind.make(l.storage, {&l, l.in.bell.handle(), options, l.memory, l.guest}, error, text);
  add(l, kind.name, l.kernel != nullptr ? verdict : "cannot run", text);
  return error;
}

/// A lack of descriptors is no verdict on a backend. (A lack of memory may be: old kernels charge rings as locked
/// memory.)
[[nodiscard]] bool is_shortage(std::error_code error) noexcept {
  return error == std::errc::too_many_files_open || error == std::errc::too_many_files_open_in_system;
}

[[nodiscard]] std::error_code force(loop& l, std::string_view wanted, const char* verdict) noexcept {
  const auto colon = wanted.find(':');
  const std::string_view name = wanted.substr(0, colon);
  const std::string_view options = colon == std::string_view::npos ? std::string_view{} : wanted.substr(colon + 1);
  const auto* const* kind = std::ranges::find(kinds, name, &backend_kind::name);
  if (kind == std::end(kinds)) return make_error_code(fault::unknown_backend);
  const std::error_code error = make(l, **kind, options, verdict);
  const bool speaks_for_itself = !error || is_shortage(error) || error == fault::unknown_backend_option;
  return speaks_for_itself ? error : make_error_code(fault::backend_unusable);
}

/// Tries them in order. A process without free descriptors learns that, instead of getting a lesser backend.
[[nodiscard]] std::error_code first_that_runs(loop& l) noexcept {
  for (const backend_kind* kind : l.guest ? guest_kinds : kinds) {
    const std::error_code error = make(l, *kind, {}, "runs");
    if (l.kernel != nullptr || is_shortage(error)) return error;
  }
  return make_error_code(fault::backend_unusable);
}

}  // namespace

std::error_code choose_backend(loop& l, std::string_view wanted) noexcept {
  if (!wanted.empty()) return force(l, wanted, "was asked for");
  const char* environment = std::getenv("CHIME_BACKEND");  // NOLINT(concurrency-mt-unsafe): read at open, documented
  if (environment != nullptr && *environment != '\0') return force(l, environment, "was asked for by CHIME_BACKEND");
  return first_that_runs(l);
}

}  // namespace detail

std::array<backend_report, 3> probe_backends() noexcept {
  std::array<backend_report, 3> reports;
  const result<allocator> heap = detail::checked({});
  for (std::size_t i = 0; i < reports.size(); ++i) {
    reports[i].name = detail::kinds[i]->name;
    detail::doorbell bell;
    if (const int failed = bell.open(); failed != 0) {
      detail::describe(reports[i].detail, "eventfd", failed);
      continue;
    }
    detail::backend_storage storage;
    std::error_code error;
    auto* made = detail::kinds[i]->make(storage, {nullptr, bell.handle(), {}, *heap}, error, reports[i].detail);
    reports[i].usable = made != nullptr;
    if (made != nullptr) made->~backend();
  }
  return reports;
}

}  // namespace CHIME_ABI
}  // namespace chime
