// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <glib.h>

#include <chime/chime.hpp>

chime::proactor loop;

// HERE
