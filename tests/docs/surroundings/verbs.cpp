// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A completion queue of RDMA verbs, whose channel the loop watches.
#include <infiniband/verbs.h>

#include <chime/chime.hpp>

void finish(const ibv_wc& entry);

struct queue {
  chime::proactor& loop;
  chime::operation& op;
  ibv_comp_channel* channel;
  ibv_wc entry;

  // HERE
};
