# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Completion of `chime` for bash. What it offers it reads from what the tool says of itself, so that it knows no option
# by name.

# _chime_options WORD...: the options in the help of `chime WORD...`.
_chime_options() {
  "$@" --help 2>/dev/null | sed -nE '/^Options:/,/^$/{s/^ +(-[^ ]+).*/\1/;T;s/,/\n/g;p}'
}

_chime_subcommands() {
  "$1" --help 2>/dev/null | sed -nE '/^Subcommands:/,/^$/s/^  ([a-z][a-z-]*).*/\1/p'
}

_chime_backends() {
  "$1" probe 2>/dev/null | sed -nE '/^backends/,/^$/s/^  ([a-z_]+) +usable.*/\1/p'
}

# Whether an option takes a value: its help names a kind after it, in capitals.
_chime_takes_value() {
  local option="$1"
  shift
  "$@" --help 2>/dev/null | grep -E -- "^ +([^ ]*,)?$option [A-Z]" >/dev/null
}

_chime() {
  local tool="${COMP_WORDS[0]}" current="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD - 1]}" word
  local -a command=("$tool")
  COMPREPLY=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ "$word" != -* ]]; then
      command+=("$word")
      break
    fi
  done
  case "$before" in
    --backend)
      mapfile -t COMPREPLY < <(compgen -W "$(_chime_backends "$tool")" -- "$current")
      return
      ;;
    --json)
      if [[ "$current" != -* ]] && _chime_takes_value "$before" "${command[@]}"; then
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        compopt -o filenames 2>/dev/null
        return
      fi
      ;;
    -*)
      if _chime_takes_value "$before" "${command[@]}"; then return; fi
      ;;
  esac
  if [[ ${#command[@]} -eq 1 && "$current" != -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_chime_subcommands "$tool")" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -W "$(_chime_options "${command[@]}")" -- "$current")
  fi
}

complete -F _chime chime
