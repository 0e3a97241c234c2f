#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# packages.sh ROOT: what the pages tell a newcomer to install is in packages.txt, which ./dev installs from, in group "build".
set -eu
cd "$1"
listed=$(awk '$1 == "build" { print $2 }' packages.txt)
for page in README.md docs/guides/getting-started.md; do
  told=$(sed -n 's/^sudo apt install \([^.]*\)$/\1/p' "$page")
  if [ -z "$told" ]; then
    echo "$page tells no packages"
    exit 1
  fi
  for package in $told; do
    if ! printf '%s\n' "$listed" | grep -qx "$package"; then
      echo "$page tells to install $package, which packages.txt does not have in group \"build\""
      exit 1
    fi
  done
done
