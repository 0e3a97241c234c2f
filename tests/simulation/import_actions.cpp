// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Handles of somebody else that are drained, those who write to them, and another reader.
#include <cerrno>

#include "world.hpp"

namespace chime::simulation {

void world::submit_drain(operation_use& o, callback done) {
  o.import = one_of(imports_.size());
  const std::int64_t due = one_of(2) == 0 ? kernel::for_ever : s_.os.now_ns() + s_.random.between(-1'000, 5'000'000);
  o.handle = one_of(16) == 0 ? 199'999 : imports_[o.import].handle;
  o.wanted = interest::readable;
  o.cancel_came = false;
  o.replaced = false;
  s_.note(step::drain_submitted, o.id, o.handle);
  o.wait.begin(due, errors());
  o.was_ready = is_ready(o);
  loop_.submit(*o.op, done, o.handle, drain::eventfd, at(due));
}

/// What it says that it took. (Whether it may be cancelled, and that it is not told after a cancel that has won, is looked at
/// for all operations.)
void world::completed_drain(operation_use& o, std::error_code error) {
  const std::uint64_t took = o.op->drained();
  require((took != 0) == !error, "a drain succeeds without having read, or fails after it has", o.id, error.value());
  s_.note(step::drained, o.id, static_cast<std::int64_t>(took));
  imports_[o.import].drained += took;
  if (!error || error == errc::cancelled) return;
  if (error == errc::timed_out) return require(s_.os.now_ns() >= o.wait.due_ns, "a drain times out early", o.id);
  if (error.value() == EBADF) return require(s_.os.file_of(o.handle) < 0, "a drain does not find its handle", o.id);
  const bool has_cause = kernel_tells_ ? o.kernel_said.value_or(0) < 0 : errors() != o.wait.kernel_errors;
  require(has_cause, "a drain fails without cause", o.id, error.value());
}

void world::change_import() {
  imported& i = imports_[one_of(imports_.size())];
  std::uint64_t value = 0;
  if (one_of(3) == 0) {
    if (s_.os.read(i.handle, &value, sizeof value) == sizeof value) i.stolen += value;
    return s_.note(step::import_read, i.handle, static_cast<std::int64_t>(value));
  }
  value = 1 + one_of(3);
  require(s_.os.write(i.handle, &value, sizeof value) == sizeof value, "an imported handle is full", i.handle);
  i.written += value;
  s_.note(step::import_written, i.handle, static_cast<std::int64_t>(value));
  for (operation_use& o : operations_) {
    if (o.handle == i.handle) o.was_ready = true;
  }
}

}  // namespace chime::simulation
