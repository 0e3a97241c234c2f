# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# ./dev demo: the examples on every backend that works here.

usable_backends() { build/release/bin/chime probe | awk '$2 == "usable" { print $1 }'; }

# number_before WORD FILE: the number in front of the word in what an example printed.
number_before() { grep -oE "[0-9.]+ $1\b" "$2" | head -n 1 | cut -d ' ' -f 1; }

# demo_checksum BACKEND DIRECTORY PATH...: hashes the files below the paths and checks the hashes with sha256sum.
demo_checksum() {
  local backend="$1" dir="$2"
  shift 2
  say "checksum --backend $backend $*"
  if ! build/release/bin/checksum --backend "$backend" "$@" >"$dir/sums" 2>"$dir/checksum"; then
    cat "$dir/checksum" >&2
    fail "checksum failed on $backend"
  fi
  cat "$dir/checksum"
  [[ -s "$dir/sums" ]] || fail "checksum found no file below $*"
  sha256sum -c --quiet "$dir/sums" || fail "sha256sum disagrees with checksum on $backend"
  printf 'sha256sum -c agrees on %d files\n' "$(wc -l <"$dir/sums")"
}

demo_flood() {
  local backend="$1" dir="$2"
  say "flood --backend $backend"
  build/release/bin/flood --backend "$backend" | tee "$dir/flood" || fail "flood failed on $backend"
}

demo_line() {
  local backend="$1" dir="$2" files seconds rate wakeups
  files="$(number_before files "$dir/checksum")"
  seconds="$(number_before s "$dir/checksum")"
  rate="$(number_before 'events per second' "$dir/flood")"
  wakeups="$(number_before wake-ups "$dir/flood")"
  printf '%-9s %s files in %s s; %s events per second, %s wake-ups\n' "$backend" "$files" "$seconds" "$rate" "$wakeups"
}

command_demo() {
  local paths=("${@:-/usr/include}") backend backends line lines=()
  need_packages build test
  build_preset release chime_tool checksum flood
  say "chime probe"
  build/release/bin/chime probe
  backends="$(usable_backends)"
  [[ -n "$backends" ]] || fail "no backend works here"

  demo_dir="$(mktemp -d)"
  trap 'rm -rf "$demo_dir"' EXIT
  for backend in $backends; do
    demo_checksum "$backend" "$demo_dir" "${paths[@]}"
    demo_flood "$backend" "$demo_dir"
    line="$(demo_line "$backend" "$demo_dir")"
    lines+=("$line")
  done
  say "the demo passed"
  printf '%s\n' "${lines[@]}"
}
