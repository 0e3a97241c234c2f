# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# ./dev mutate: breaks the product in one place at a time, and requires that some test fails.

command_mutate() {
  need_packages build test
  python3 tests/mutation/mutate.py "$@"
}
