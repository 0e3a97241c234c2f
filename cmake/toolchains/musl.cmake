# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# x86-64 with musl instead of glibc: Debian's g++ with the sysroot and the compiler scripts that "./dev musl" makes in
# build/sysroot/musl. What is built runs here.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
get_filename_component(sysroot ${CMAKE_CURRENT_LIST_DIR}/../../build/sysroot/musl ABSOLUTE)
set(CMAKE_C_COMPILER ${sysroot}/bin/musl-gcc)
set(CMAKE_CXX_COMPILER ${sysroot}/bin/musl-g++)

# Nothing of glibc's must be found.
set(CMAKE_FIND_ROOT_PATH ${sysroot})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${sysroot})
set(ENV{PKG_CONFIG_LIBDIR} ${sysroot}/usr/lib/pkgconfig)
