#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# run.sh TARGET SECONDS COMMITTED ARTIFACTS [FOUND]: lets libFuzzer look for SECONDS, beginning with the committed corpus,
# which is only read. Inputs that fail are kept in ARTIFACTS; new ones in FOUND, where the next run begins with them. Without
# FOUND they are dropped, and every run begins alike.
set -euo pipefail
target="$1" name="${1##*/}" seconds="$2" committed="$3" artifacts="$4" found="${5:-}"
mkdir -p "$artifacts"
options=()
if [[ -z "$found" ]]; then
  found="$(mktemp -d)"
  trap 'rm -rf "$found"' EXIT
  options=(-seed=1)
fi
mkdir -p "$found"

unset CHIME_BACKEND # the inputs choose
if "$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=600 -len_control=0 -print_final_stats=1 \
  -verbosity=0 -artifact_prefix="$artifacts/$name-" "${options[@]}" "$found" "$committed"; then
  exit 0
fi
cat <<TEXT

$name failed. Above are the calls of the input, and what the library did that the model says it must not. If a sanitizer, a
hang or the library's own stop ended it instead, a replay shows the calls:

  CHIME_FUZZ_TRACE=1 $target FILE

FILE is in $artifacts. With -minimize_crash=1 -runs=10000 in front of it, libFuzzer looks for a shorter one.
TEXT
exit 1
