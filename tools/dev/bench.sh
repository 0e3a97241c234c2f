# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# ./dev bench: builds and runs the benchmarks.

# Building is told on stderr: what the benchmarks print is theirs alone.
command_bench() {
  {
    need_packages build test bench
    build_preset bench chime-bench
  } >&2
  build/bench/bin/chime-bench "$@"
}
