#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# readme_example.sh README PROGRAM: fails unless the README's C++ block is the program, but for the licence line.
set -eu
block=$(awk '/^```$/ { inside = 0 } inside; /^```cpp$/ { inside = 1 }' "$1")
[ "$block" = "$(tail -n +2 "$2")" ] || {
  echo "the example in $1 is not $2" >&2
  exit 1
}
