# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What the library itself needs. Its users need none of it but the two shared libraries.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBURING REQUIRED IMPORTED_TARGET liburing>=2.3)
find_package(Boost 1.74 REQUIRED) # headers only
find_library(CHIME_NUMA_LIBRARY numa REQUIRED)
find_path(CHIME_NUMA_INCLUDE_DIR numa.h REQUIRED)
mark_as_advanced(CHIME_NUMA_LIBRARY CHIME_NUMA_INCLUDE_DIR)
