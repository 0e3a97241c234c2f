# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# ./dev simulate: simulated worlds beyond those of ./dev test, or one of them again with every step told.

# What all ranges of seeds tell together: each line is a name and a number, or how many seeds and steps there were.
added_up() {
  awk '
    /^simulation: / { seeds += $2; steps += $4; next }
    { number = $NF; $NF = ""; if (!($0 in counts)) order[++names] = $0; counts[$0] += number }
    END {
      for (i = 1; i <= names; ++i) printf "  %-32s %12d\n", order[i], counts[order[i]]
      printf "\n==> %d seeds, %d steps\n", seeds, steps
    }'
}

command_simulate() {
  local number='^[0-9]+$'
  if [[ $# -eq 2 && "$1" == --seeds && "$2" =~ $number ]]; then
    export CHIME_SIM_SEEDS="$2"
  elif [[ $# -eq 1 && "$1" =~ $number ]]; then
    export CHIME_SIM_SEED="$1"
  elif [[ $# -ne 0 ]]; then
    bad_usage "simulate takes a seed, or --seeds and how many, or nothing, not \"$*\""
  fi
  need_packages build test
  build_preset release chime_simulation_tests
  if [[ -v CHIME_SIM_SEED ]]; then
    build/release/bin/chime_simulation_tests --gtest_filter='*Simulation.holds_for_seeds/0'
  else
    say "simulating"
    local failed=0
    ctest --preset release -L simulation --verbose >build/release/simulation.log 2>&1 || failed=$?
    sed -nE 's/^[0-9]+: ((simulation: [0-9]+ seeds|  ).*)/\1/p' build/release/simulation.log | added_up
    if [[ $failed -ne 0 ]]; then
      without_passed <build/release/simulation.log | grep -vE '^[0-9]+:   ' >&2
      fail "a simulated world failed; all of it is in build/release/simulation.log"
    fi
  fi
}
