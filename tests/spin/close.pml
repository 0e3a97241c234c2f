/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The end of a pool and its loop (src/pool/lifetime.cpp, src/event/ready_queue.hpp, src/proactor/proactor.cpp) against a
 * signaller that wins a wait and may owe the ring, and against a thread that releases the last event.
 *
 * Checked: nobody touches the pool or the loop after its memory has gone; no wake-up is lost, so that with fair scheduling
 * everything closes in the end.
 *
 * Seeded bugs: -DNO_SETTLE (the loop goes without waiting for rings that are owed), -DPAYS_FIRST (the debtor counts its
 * ring before it rings), -DTWO_WORDS (whether the loop sleeps stands beside the queue), -DCOUNTS_WORDS (close counts an
 * event as back by its word, before the releaser's push). */

#define SIGNALLERS 2

/* The ready queue's word: what was pushed, and the sentinel. */
byte pushed;
bool asleep;
/* Beside it: the doorbell, and the account of rings. */
bool rung;
byte ended, paid;

/* The pool: events released for good, by their word and by the push into the lists. */
byte free_by_word, free_in_lists;

bool pool_gone, loop_gone;
byte delivered;

#define TOUCH_LOOP assert(!loop_gone)
#define TOUCH_POOL assert(!pool_gone)

ltl everything_closes { <> (pool_gone && loop_gone) }

/* The winner of an armed wait: its push is the last touch of the event and, unless it owes the ring, of the loop. */
proctype signaller() {
  bool owes;
  TOUCH_POOL;
#ifdef TWO_WORDS
  /* The debt is counted by who owes, so that nothing but the lost wake-up is wrong. */
  d_step { TOUCH_LOOP; owes = asleep; ended = ended + (asleep -> 1 : 0) };
  d_step { TOUCH_LOOP; pushed++ };
#else
  d_step { TOUCH_LOOP; owes = asleep; asleep = false; pushed++ };
#endif
  if
  :: owes ->
#ifdef PAYS_FIRST
    d_step { TOUCH_LOOP; paid++ };
    d_step { TOUCH_LOOP; rung = true }
#else
    d_step { TOUCH_LOOP; rung = true };
    d_step { TOUCH_LOOP; paid++ }
#endif
  :: else
  fi
}

/* Holds an event that never waits, and releases it: the word, then the push. */
proctype releaser() {
  d_step { TOUCH_POOL; free_by_word++ };
  d_step { TOUCH_POOL; free_in_lists++ }
}

#ifdef TWO_WORDS
#define WAKE_UP taken = pushed; pushed = 0; asleep = false
#else
#define WAKE_UP taken = pushed; pushed = 0; ended = ended + (asleep -> 0 : 1); asleep = false
#endif

inline run_taken() {
  do
  :: taken > 0 -> taken--; delivered++; free_by_word++; free_in_lists++
  :: else -> break
  od
}

proctype poller() {
  byte taken;
  byte time_outs = 2;
  do
  :: delivered == SIGNALLERS -> break
  :: else ->
    d_step { taken = pushed; pushed = 0 };
    atomic { run_taken() };
    if
    :: delivered < SIGNALLERS ->
      if
#ifdef TWO_WORDS
      :: pushed == 0 ->
        asleep = true;
#else
      :: d_step { pushed == 0 -> asleep = true };
#endif
        if
        :: d_step { rung -> rung = false }
        :: d_step { time_outs > 0 -> time_outs-- }
        fi;
        d_step { WAKE_UP };
        atomic { run_taken() }
      :: else
      fi
    :: else
    fi
  od;
  /* close of the pool, called until nothing is out */
#ifdef COUNTS_WORDS
  free_by_word == SIGNALLERS + 1;
#else
  free_in_lists == SIGNALLERS + 1;
#endif
  pool_gone = true;
  /* close of the loop */
#ifndef NO_SETTLE
  paid == ended;
#endif
  loop_gone = true
}

init {
  atomic {
    byte i;
    for (i : 1 .. SIGNALLERS) { run signaller() };
    run releaser();
    run poller()
  }
}
