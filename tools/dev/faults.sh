# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# ./dev faults: the page about system calls that fail, written from the list that the tests inject from.

fault_matrix_page() {
  cat <<'TEXT'
# The fault matrix

Written by `./dev faults` from `tests/faults/matrix.txt`; do not edit. Every system call that the library makes, with every error that
its manual lists, and what comes of it: the library **retries** (it goes on by itself, and its caller is told nothing), it **reports**
(its caller is told, with that error unless another is named), or the error is **impossible**. What is retried or reported is injected
by the tests in `tests/faults`: with strace into the calls of a scenario that uses everything on every backend, or by making it true
(a limit, a sandbox, a full counter, the scenario itself). In brackets: the parts of the scenario in which it is injected.
TEXT
  awk '
    function trim(text) { gsub(/^ +| +$/, "", text); return text }
    function listed(text) { gsub(/,/, ", ", text); return text }
    /^#/ || /^$/ { next }
    /^\[/ {
      end = index($0, "]")
      split(substr($0, end + 1), heading, "|")
      printf "\n## `%s`\n\n%s; its manual page is %s(2).\n\n", substr($0, 2, end - 2), trim(heading[2]), trim(heading[1])
      print "| error | backends | what happens | why | injected |"
      print "|---|---|---|---|---|"
      next
    }
    {
      split($0, field, "|")
      for (i = 1; i <= 8; ++i) field[i] = trim(field[i])
      backends = field[3] == "*" ? "all" : listed(field[3])
      what = field[2]
      if (what != "impossible") what = "**" what "**"
      if (field[7] != "-") what = what " as `" field[7] "`"
      how = field[6] == "-" ? "" : field[6]
      if (how == "strace") how = "alone, three in a row"
      if (how == "once") how = "alone"
      if (how == "twice") how = "two in a row"
      if (how == "many") how = "forty in a row"
      if (field[4] != "-" && field[4] != "*") how = how " (" listed(field[4]) ")"
      printf "| %s | %s | %s | %s | %s |\n", field[1] == "-" ? "none" : field[1], backends, what, field[8], how
    }' tests/faults/matrix.txt
}

command_faults() {
  case "$*" in
    '') fault_matrix_page >docs/fault-matrix.md ;;
    --check)
      diff -u docs/fault-matrix.md <(fault_matrix_page) >&2 ||
        fail "docs/fault-matrix.md is not what tests/faults/matrix.txt says; run ./dev faults"
      ;;
    *) bad_usage "faults takes --check or nothing, not \"$*\"" ;;
  esac
}
