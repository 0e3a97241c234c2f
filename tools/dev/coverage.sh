# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# ./dev coverage: what of the library the tests of behaviour reach, by clang's counters.

# The programs that run the library, each with its own copy of it.
coverage_programs() {
  find build/coverage/bin build/coverage/src -type f \( -perm -u+x -o -name '*.so.*' \) ! -name '*.cmake' | sort
}

# coverage_data: counters of all runs, as lines and branches of the library's files.
coverage_data() {
  local programs object objects=()
  mapfile -t programs < <(coverage_programs)
  for object in "${programs[@]:1}"; do objects+=(-object "$object"); done
  llvm-profdata-19 merge -sparse build/coverage/profiles/*.profraw -o build/coverage/coverage.profdata
  llvm-cov-19 export -format=lcov -instr-profile=build/coverage/coverage.profdata "${programs[0]}" "${objects[@]}" \
    -sources "$PWD/src" "$PWD/include" >build/coverage/coverage.lcov
}

command_coverage() {
  if [[ $# -ne 0 ]]; then bad_usage "coverage takes nothing"; fi
  need_packages build test coverage
  build_preset coverage
  say "running the tests; each is in build/coverage/ctest.log"
  rm -rf build/coverage/profiles
  local failed=0
  ctest --preset coverage >build/coverage/ctest.log 2>&1 || failed=$?
  if [[ $failed -ne 0 ]]; then
    without_passed <build/coverage/ctest.log >&2
    fail "a test failed, so what is covered means nothing"
  fi
  coverage_data
  say "what the tests reach"
  awk -f tools/dev/coverage.awk -v root="$PWD/" tests/coverage/uncovered.txt build/coverage/coverage.lcov
}
