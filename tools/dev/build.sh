# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# ./dev build: every build is made by a preset of CMakePresets.json, into build/PRESET.

check_preset() {
  case "$1" in
    release | bench | debug | asan | tsan | clang | fuzz | coverage) ;;
    *) bad_usage "no preset \"$1\": it is release, bench, debug, asan, tsan, clang, fuzz or coverage" ;;
  esac
}

# build_preset PRESET [TARGET...]: all of it, or these targets.
build_preset() {
  local preset="$1"
  shift
  say "building $preset in build/$preset"
  if command -v ninja >/dev/null; then export CMAKE_GENERATOR="${CMAKE_GENERATOR:-Ninja}"; fi
  cmake --preset "$preset" >/dev/null || return # what goes wrong is told on stderr
  cmake --build --preset "$preset" --parallel ${1:+--target "$@"}
}

command_build() {
  if [[ $# -gt 1 ]]; then bad_usage "build takes one preset"; fi
  check_preset "${1:-release}"
  case "${1:-release}" in
    clang) need_packages fuzz ;;
    bench | fuzz | coverage) need_packages "$1" ;;
  esac
  need_packages build test
  build_preset "${1:-release}"
}
