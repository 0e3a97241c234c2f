# shellcheck shell=bash
# ./dev package: the Debian packages of the release build, in build/packages, and what their users would find out about them.

command_package() {
  if [[ $# -ne 0 ]]; then bad_usage "package takes nothing"; fi
  need_packages build test package
  build_preset release chime_tool chime_shared chime_static
  say "making Debian packages in build/packages and looking at them; everything that the tests print is in build/release/package.log"
  # That folder of the tests alone: the others need not be built.
  CHIME_PACKAGES="$PWD/build/packages" ctest --test-dir build/release/tests/package --parallel 2 --verbose >build/release/package.log 2>&1 ||
    package_failed
  grep -E '^ *[0-9]+/[0-9]+ Test|SKIPPED: |tests passed' build/release/package.log
  say "build/packages: $(cd build/packages && printf '%s ' *.deb)"
}

package_failed() {
  tail -n 200 build/release/package.log >&2
  fail "something is wrong with the packages"
}
