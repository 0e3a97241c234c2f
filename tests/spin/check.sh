#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# check.sh holds MODEL [-D...]            no error, neither in assertions and end states nor in the model's claim
# check.sh safe MODEL [-D...]             the same without the claim, which takes several times as long
# check.sh breaks SYMPTOM MODEL [-D...]   a seeded bug: the search ends with this symptom
# All of them try every interleaving under sequential consistency, and print one line as the models of tests/models do.
set -euo pipefail
shopt -s inherit_errexit
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

fail() {
  printf 'check.sh: %s\n' "$*" >&2
  exit 1
}

# search NAME COMPILER_FLAGS RUN_FLAGS: leaves in NAME.out what spin's verifier says. It has more depth than these need.
search() {
  local flags run
  read -ra flags <<<"$2"
  read -ra run <<<"$3"
  gcc -w -O1 -DMEMLIM=2000 "${flags[@]}" -o "$1" pan.c
  "./$1" -m1000000 "${run[@]}" >"$1.out" 2>&1 || true
  grep -q 'errors: ' "$1.out" || { cat "$1.out"; fail "the search of $model came to no end"; }
  if grep -qE 'max search depth too small|out of memory' "$1.out"; then
    cat "$1.out"
    fail "the search of $model was cut off"
  fi
}

has_errors() { ! grep -q 'errors: 0$' "$1.out"; }

# Of this script's children: user and system time. Not in a pipe, whose ends are other processes.
processor_seconds() {
  times >times.out
  awk 'NR == 2 { gsub(/[ms]/, " "); printf "%.1f", $1 * 60 + $2 + $3 * 60 + $4 }' times.out
}

# tell VERDICT FILE...
tell() {
  local verdict="$1" states seconds
  shift
  processor_seconds >seconds.out
  seconds="$(<seconds.out)"
  states="$(cat "$@" | awk '/states, stored/ { sum += $1 } END { printf "%d", sum }')"
  printf 'model spin.%s defines=%s states=%s seconds=%s verdict=%s\n' "$model" "${defines:-none}" "$states" \
    "$seconds" "$verdict"
}

expected="$1"
shift
if [[ "$expected" == breaks ]]; then
  symptom="$1"
  shift
fi
model="$1"
shift
defines="$(IFS=,; printf '%s' "$*")"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
spin "$@" -a "$here/$model.pml" >spin.out 2>&1 || { cat spin.out; fail "spin does not take $model.pml"; }

# A claim is followed only until it is decided, so what comes after it needs a search of its own.
search safety '-DSAFETY -DNOCLAIM' ''
searches=(safety)
if [[ "$expected" == holds ]] || { [[ "$expected" == breaks ]] && ! has_errors safety; }; then
  search claim '' '-a -f'
  searches+=(claim)
fi

verdict=complete
for one in "${searches[@]}"; do
  if has_errors "$one"; then verdict=fails; fi
done
tell "$verdict" "${searches[@]/%/.out}"
if [[ "$expected" == breaks ]]; then
  grep -hF "$symptom" "${searches[@]/%/.out}" || { cat -- *.out; fail "$model $* does not show: $symptom"; }
elif [[ "$verdict" == fails ]]; then
  cat -- *.out
  fail "$model $* has errors"
fi
