# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# What the scripts of this folder share. Their environment is set by CMakeLists.txt.
set -euo pipefail
shopt -s inherit_errexit
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

# The Debian packages that are made and looked at.
debs="${CHIME_PACKAGES:-$WORK/packages}"

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

# CTest takes this exit code for "skipped".
skip() {
  printf 'SKIPPED: %s\n' "$*" >&2
  exit 77
}

# new_folder NAME: an empty folder of this test, below the build folder. Prints its path.
new_folder() {
  rm -rf "${WORK:?}/$1"
  mkdir -p "$WORK/$1"
  printf '%s' "$WORK/$1"
}

# expect_output TEXT COMMAND...: it ends with 0, and prints that and nothing else.
expect_output() {
  local expected="$1" actual
  shift
  actual="$("$@")" || fail "$* ended with $?"
  [[ "$actual" == "$expected" ]] || fail "$* printed \"$actual\" instead of \"$expected\""
}

# configure_consumer SOURCE BUILD ARG...: of a CMake project.
configure_consumer() {
  local source="$1" build="$2"
  shift 2
  cmake -S "$source" -B "$build" -G "$GENERATOR" -DCMAKE_C_COMPILER="$CC" -DCMAKE_CXX_COMPILER="$CXX" "$@"
}

# expect_no_paths FOLDER: no file in it knows where chime was built. Information for debuggers does, so this is for
# release builds.
expect_no_paths() {
  local found
  if [[ "$BUILD_TYPE" == Release ]] && found="$(grep -rlF -e "$SOURCE" -e "$BUILD" "$1")"; then
    fail "these know where chime was built: $found"
  fi
}

# expect_linkage shared|static PROGRAM
expect_linkage() {
  local kind=static libraries
  libraries="$(ldd "$2" 2>&1)" || true # of a static program it has nothing to tell, and fails
  if [[ "$libraries" == *libchime* ]]; then kind=shared; fi
  [[ "$kind" == "$1" ]] || fail "$2 has the $kind library instead of the $1 one"
}
