# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# ./dev package: the Debian packages of the release build, in build/packages, and what their users would find out about
# them.

command_package() {
  local log=build/release/package.log
  if [[ $# -ne 0 ]]; then bad_usage "package takes nothing"; fi
  need_packages build test package
  build_preset release chime_tool chime_shared chime_static
  say "making Debian packages in build/packages and trying them on a clean system, which takes about two minutes; everything that is printed is in $log"
  # That folder of the tests alone: the others need not be built.
  CHIME_PACKAGES="$PWD/build/packages" ctest --test-dir build/release/tests/package --parallel 2 --verbose >"$log" 2>&1 || {
    tail -n 200 "$log" >&2
    fail "something is wrong with the packages"
  }
  grep -E '^ *[0-9]+/[0-9]+ Test|tests passed' "$log"
  if grep -q 'SKIPPED: ' "$log"; then
    say "NOT CHECKED, as it cannot be done here:"
    sed -n 's/.*SKIPPED: /  /p' "$log"
  fi
  say "build/packages: $(cd build/packages && printf '%s ' *.deb)"
}
