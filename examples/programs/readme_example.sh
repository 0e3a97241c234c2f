#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# readme_example.sh PAGE PROGRAM: fails unless a block of C or C++ in the page is the program, but for the licence line.
set -eu
awk '
  FILENAME != page { if (FNR > 1) program = program $0 "\n"; next }
  $0 == "```" { if (inside && block == program) found = 1; inside = 0 }
  inside { block = block $0 "\n" }
  /^```(c|cpp)$/ { inside = 1; block = "" }
  END { exit !found }
' page="$1" "$2" "$1" || {
  echo "$2 is not in $1" >&2
  exit 1
}
