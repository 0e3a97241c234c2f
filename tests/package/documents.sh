#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The completion for bash and the manual page know the tool's commands and options: all of them, and no others.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
export PATH="$PREFIX/bin:$PATH"

# As bash-completion finds it in an installed tree.
export XDG_DATA_DIRS="$PREFIX/share"
set +eu
# shellcheck source=/dev/null
source /usr/share/bash-completion/bash_completion
_completion_loader chime
set -eu
[[ "$(complete -p chime)" == 'complete -F _chime chime' ]] ||
  fail "bash-completion does not find the completion of chime"

# completions WORD...: what bash offers for the last word, in alphabetical order.
completions() {
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
  _chime 2>/dev/null
  printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd ' '
}

# options_of WORD...: the options in the help of `chime WORD...`, read as a person would.
options_of() { chime "$@" --help | awk '/^  -/ { gsub(",", "\n", $1); print $1 }' | sort | paste -sd ' '; }

mapfile -t commands < <(chime --help | awk '/^Subcommands/ { on = 1; next } on && NF { print $1 }' | sort)
[[ ${#commands[@]} -ge 2 ]] || fail "the help names ${#commands[@]} commands"
expect_output "${commands[*]}" completions chime ''
expect_output "$(options_of)" completions chime -
for command in "${commands[@]}"; do
  expect_output "$(options_of "$command")" completions chime "$command" -
  expect_output "$(options_of "$command")" completions chime "$command" ''
done
expect_output 'soak' completions chime s
expect_output '--seconds --seed' completions chime soak --se
expect_output '' completions chime soak --seconds ''
usable="$(chime probe | awk '$2 == "usable" { print $1 }' | sort | paste -sd ' ')"
expect_output "$usable" completions chime soak --backend ''
expect_output 'epoll' completions chime soak --backend ep
expect_output "$PREFIX/bin" completions chime soak --json "$PREFIX/b"
expect_output "$(options_of probe)" completions chime probe --json ''

page="$(sed 's/\\-/-/g' "$PREFIX/share/man/man1/chime.1")"
known="$(for command in '' "${commands[@]}"; do options_of ${command:+"$command"}; done | tr ' ' '\n' |
  grep '^--' | sort -u)"
told="$(grep -v '^\.\\"' <<<"$page" | grep -oE -- '--[a-z]+(-[a-z]+)*' | sort -u)"
diff <(printf '%s\n' "$known") <(printf '%s\n' "$told") ||
  fail "the manual page has other options (>) than the tool (<)"
for command in "${commands[@]}"; do
  grep -qx "\.SS $command" <<<"$page" || fail "the manual page says nothing of chime $command"
done
