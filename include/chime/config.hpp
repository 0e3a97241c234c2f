// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Version and symbol visibility. Nothing here needs a call.
#pragma once

/// What is released under one number; see CHANGELOG.md.
#define CHIME_VERSION_MAJOR 0
/// Counts releases that add something. Below 1.0 they may change C++ interfaces, too.
#define CHIME_VERSION_MINOR 1
/// Counts releases that only repair something.
#define CHIME_VERSION_PATCH 0

/// The inline namespace of all that is C++: `v`, major, `_`, minor. The C++ interface may change with each minor version, also
/// in what its inline functions know of objects. So a program that was compiled for another one does not link, or is stopped by the
/// loader, before it can misread an object. Never written by users: `chime::event` names the present one.
#define CHIME_ABI CHIME_ABI_NAME(CHIME_VERSION_MAJOR, CHIME_VERSION_MINOR)
#define CHIME_ABI_NAME(major, minor) CHIME_ABI_PASTE(major, minor)
#define CHIME_ABI_PASTE(major, minor) v##major##_##minor

/// Marks what the shared library exports; everything else is hidden.
#if defined(CHIME_STATIC)
#define CHIME_API
#else
#define CHIME_API __attribute__((visibility("default")))
#endif
