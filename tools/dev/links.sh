# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# ./dev links: whether the library links where its tests are too slow to run each time: unoptimised, and without tests.

# links_compile COMPILER PROGRAM FLAG...
links_compile() {
  local compiler="$1" program="$2"
  shift 2
  "$compiler" -std=c++23 -Wall -Wextra -Werror -Iinclude examples/programs/a_hello.cpp -o "$program" "$@"
}

# links_build PRESET: both libraries, into build/PRESET-links.
links_build() {
  say "building the library of $1 in build/$1-links"
  if command -v ninja >/dev/null; then export CMAKE_GENERATOR="${CMAKE_GENERATOR:-Ninja}"; fi
  cmake --preset "$1" -B "build/$1-links" -DCHIME_BUILD_TESTS=OFF -DCMAKE_CXX_FLAGS_RELEASE=-O0 \
    -DCMAKE_SHARED_LINKER_FLAGS=-Wl,--no-undefined >/dev/null
  cmake --build "build/$1-links" --parallel --target chime_shared chime_static
}

# links_aarch64: a program that contains all of itself, run by qemu.
links_aarch64() {
  need_sysroot aarch64
  links_build aarch64
  local dir=build/aarch64-links lib="$sysroots/aarch64/usr/lib/aarch64-linux-gnu"
  links_compile aarch64-linux-gnu-g++ "$dir/hello" -DCHIME_STATIC -static "$dir/src/libchime.a" "-L$lib" -luring -lnuma
  qemu-aarch64 "$dir/hello"
}

links_musl() {
  need_musl_sysroot
  links_build musl
  musl_programs build/musl-links
}

command_links() {
  local kinds=(aarch64 musl) kind
  case "$*" in
    '') ;;
    aarch64 | musl) kinds=("$1") ;;
    *) bad_usage "links takes aarch64, musl, or nothing for both" ;;
  esac
  need_packages build
  for kind in "${kinds[@]}"; do
    need_packages "$([[ "$kind" == musl ]] && echo musl || echo cross)"
    "links_$kind"
  done
}
