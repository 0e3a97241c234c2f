# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Mutants that no rule of rules.py finds: kind, file, function, the place (between « and »), what becomes of it
("never" or "always": the condition; "becomes": the expression, which is given next; without one: nothing)."""

WORD = "include/chime/detail/word.hpp"
FRONT = "include/chime/detail/front.hpp"
LISTS = "src/pool/free_lists.hpp"
HOME = "src/pool/home.cpp"
CORO = "src/coro/event_wait.cpp"
DRAIN = "src/backend/drain.cpp"
GUEST = "src/proactor/guest.cpp"
KERNEL = "src/proactor/kernel.cpp"
LIFETIME = "src/pool/lifetime.cpp"
LOOP = "src/proactor/loop.cpp"
NATIVE = "src/event/native.cpp"
POCKET = "src/pool/pocket.hpp"
POOL = "src/pool/pool.cpp"
QUEUE = "src/event/ready_queue.hpp"
RING = "src/pool/return_ring.hpp"
STACK = "src/pool/tagged_stack.hpp"

PLACES = [
    # Wakes: what tells somebody, and what makes a wake stay.
    ("wake", "src/backend/doorbell.cpp", "doorbell::ring", "if («::syscall(SYS_write, handle_, &one, sizeof one)» < 0", "becomes", "8"),
    ("wake", "src/event/blocking.cpp", "unblock", "(void)«::syscall(SYS_futex, low_half(c), FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0)»", "becomes", "0"),
    ("wake", NATIVE, "signal_native", "changed && «write_primitive(native.handles)»", "becomes", "true"),
    ("wake", KERNEL, "give_back_signal", "&& «write_primitive(native.handles)»", "becomes", "true"),
    ("wake", KERNEL, "give_back_signal", "«word.keep_signal()»;", "becomes", None),
    ("wake", QUEUE, "ready_queue::push", "return «seen == asleep_bit»;", "never", None),
    ("wake", QUEUE, "ready_queue::push", "| «(seen & wake_bit)»;", "becomes", "0"),
    ("wake", QUEUE, "ready_queue::wake", "«head_.fetch_or(wake_bit, std::memory_order_release)» == asleep_bit", "becomes", "std::uintptr_t{0}"),
    ("wake", QUEUE, "ready_queue::wake", "return «head_.fetch_or(wake_bit, std::memory_order_release) == asleep_bit»", "never", None),
    ("wake", QUEUE, "ready_queue::unpack", "«(seen & wake_bit) != 0»", "never", None),
    ("wake", QUEUE, "ready_queue::wake_up", "«ended_.set(ended_.get() + 1)»", "becomes", None),
    ("wake", LOOP, "loop::settle", "«!in.queue.settled()»", "never", None),
    ("wake", "src/proactor/proactor.cpp", "proactor::stop", "«opened(loop_).stopping.store(true, std::memory_order_release)»", "becomes", None),
    ("wake", LOOP, "loop::turn", "«put_off.run_all()»", "becomes", None),
    ("wake", POOL, "pool::try_acquire", "«completes_on->put_off.run_all()»", "becomes", None),
    ("wake", LIFETIME, "pool::close", "«completes_on->put_off.run_all()»", "becomes", None),
    ("wake", POOL, "pool::put_off", "if («h->ring.unpublished() >= put_off_limit»)", "never", None),
    ("wake", POOL, "pool::put_off", "if («at_once») {", "never", None),
    ("wake", POOL, "pool::put_off", "if («returned_count >= put_off_limit»)", "never", None),
    ("wake", POOL, "pool::acquire", "«tell_hunger()»;", "becomes", None),
    ("wake", HOME, "pool::tell_hunger", "«hungry.store(true, std::memory_order_relaxed)»", "becomes", None),
    ("wake", HOME, "pool::tell_hunger", "«h->limit.store(0, std::memory_order_relaxed)»", "becomes", None),
    ("wake", HOME, "home::publish", "«static_cast<home*>(self)->ring.publish()»", "becomes", None),
    # A handle is read by who has claimed its wait, and a cancel that comes meanwhile stays.
    ("wake", WORD, "event_word::cancel", "const phase next = «reading ? phase::reading_cancelled : phase::stopped»;", "becomes", "reading ? phase::reading : phase::stopped"),
    ("wake", WORD, "event_word::cancel", "if («reading») return cancel_effect::none", "never", None),
    ("wake", WORD, "event_word::read_nothing", "if («leave(phase::reading, phase::queued, std::memory_order_relaxed)») return true", "always", None),
    ("wake", KERNEL, "loop::finished", "reads(work.policy) && «w.word.begin_reading()»", "always", None),
    ("wake", KERNEL, "loop::read", "if («failed == -EAGAIN» &&", "never", None),
    ("wake", KERNEL, "loop::read", "end_reading(«failed < 0» ?", "never", None),
    # A guest: what wakes its host, and what it must not sleep on.
    ("wake", GUEST, "loop::guest_turn", "«end_guests_sleep()»;", "becomes", None),
    ("wake", GUEST, "loop::guest_turn", "awake = failed || «ran != 0» || !taken.empty();", "never", None),
    ("wake", GUEST, "loop::fall_asleep_as_guest", "if («!unstarted.empty() || kernel->owes()»)", "never", None),
    ("wake", GUEST, "loop::fall_asleep_as_guest", "|| «!in.queue.fall_asleep()»)", "never", None),
    ("wake", "src/backend/io_uring.cpp", "uring_loop::wait", "if («guest_») quieten_bell()", "never", None),
    ("wake", "src/proactor/loop.cpp", "loop::turn", "look(ran != 0 && «!guest»)", "always", None),
    # Coroutines: signals that go back to their events, a guest that was awakened, a wake that is meant for a poll.
    ("wake", CORO, "event_wait::give_back_signals", "«(void)events_[i].get_ticket().signal()»;", "becomes", None),
    ("wake", CORO, "event_wait::cancel_all", "(void)«cancel(c, c.word.peek().generation())»;", "becomes", "0"),
    ("wake", CORO, "event_wait::finish", "«stopper_.reset()»;", "becomes", None),
    # Generations and attempts of the word, and tags: where they are compared, and where they grow.
    ("generation", WORD, "event_word::signal", "|| «now.phase() == phase::free»)", "never", None),
    ("generation", WORD, "word_value::next_wait", "attempt_limit : «attempt() + 1»", "becomes", "attempt()"),
    ("generation", WORD, "word_value::next_use", "word_value{«(bits_ | below_generation) + 1»}", "becomes", "bits_ & ~std::uint64_t{below_generation}"),
    ("generation", WORD, "word_value::ends_its_uses", "overflow(«bits_ | below_generation», std::uint64_t{1}", "becomes", "(bits_ & ~std::uint64_t{below_generation}) - 1"),
    ("generation", WORD, "word_value::refused", "return «attempt() == attempt_limit»", "never", None),
    ("generation", WORD, "word_value::retired", "return «bits_ == 0»", "never", None),
    ("generation", FRONT, "home_front::put_back", "if («now.ends_its_uses(next)»)", "never", None),
    ("generation", NATIVE, "prepare", "if («under_way(flight) != 0»)", "never", None),
    ("generation", NATIVE, "prepare", "|| «landed != native.consumed»", "never", None),
    ("generation", NATIVE, "prepare", "if («native.shared» ||", "never", None),
    ("generation", KERNEL, "loop::kernel_part_is_over", "|| «static_cast<std::int32_t>(native.waiting()) > 0»", "never", None),
    ("generation", LIFETIME, "wait_for_signallers", "while («static_cast<std::uint32_t>(native.flight.load(std::memory_order_acquire)) != 0»)", "never", None),
    ("generation", LIFETIME, "pool::trim", "if («static_cast<std::uint32_t>(flight) == 0»)", "always", None),
    ("generation", QUEUE, "ready_queue::settled", "return «paid_.load(std::memory_order_acquire) == ended_.get()»", "always", None),
    ("generation", STACK, "stack_head::pushed", "stack_head{(«(bits_ & ~index_mask) + tag_one») | index}", "becomes", "bits_ & ~index_mask"),
    ("generation", STACK, "stack_head::popped_to", "stack_head{«(bits_ & ~index_mask)» | index}", "becomes", "std::uint64_t{0}"),
    ("generation", LISTS, "free_lists::still_none", "if («!pockets_[i].unchanged(seen.pockets[i])»)", "never", None),
    ("generation", LISTS, "free_lists::still_none", "return «stacks_[0].stack.look() == seen.stacks[0]» &&", "always", None),
    ("generation", LISTS, "free_lists::still_none", "&& «stacks_[1].stack.look() == seen.stacks[1]»", "always", None),
    ("generation", POCKET, "pocket::put", "store(with(e, «seen + 1»)", "becomes", "seen"),
    ("generation", POCKET, "pocket::put", "(seen, with(e, «seen + 1»)", "becomes", "seen"),
    ("generation", POCKET, "pocket::take", "«found & tag_mask»", "becomes", "0"),
    ("generation", POCKET, "pocket::unchanged", "if («slots_[i].load(std::memory_order_acquire) != seen[i]»)", "never", None),
    ("generation", RING, "return_ring::put", "if («put - seen_taken_.get() == capacity») {", "never", None),
    ("generation", RING, "return_ring::put", "if («put - seen_taken_.get() == capacity») return false", "never", None),
    ("generation", RING, "return_ring::take", "if («taken == seen_published_.get()») {", "never", None),
    ("generation", RING, "return_ring::take", "if («taken == seen_published_.get()») return nullptr", "never", None),
    # Checks of misuse that no single condition guards, and the counts that checks go by.
    ("misuse", "src/event/event.cpp", "submit", "«misuse(\"an event was submitted by two threads at once\")»", "becomes", None),
    ("misuse", "src/proactor/loop.cpp", "loop::enter", "return «polling» ? make_error_code(fault::polling)", "never", None),
    ("misuse", GUEST, "loop::enter_as_guest", "return make_error_code(«inside == me» ?", "never", None),
    ("misuse", GUEST, "loop::enter_as_guest", "} else if («kernel->stays_with_thread() && as_guest.kernel_thread != me») {", "never", None),
    ("misuse", GUEST, "loop::enter_as_guest", "if («!polling_thread.compare_exchange_strong(inside, me, std::memory_order_acquire, std::memory_order_relaxed)») {", "never", None),
    ("misuse", "src/coro/polling_claim.cpp", "polling_claim::polling_claim", "if («(holder & is_claim) == 0») refuse()", "never", None),
    ("misuse", "src/coro/polling_claim.cpp", "polling_claim::polling_claim", "if («l.guest && kernels != 0 && kernels != me && l.kernel->stays_with_thread()») refuse()", "never", None),
    ("misuse", "src/event/blocking.cpp", "sleep_until_signalled", "if («!c.word.consume(mine)») tell_of_another_thread()", "never", None),
    ("misuse", "include/chime/task.hpp", "task_starter::await_suspend", "if («!frame || frame.done()») [[unlikely]]", "never", None),
    ("misuse", POOL, "pool::check_open", "if («state.load(std::memory_order_acquire) == door::open») return {}", "always", None),
    ("misuse", "src/pool/pool.hpp", "pool::serves_plain_events", "return «state.load(std::memory_order_acquire) == door::open» &&", "always", None),
    ("misuse", "src/pool/pool.hpp", "pool::retire", "|| «!event_word::releasable(now)»)", "never", None),
    ("misuse", FRONT, "home_front::put_back", "if («!event_word::releasable(now)» ||", "never", None),
    ("misuse", WORD, "event_word::submit", "if («!releasable(now)») return", "never", None),
    ("misuse", WORD, "event_word::block", "if («!now.same_wait(before)») return now", "never", None),
    ("misuse", WORD, "event_word::block", "if («now.phase() != phase::idle && now.phase() != phase::signalled») return now", "never", None),
    ("misuse", WORD, "event_word::retire_exact", "while («releasable(word_value{seen})»)", "always", None),
    ("misuse", FRONT, "home_front::take", "if («!sync::is_this_thread(taker.load(std::memory_order_relaxed))»)", "never", None),
    ("misuse", FRONT, "home_front::put_back", "if («!sync::is_this_thread(owner.load(std::memory_order_relaxed))»)", "never", None),
    ("misuse", HOME, "home::acquire", "if («!is_used_here()») bind()", "never", None),
    ("misuse", HOME, "home::adopt", "if («!is_used_here()») bind()", "never", None),
    ("misuse", "src/proactor/choose.cpp", "force", "const bool speaks_for_itself = «!error || is_shortage(error) || error == fault::unknown_backend_option»", "always", None),
    ("misuse", "src/c_api/proactor.cpp", "chime_proactor_run", "return «proactor == nullptr» ? -EINVAL", "never", None),
    ("misuse", "src/backend/io_uring.cpp", "uring_loop::report", "«invalid» ? -EBADF", "never", None),
    ("misuse", "src/backend/epoll.cpp", "make", "if («!setup.options.empty()»)", "never", None),
    ("misuse", "src/backend/poll.cpp", "make", "if («!setup.options.empty()»)", "never", None),
    ("misuse", "src/backend/io_uring.cpp", "make", "if («!parse(setup.options, wanted, error, text)»)", "never", None),
    ("misuse", "src/c_api/convert.hpp", "read_sized", "if («given.size > sizeof(T) && std::any_of(bytes + sizeof(T), bytes + given.size, [](unsigned char b) { return b != 0; })»)", "never", None),
    ("misuse", DRAIN, "check_kind", "return «S_ISFIFO(file.st_mode)» && mode", "always", None),
    ("misuse", DRAIN, "check_kind", "&& «mode != O_WRONLY» ?", "always", None),
    ("misuse", DRAIN, "check_kind", "|| «may_be_signalfd(handle)» ?", "always", None),
    ("misuse", DRAIN, "is_anonymous", "return «(file.st_mode & S_IFMT) == 0» &&", "always", None),
    ("misuse", DRAIN, "is_anonymous", "&& «mode == O_RDWR»;", "always", None),
    ("misuse", "src/proactor/proactor.cpp", "proactor::submit", "«policy == drain::fence && handle == -1»", "never", None),
    ("misuse", "src/sync/process.hpp", "birthplace::check", "if («forks.load(std::memory_order_relaxed) != forks_»)", "never", None),
    ("misuse", "src/sync/process.cpp", "in_child", "«forks.fetch_add(1, std::memory_order_relaxed)»;", "becomes", "0U"),
    ("misuse", "src/sync/process.cpp", "in_child", "«thread_number = 0»;", "becomes", "std::uint64_t{0}"),
]

# Where a fault or a loud stop is told and nothing is checked, or another function has checked it.
NO_CHECKS = {
    ("src/coro/run.cpp", "tell_of_no_task"),  # its caller's check is a mutant
    ("src/coro/polling_claim.cpp", "refuse"),  # its callers' checks are mutants
    ("src/event/blocking.cpp", "tell_of_another_thread"),  # likewise
    ("src/pool/event_pool.cpp", "as_acquired"),
    ("src/pool/pool.cpp", "pool::refuse_release"),
    ("src/pool/pool.cpp", "pool::check_open"),  # its check is the line above
    ("src/backend/uring_options.hpp", "parse"),  # its callers' checks are mutants
    ("src/sync/process.cpp", "birthplace::refuse"),
    ("src/pool/pool.cpp", "pool::look_patiently"),
    ("src/pool/pool.cpp", "pool::grow"),  # the loop above has found the maximum to be reached
    ("src/proactor/choose.cpp", "force"),  # its check is the line above
    ("src/proactor/choose.cpp", "first_that_runs"),  # the loop above has found no backend
}
