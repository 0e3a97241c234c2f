#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# pkg_config.sh NAME PREFIX LIBDIR: programs in C and C++ by one line each, with chime.pc below PREFIX/LIBDIR, and both
# libraries.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

name="$1" prefix="$2" libdir="$3"
export PKG_CONFIG_PATH="$prefix/$libdir/pkgconfig"
hello_cpp="$SOURCE/examples/programs/a_hello.cpp"
cd "$(new_folder "$name")"
strict=(-Wall -Wextra -Werror)

# flags ARG...: of pkg-config, which quotes them for a shell.
flags() { pkg-config "$@" --cflags --libs chime; }
eval "flags=($(flags))"
[[ " ${flags[*]} " != *" -DCHIME_STATIC "* ]] || fail "programs with the shared library are told that it is static"
"$CC" -std=c11 "${strict[@]}" "$here/consumer/hello.c" "${flags[@]}" -o hello_c
"$CXX" -std=c++23 "${strict[@]}" "$hello_cpp" "${flags[@]}" -o hello
for program in hello hello_c; do
  LD_LIBRARY_PATH="$prefix/$libdir" expect_linkage shared "./$program"
done
LD_LIBRARY_PATH="$prefix/$libdir" expect_output 'signalled: Success' ./hello
LD_LIBRARY_PATH="$prefix/$libdir" expect_output 'completed: 0' ./hello_c

eval "flags=($(flags --static))"
[[ " ${flags[*]} " == *" -DCHIME_STATIC "* ]] || fail "programs with the static library are not told so"
"$CC" -std=c11 "${strict[@]}" -static "$here/consumer/hello.c" "${flags[@]}" -o hello_c_static
"$CXX" -std=c++23 "${strict[@]}" -static "$hello_cpp" "${flags[@]}" -o hello_static
expect_output 'signalled: Success' ./hello_static
expect_output 'completed: 0' ./hello_c_static

expect_output "$VERSION" pkg-config --modversion chime
