# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What the toolchain files of Debian's cross compilers share. They set `processor` and include this. Libraries for the target
# are taken from build/sysroot/<processor> ("./dev cross" fills it), and what is run goes through qemu.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${processor})
set(CMAKE_C_COMPILER ${processor}-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER ${processor}-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE ${processor}-linux-gnu)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-${processor} -L /usr/${processor}-linux-gnu)

get_filename_component(sysroot ${CMAKE_CURRENT_LIST_DIR}/../../build/sysroot/${processor} ABSOLUTE)
list(PREPEND CMAKE_PREFIX_PATH ${sysroot}/usr)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${sysroot})
set(ENV{PKG_CONFIG_LIBDIR} ${sysroot}/usr/lib/${processor}-linux-gnu/pkgconfig)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
