# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What the library itself needs. Its users need none of it but the two shared libraries.
# io_uring and NUMA can be left out, by a word and never silently: io_uring is the fastest backend where it runs.
find_package(Threads REQUIRED)
find_package(Boost 1.74 REQUIRED) # headers only
if(CHIME_WITH_IO_URING OR CHIME_BUILD_BENCH)
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(LIBURING IMPORTED_TARGET liburing>=2.3)
  if(NOT LIBURING_FOUND)
    message(FATAL_ERROR "liburing 2.3 or later was not found (Debian: liburing-dev); -DCHIME_WITH_IO_URING=OFF does without")
  endif()
endif()
if(CHIME_WITH_NUMA)
  find_library(CHIME_NUMA_LIBRARY numa)
  find_path(CHIME_NUMA_INCLUDE_DIR numaif.h)
  mark_as_advanced(CHIME_NUMA_LIBRARY CHIME_NUMA_INCLUDE_DIR)
  if(NOT CHIME_NUMA_LIBRARY OR NOT CHIME_NUMA_INCLUDE_DIR)
    message(FATAL_ERROR "libnuma was not found (Debian: libnuma-dev); -DCHIME_WITH_NUMA=OFF does without")
  endif()
endif()

# Some processors have no instructions for atomics of one byte; g++ calls a library for them there.
include(CheckCXXSourceCompiles)
check_cxx_source_compiles(
  "#include <atomic>\nstd::atomic<bool> flag;\nint main() { return flag.exchange(true) ? 1 : 0; }" CHIME_HAS_BYTE_ATOMICS)
if(NOT CHIME_HAS_BYTE_ATOMICS)
  set(CHIME_ATOMIC_LIBRARY atomic)
endif()
