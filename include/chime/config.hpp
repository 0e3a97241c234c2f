// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Version and symbol visibility. Nothing here needs a call.
#pragma once

#define CHIME_VERSION_MAJOR 0
#define CHIME_VERSION_MINOR 1
#define CHIME_VERSION_PATCH 0

/// Marks what the shared library exports; everything else is hidden.
#if defined(CHIME_STATIC)
#define CHIME_API
#else
#define CHIME_API __attribute__((visibility("default")))
#endif
