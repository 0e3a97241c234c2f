#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# describe.sh LIBRARY: prints the ABI of the C interface, as abidw sees it in a library that was compiled with -g.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
abidw --no-corpus-path --no-comp-dir-path --no-show-locs --no-elf-needed --type-id-style hash --exported-interfaces-only \
  --drop-private-types --headers-dir "$root/include/chime" --suppressions "$root/abi/suppressions.ini" "$1"
