# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# ./dev test: builds and runs the tests, preset by preset.

seconds_since() { printf '%d' $((SECONDS - $1)); }

# Of what CTest prints, what is worth reading: not the start and end of each of thousands of tests that passed.
without_passed() { grep --line-buffered -vE '^ *Start +[0-9]+: | Passed +[0-9.]+ sec$' || true; }

# test_preset PRESET: builds and tests it; leaves all that CTest printed in build/PRESET/ctest.log.
test_preset() {
  local preset="$1"
  mkdir -p "build/$preset"
  printf 'not built\n' >"build/$preset/ctest.log"
  build_preset "$preset" || return 1
  say "testing $preset; each test is in build/$preset/ctest.log"
  ctest --preset "$preset" 2>&1 | tee "build/$preset/ctest.log" | without_passed
}

# CTest's closing lines: how many passed, what failed, how long it took.
closing_lines() { sed -n '/tests passed,/,$p; /not built/p; /^No tests were found/p' "build/$1/ctest.log"; }

command_test() {
  local presets=(release fuzz asan tsan)
  case "$*" in
    '') ;;
    --quick) presets=(release) ;;
    *) bad_usage "test takes --quick or nothing, not \"$*\"" ;;
  esac
  need_packages build test docs
  if [[ $# -eq 0 ]]; then need_packages fuzz; fi

  local preset started models='' links='' failed=() summary=()
  for preset in "${presets[@]}"; do
    started=$SECONDS
    if test_preset "$preset"; then
      summary+=("$preset: passed, $(seconds_since "$started") s with the build")
      if [[ "$preset" == release ]]; then models="$(model_summary)"; fi
    else
      summary+=("$preset: FAILED, $(seconds_since "$started") s with the build")
      failed+=("$preset")
    fi
  done

  if [[ $# -eq 0 ]]; then
    started=$SECONDS
    if ./dev links; then
      links="passed, $(seconds_since "$started") s with the build"
    else
      links="FAILED, $(seconds_since "$started") s with the build"
      failed+=(links)
    fi
  fi

  local i
  for i in "${!presets[@]}"; do
    say "${summary[i]}"
    closing_lines "${presets[i]}"
  done
  if [[ -n "$links" ]]; then say "links, for aarch64 and with musl: $links"; fi
  if [[ -n "$models" ]]; then say "$models"; fi
  [[ ${#failed[@]} -eq 0 ]]
}
