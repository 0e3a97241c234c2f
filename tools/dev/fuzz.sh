# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# ./dev fuzz: lets libFuzzer look for sequences of calls that break the model, longer than "test" does.

fuzz_targets=(fuzz_cpp fuzz_c)

# fuzz_keep TARGET: puts what the build's corpus has beyond the committed one into that, as little of it as covers the same.
fuzz_keep() {
  local target="$1" committed="tests/fuzz/corpus/$1" fresh
  fresh="$(mktemp -d)"
  say "merging $target"
  "build/fuzz/bin/$target" -set_cover_merge=1 -verbosity=0 -timeout=20 -max_len=600 "$fresh" "$committed" "build/fuzz/corpus/$target"
  compgen -G "$fresh/*" >/dev/null || fail "nothing is left of the corpus of $target; it stays as it is"
  rm -rf "$committed"
  mv "$fresh" "$committed"
  chmod 755 "$committed"
  printf '%s: %d inputs, %s\n' "$target" "$(find "$committed" -type f | wc -l)" "$(du -sh --apparent-size "$committed" | cut -f 1)"
}

command_fuzz() {
  local seconds=600 keep='' targets=()
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --seconds)
        [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || bad_usage "--seconds takes a number, not \"${2:-}\""
        seconds="$2"
        shift
        ;;
      --keep) keep=yes ;;
      fuzz_cpp | fuzz_c) targets+=("$1") ;;
      *) bad_usage "fuzz takes --seconds N, --keep, and targets (${fuzz_targets[*]}), not \"$1\"" ;;
    esac
    shift
  done
  if [[ ${#targets[@]} -eq 0 ]]; then targets=("${fuzz_targets[@]}"); fi
  need_packages build test fuzz
  build_preset fuzz "${targets[@]}"

  local target failed=() running=() log i
  say "fuzzing ${targets[*]} for $seconds s each, at once; what they print is in build/fuzz/TARGET.log"
  for target in "${targets[@]}"; do
    tests/fuzz/run.sh "build/fuzz/bin/$target" "$seconds" "tests/fuzz/corpus/$target" build/fuzz/artifacts \
      "build/fuzz/corpus/$target" >"build/fuzz/$target.log" 2>&1 &
    running+=($!)
  done
  for i in "${!targets[@]}"; do
    target="${targets[i]}" log="build/fuzz/${targets[i]}.log"
    if wait "${running[i]}"; then
      printf '%s: nothing found, %s inputs tried, %d kept in build/fuzz/corpus/%s\n' "$target" \
        "$(awk '/stat::number_of_executed_units/ { print $2 }' "$log")" \
        "$(find "build/fuzz/corpus/$target" -type f | wc -l)" "$target"
    else
      failed+=("$target")
      tail -n 100 "$log" >&2
    fi
  done
  [[ ${#failed[@]} -eq 0 ]] || fail "failed: ${failed[*]}"
  if [[ -n "$keep" ]]; then
    for target in "${targets[@]}"; do fuzz_keep "$target"; done
  fi
}
