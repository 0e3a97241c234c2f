#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The completion for zsh, in a zsh without its line editor: what completes there is printed here.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
command -v zsh >/dev/null || skip "zsh is not installed"
export PATH="$PREFIX/bin:$PATH"

# completions WORD...: all that is offered for the last word; zsh itself leaves out what does not begin with it.
completions() {
  # shellcheck disable=SC2016 # for zsh
  zsh -f -c '
    compadd() { print -r -- ${(o)${(P)2}} }
    _describe() { print -r -- ${(o)${(P)2}%%:*} }
    _files() { print files }
    complete_chime() { source $PREFIX/share/zsh/site-functions/_chime }
    words=("$@") CURRENT=$#
    complete_chime' zsh "$@"
}
options_of() { chime "$@" --help | awk '/^  -/ { gsub(",", "\n", $1); print $1 }' | sort | paste -sd ' '; }

expect_output 'probe soak' completions chime ''
for command in probe soak; do expect_output "$(options_of "$command")" completions chime "$command" -; done
expect_output "$(options_of)" completions chime -
expect_output 'files' completions chime soak --json ''
expect_output "$(options_of probe)" completions chime probe --json ''
usable="$(chime probe | awk '$2 == "usable" { print $1 }' | sort | paste -sd ' ')"
expect_output "$usable" completions chime soak --backend ''
