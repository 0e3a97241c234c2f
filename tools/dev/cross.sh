# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# ./dev cross: the unit, conformance and C tests as other processors run them, which qemu emulates program by program.

cross_programs=(chime_unit_tests chime_conformance_tests chime_c_api_test)
cross_seconds=1200 # for each program: a lost wake-up would hang
sysroots="$PWD/build/sysroot"

# foreign_apt ARCHITECTURE ARG...: apt-get for packages of another architecture, with lists of its own, so that nothing
# changes on this machine.
foreign_apt() {
  local architecture="$1" dir="$sysroots/apt-$1"
  shift
  mkdir -p "$dir"/{lists,archives}/partial
  touch "$dir/status"
  apt-get -q -o APT::Architecture="$architecture" -o APT::Architectures="$architecture" -o Dir::State="$dir" \
    -o Dir::State::Lists="$dir/lists" -o Dir::State::status="$dir/status" -o Dir::Cache="$dir" "$@"
}

# unpack_foreign PROCESSOR ARCHITECTURE PACKAGE...: Debian's packages, unpacked in build/sysroot/PROCESSOR.
unpack_foreign() {
  local root="$sysroots/$1" architecture="$2" package
  shift 2
  say "unpacking $* of $architecture in $root; they are not installed"
  foreign_apt "$architecture" update
  (cd "$root" && foreign_apt "$architecture" download "$@")
  for package in "$root"/*.deb; do dpkg-deb -x "$package" "$root"; done
}

# build_googletest PROCESSOR: from Debian's sources, into build/sysroot/PROCESSOR.
build_googletest() {
  local sysroot="$sysroots/$1"
  say "building GoogleTest for $1"
  cmake -S /usr/src/googletest -B "$sysroot/googletest" -DCMAKE_TOOLCHAIN_FILE="$PWD/cmake/toolchains/$1.cmake" \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$sysroot/usr" -DBUILD_GMOCK=OFF >/dev/null
  cmake --build "$sysroot/googletest" --parallel
  cmake --install "$sysroot/googletest" >/dev/null
}

# What the library needs on that processor. Of riscv64 Debian 12 has the compiler's own libraries only.
need_sysroot() {
  local root="$sysroots/$1"
  if [[ -e "$root/complete" ]]; then return 0; fi
  rm -rf "$root"
  mkdir -p "$root"
  if [[ "$1" == aarch64 ]]; then unpack_foreign aarch64 arm64 liburing-dev liburing2 libnuma-dev libnuma1; fi
  touch "$root/complete"
}

# run_suite PROCESSOR NAME PROGRAM ARG...
run_suite() {
  local processor="$1" name="$2" program="$3"
  shift 3
  run_program "$name" "qemu-$processor" -L "/usr/$processor-linux-gnu" "build/$processor/bin/$program" "$@"
}

# run_program NAME COMMAND ARG...: a suite, with the lines around it that report_suites reads.
run_program() {
  local name="$1" code=0 started=$SECONDS
  shift
  printf 'suite %s begins\n' "$name"
  timeout "$cross_seconds" "$@" 2>&1 || code=$?
  printf 'suite %s ended with %d after %d s\n' "$name" "$code" "$(seconds_since "$started")"
}

# Left out: death tests, since qemu adds words of its own to those of a program that dies, can start no program of another
# processor anew, and has no seccomp.
run_suites() {
  local backend
  run_suite "$1" unit chime_unit_tests --gtest_color=no --gtest_filter='-*DeathTest*'
  run_suite "$1" conformance chime_conformance_tests --gtest_color=no --gtest_filter='-*death_test*'
  for backend in io_uring epoll poll; do run_suite "$1" "c_api.$backend" chime_c_api_test "$backend"; done
  printf 'all suites ended\n'
}

cross_test() {
  local processor="$1" log="build/$1/suites.log"
  need_sysroot "$processor"
  if [[ ! -d "$sysroots/$processor/usr/lib/cmake/GTest" ]]; then build_googletest "$processor"; fi
  build_preset "$processor" "${cross_programs[@]}"
  say "running the suites on $processor; everything they print is in $log"
  run_suites "$processor" | tee "$log" | without_ok
}

command_cross() {
  local processors processor failed=0
  case "$*" in
    '') processors=(aarch64 riscv64) ;;
    aarch64 | riscv64) processors=("$1") ;;
    *) bad_usage "cross takes aarch64, riscv64, or nothing for both" ;;
  esac
  need_packages build test cross
  for processor in "${processors[@]}"; do cross_test "$processor"; done
  for processor in "${processors[@]}"; do
    say "$processor"
    report_suites "build/$processor/suites.log" || failed=1
  done
  [[ $failed -eq 0 ]] || fail "something went wrong on another processor"
}
