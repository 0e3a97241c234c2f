# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# ./dev model: searches the interleavings of the protocols, and tells how far.

# What the searches of the last ctest of the release build say, a line each ("model NAME key=value ...").
model_lines() { grep -h '^model [^ =]' build/release/Testing/Temporary/LastTest.log || true; }

# All of them together, in one line.
model_summary() {
  model_lines | awk '
    {
      ++searches
      for (i = 3; i <= NF; ++i) {
        split($i, pair, "=")
        if (pair[1] == "executions" || pair[1] == "states") tried[pair[1]] += pair[2]
        if (pair[1] == "seconds") seconds += pair[2]
        if (pair[1] == "verdict") ++verdicts[pair[2]]
      }
    }
    END {
      printf "models: %d searches, %.1f million executions, %.1f million states of spin, %.0f s of processor time", searches,
        tried["executions"] / 1e6, tried["states"] / 1e6, seconds
      printf "; complete within their bounds: %d, drawn by seed: %d, cut off by time: %d, seeded bugs found: %d\n",
        verdicts["complete"], verdicts["drawn"], verdicts["incomplete"], verdicts["fails"]
    }'
}

command_model() {
  if [[ "$*" =~ ^--deep(\ [1-9][0-9]*)?$ ]]; then
    export CHIME_MODEL_DEPTH=1 CHIME_MODEL_SECONDS="${2:-60}"
  elif [[ $# -ne 0 ]]; then
    bad_usage "model takes --deep and a number of seconds, or nothing, not \"$*\""
  fi
  need_packages build test
  build_preset release chime_explorer_tests chime_model_tests
  say "searching"
  local failed=0
  ctest --preset release -L model >build/release/model.log 2>&1 || failed=$?
  model_lines
  say "$(model_summary)"
  if [[ $failed -ne 0 ]]; then
    without_passed <build/release/model.log >&2
    fail "a model failed, or a seeded bug was not found"
  fi
}
