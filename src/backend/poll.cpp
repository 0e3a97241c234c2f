// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The poll backend: a table of descriptors, scanned after every wait. For few watches, and for where nothing else
/// runs.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "backend/readiness.hpp"
#include "error/system.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {
namespace {

class poll_loop final : public backend {
 public:
  explicit poll_loop(const backend_setup& setup) noexcept : sink_(setup.sink), memory_(setup.memory) {
    own_[0] = {setup.bell, POLLIN, 0};
  }
  ~poll_loop() override { give_back(); }

  [[nodiscard]] std::string_view name() const noexcept override { return "poll"; }
  [[nodiscard]] std::error_code bind() noexcept override { return {}; }
  [[nodiscard]] bool looks_cheaply() const noexcept override { return false; }

  [[nodiscard]] int start(kernel_work& work) noexcept override {
    if (work.handle < 0) return -EBADF;  // ppoll would ignore it for ever
    if (count_ == capacity_ && !grow()) return -ENOMEM;
    work.value = static_cast<std::int32_t>(count_);
    handles_[count_] = {work.handle, events_of(work), 0};
    works_[count_++] = &work;
    return 0;
  }

  [[nodiscard]] bool stop(kernel_work& work) noexcept override {
    remove(work);
    return true;
  }

  [[nodiscard]] std::error_code wait(std::int64_t timeout_ns) noexcept override {
    const timespec timeout = to_timespec(std::max<std::int64_t>(timeout_ns, 0));
    const int ready = ::ppoll(handles_, count_, timeout_ns < 0 ? nullptr : &timeout, nullptr);
    // EINTR: a signal handler ran, and may have woken the loop. ENOMEM and EINVAL (more descriptors than the process
    // may have) are reported; EFAULT is impossible with this table.
    if (ready < 0) return errno == EINTR ? std::error_code{} : system_error(errno);
    if (ready > 0) scan();
    return {};
  }

 private:
  static constexpr std::size_t own_entries = 16;

  /// Backwards, because a finished entry is replaced by the last one, which has been looked at by then.
  void scan() noexcept {
    for (std::size_t i = count_; i-- > 1;) {
      if (handles_[i].revents == 0) continue;
      kernel_work& work = *works_[i];
      const int result = result_of(work, static_cast<unsigned>(handles_[i].revents));
      if (result == -EAGAIN) continue;
      remove(work);
      sink_->finished(work, result);
    }
    if (handles_[0].revents != 0) quieten();
  }

  /// poll(2) tells levels, so the doorbell must be read or it would ring for ever.
  void quieten() noexcept {
    std::uint64_t rings = 0;
    // EAGAIN and EINTR: it will be read after the next wait. Nothing depends on the count.
    (void)!::read(handles_[0].fd, &rings, sizeof rings);
    handles_[0].revents = 0;
  }

  void remove(kernel_work& work) noexcept {
    const auto place = static_cast<std::size_t>(work.value);
    handles_[place] = handles_[--count_];
    works_[place] = works_[count_];
    works_[place]->value = work.value;
  }

  /// One block holds both tables, twice as long as before.
  [[nodiscard]] bool grow() noexcept {
    const std::size_t capacity = capacity_ * 2;
    void* block = memory_.allocate(memory_.context, bytes_for(capacity), 64);
    if (block == nullptr) return false;
    auto* works = static_cast<kernel_work**>(block);
    auto* handles = reinterpret_cast<pollfd*>(works + capacity);
    std::copy_n(works_, count_, works);
    std::copy_n(handles_, count_, handles);
    give_back();
    works_ = works;
    handles_ = handles;
    capacity_ = capacity;
    return true;
  }

  void give_back() noexcept {
    if (works_ != own_works_) memory_.deallocate(memory_.context, works_, bytes_for(capacity_), 64);
  }

  [[nodiscard]] static constexpr std::size_t bytes_for(std::size_t entries) noexcept {
    return entries * (sizeof(kernel_work*) + sizeof(pollfd));
  }

  kernel_sink* sink_;
  allocator memory_;
  std::size_t count_ = 1;  // the doorbell is the first entry
  std::size_t capacity_ = own_entries;
  pollfd own_[own_entries] = {};
  kernel_work* own_works_[own_entries] = {};
  pollfd* handles_ = own_;
  kernel_work** works_ = own_works_;
};
static_assert(sizeof(poll_loop) <= sizeof(backend_storage));

backend* make(backend_storage& storage, const backend_setup& setup, std::error_code& error,
              backend_text& text) noexcept {
  if (!setup.options.empty()) {
    error = make_error_code(fault::unknown_backend_option);
    describe(text, "poll has no options");
    return nullptr;
  }
  if (setup.guest) {
    error = system_error(EOPNOTSUPP);
    describe(text, "has no handle on which the host of a guest could wait");
    return nullptr;
  }
  describe(text, "works everywhere; every wait scans all watches");
  return new (storage.bytes.data()) poll_loop(setup);
}

}  // namespace

const backend_kind poll_backend{"poll", make};

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
