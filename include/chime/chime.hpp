// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The whole C++ interface but for coroutines (coro.hpp). Read in this order: event.hpp, pool.hpp, proactor.hpp, memory.hpp,
/// error.hpp.
#pragma once

#include <chime/error.hpp>
#include <chime/event.hpp>
#include <chime/memory.hpp>
#include <chime/pool.hpp>
#include <chime/proactor.hpp>
