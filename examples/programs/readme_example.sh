#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# readme_example.sh PAGE PROGRAM: fails unless one of the page's C++ blocks is the program, but for the licence line.
set -eu
program=$(tail -n +2 "$2")
blocks=$(grep -cx '```cpp' "$1" || true)
number=1
while [ "$number" -le "$blocks" ]; do
  block=$(awk -v wanted="$number" '/^```$/ { inside = 0 } inside && number == wanted; /^```cpp$/ { inside = 1; ++number }' "$1")
  [ "$block" != "$program" ] || exit 0
  number=$((number + 1))
done
echo "no example in $1 is $2" >&2
exit 1
