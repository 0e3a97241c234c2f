# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# ./dev format and ./dev tidy.

# sources EXTENSION...: the project's files of these kinds, those not yet committed too.
sources() { git ls-files --cached --others --exclude-standard -- "${@/#/*.}"; }

command_format() {
  local how
  case "$*" in
    '') how=(-i) ;;
    --check) how=(--dry-run -Werror) ;;
    *) bad_usage "format takes --check or nothing, not \"$*\"" ;;
  esac
  need_packages tools
  sources hpp ipp cpp h c | xargs clang-format-19 "${how[@]}"
}

command_tidy() {
  if [[ $# -ne 0 ]]; then bad_usage "tidy takes nothing"; fi
  need_packages build test bench tools
  build_preset debug
  build_preset bench
  say "looking at every source file with clang-tidy"
  sources cpp | grep -E '^(src|tools|examples)/' | tidy_sources debug
  sources cpp | grep -E '^bench/' | tidy_sources bench
}

# tidy_sources PRESET: looks at the files named on stdin, compiled as this preset does.
tidy_sources() {
  # The compiler is g++, so some of its warning flags mean nothing to clang.
  xargs -P "$(nproc)" -n 1 clang-tidy-19 -p "build/$1" --quiet --warnings-as-errors='*' \
    --extra-arg=-Wno-unknown-warning-option
}
