#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# compare.sh BASELINE LIBRARY: fails unless the C interface of the library is just what the baseline says, and tells whether programs
# that were compiled earlier still run.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
now=$(mktemp)
trap 'rm -f "$now"' EXIT
"$here/describe.sh" "$2" >"$now"
code=0
abidiff --suppressions "$here/../../abi/suppressions.ini" "$1" "$now" || code=$?
# abidiff's exit code is a set of bits: 1 and 2 say that it could not compare, 8 that old programs break.
if [ "$code" -eq 0 ]; then
  echo "the C interface is what $1 says"
elif [ $((code & 3)) -ne 0 ]; then
  echo "abidiff failed"
elif [ $((code & 8)) -eq 0 ] &&
  abidiff --no-added-syms --suppressions "$here/../../abi/suppressions.ini" "$1" "$now" >/dev/null; then
  echo 'the C interface has grown: "./dev abi" writes the new baseline; commit it with the change'
else
  echo "programs that were compiled earlier break, or may (a struct that carries its size may grow): a break needs another soname"
fi
exit "$code"
