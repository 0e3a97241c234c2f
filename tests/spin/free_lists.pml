/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Acquire and release by the pool's two stacks whose roles flip (src/pool/free_lists.hpp, tagged_stack.hpp), with every
 * load and swap a step of its own, under sequential consistency.
 *
 * Checked: no event has two owners; "none" is said only if at some instant of the look no event was free; at the end every
 * event is in the lists, once; nobody tries for ever.
 *
 * Seeded bugs: -DNO_TAG (a push leaves the tag alone), -DNO_SECOND_LOOK ("none" is said without the proof),
 * -DMIGRATE_BY_HAND (the returned events move over through the hands of one thread). */

#ifndef THREADS
#define THREADS 3
#endif
#ifndef EVENTS
#define EVENTS 2
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif

/* A head: an index, 0 for none, and the tag, whose wrap no run here reaches. */
typedef head { byte index; byte tag };
head stacks[2];
byte serving;
byte next[EVENTS + 1];

/* Ghosts: who owns an event, how many lie free, and for each thread whether there was an instant of its look without any. */
byte owner[EVENTS + 1];
byte free_events;
bool saw_none[THREADS];
byte ended;

ltl everybody_ends { <> (ended == THREADS) }

#ifdef NO_TAG
#define STEP 0
#else
#define STEP 1
#endif

inline look(which, to) { atomic { to.index = stacks[which].index; to.tag = stacks[which].tag } }
#define UNCHANGED(which, seen) (stacks[which].index == seen.index && stacks[which].tag == seen.tag)

inline count_out(how_many) {
  free_events = free_events - how_many;
  if
  :: free_events == 0 ->
    for (ghost : 0 .. THREADS - 1) { saw_none[ghost] = true }
  :: else
  fi
}

inline take_ownership(event, me) {
  assert(owner[event] == 0);
  owner[event] = me + 1
}

/* event: what is acquired; 0: none. */
inline acquire(me, event) {
  atomic { event = 0; saw_none[me] = free_events == 0 };
  do
  :: role = serving;
    look(role, seen[role]);
    do
    :: seen[role].index != 0 ->
      rest = next[seen[role].index];
      if
      :: atomic { UNCHANGED(role, seen[role]) ->
          stacks[role].index = rest; event = seen[role].index; count_out(1); take_ownership(event, me) };
        break
      :: else -> look(role, seen[role])
      fi
    :: else -> break
    od;
    if
    :: event != 0 -> break
    :: else
    fi;
    look(1 - role, seen[1 - role]);
    if
    :: seen[1 - role].index != 0 ->
#ifdef MIGRATE_BY_HAND
      if
      :: atomic { UNCHANGED(1 - role, seen[1 - role]) ->
          stacks[1 - role].index = 0; stacks[1 - role].tag = stacks[1 - role].tag + 1 };
        atomic {
          rest = seen[1 - role].index;
          do
          :: next[rest] != 0 -> rest = next[rest]
          :: else -> break
          od;
          next[rest] = stacks[role].index;
          stacks[role].index = seen[1 - role].index;
          stacks[role].tag = stacks[role].tag + 1 }
      :: else
      fi
#else
      atomic {
        if
        :: serving == role -> serving = 1 - role
        :: else
        fi }
#endif
    :: else ->
#ifdef NO_SECOND_LOOK
      break
#else
      changed = !UNCHANGED(0, seen[0]);
      changed = changed || !UNCHANGED(1, seen[1]);
      if
      :: !changed -> break
      :: else
      fi
#endif
    fi
  od;
  atomic { rest = 0; changed = false; seen[0].index = 0; seen[0].tag = 0; seen[1].index = 0; seen[1].tag = 0 }
}

inline release(event) {
  role = 1 - serving;
  owner[event] = 0;
  do
  :: look(role, seen[0]);
    next[event] = seen[0].index;
    if
    :: atomic { UNCHANGED(role, seen[0]) ->
        stacks[role].index = event; stacks[role].tag = stacks[role].tag + STEP; free_events++ };
      break
    :: else
    fi
  od;
  atomic { role = 0; seen[0].index = 0; seen[0].tag = 0 }
}

proctype user(byte me) {
  head seen[2];
  byte role, rest, event, other, round, ghost;
  bool changed;
  for (round : 1 .. ROUNDS) {
    acquire(me, event);
    if
    :: event == 0 ->
      assert(saw_none[me])
    :: else ->
      if
      :: true                       /* one event, */
      :: acquire(me, other)         /* or two, given back in the order in which they were got */
      fi;
      release(event);
      if
      :: other != 0 -> release(other); other = 0
      :: else
      fi
    fi
  };
  ended++
}

init {
  byte i;
  atomic {
    for (i : 1 .. EVENTS) { next[i] = i - 1 };
    stacks[1].index = EVENTS;
    free_events = EVENTS;
    for (i : 0 .. THREADS - 1) { run user(i) }
  };
  ended == THREADS;
  atomic {
    byte found = 0;
    byte at = stacks[0].index;
    do
    :: at != 0 -> found++; at = next[at]; assert(found <= EVENTS)
    :: else -> break
    od;
    at = stacks[1].index;
    do
    :: at != 0 -> found++; at = next[at]; assert(found <= EVENTS)
    :: else -> break
    od;
    assert(found == EVENTS && free_events == EVENTS)
  }
}
