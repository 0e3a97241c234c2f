// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "checksummer.hpp"

#include <utility>

namespace checksum {

using std::chrono::nanoseconds;

namespace {
constexpr nanoseconds for_ever{-1};
}

/// On the loop. What the worker wrote before it signalled is visible here. The event goes back to its pool on return.
void file_job::completed(chime::completion&& done) {
  // Nobody cancels and there is no deadline, so an error can only be the loop's own.
  if (done.error) hash.error = done.error;
  --owner->in_flight_;
  owner->progress_.show(++owner->completed_);
}

checksummer::checksummer(unsigned workers, std::vector<std::string> paths)
    : jobs_(paths.size()),
      workers_(workers),
      progress_(paths.size()),
      queue_(std::size_t{workers} * events_per_worker) {
  for (std::size_t i = 0; i < paths.size(); ++i) {
    jobs_[i].owner = this;
    jobs_[i].path = std::move(paths[i]);
  }
}

chime::result<void> checksummer::open(const std::string& backend) {
  if (auto opened = loop_.open({.backend = backend}); !opened) return opened;
  // The queue has a place for every event, so that the loop never waits there.
  return pool_.open(loop_, {.maximum_capacity = std::size_t{workers_} * events_per_worker});
}

chime::result<void> checksummer::run() {
  std::vector<std::jthread> crew;
  crew.reserve(workers_);
  for (unsigned i = 0; i < workers_; ++i) {
    crew.emplace_back([this, hasher = sha256{}](const std::stop_token& stop) mutable { work(hasher, stop); });
  }
  for (file_job& job : jobs_) {
    if (auto started = start(job); !started) {
      (void)drain();  // what is in flight points here; the first error is the one to tell
      return started;
    }
  }
  return drain();
}

chime::result<void> checksummer::start(file_job& job) {
  chime::result<chime::event> got = acquire_patiently();
  if (!got) return std::unexpected(got.error());
  job.hashed = got->get_ticket();
  ++in_flight_;
  queue_.push(&job);
  // The worker may have signalled already: the wait then completes at once.
  std::move(*got).submit(chime::callback::to<&file_job::completed>(job));
  return {};
}

/// When all events are out, polls until one comes back.
chime::result<chime::event> checksummer::acquire_patiently() {
  for (;;) {
    chime::result<chime::event> got = pool_.acquire();
    const bool will_come_back = !got && got.error() == chime::errc::resource_exhausted && in_flight_ != 0;
    if (!will_come_back) return got;
    if (auto polled = loop_.poll(for_ever); !polled) return std::unexpected(polled.error());
  }
}

chime::result<void> checksummer::drain() {
  while (in_flight_ != 0) {
    if (auto polled = loop_.poll(for_ever); !polled) return std::unexpected(polled.error());
  }
  return {};
}

void checksummer::work(sha256& hasher, const std::stop_token& stop) {
  while (file_job* job = queue_.pop(stop)) {
    const chime::ticket hashed = job->hashed;
    job->hash = hasher.hash_file(job->path);
    hashed.signal();  // the last touch: the job is the loop's from here on
  }
}

totals checksummer::sum() const {
  totals all{.pool = pool_.stats(), .loop = loop_.stats()};
  for (const file_job& job : jobs_) {
    if (job.hash.error) continue;
    ++all.files;
    all.bytes += job.hash.bytes;
  }
  return all;
}

}  // namespace checksum
