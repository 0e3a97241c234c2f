#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What an installed chime consists of.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

cd "$PREFIX"
if unexpected="$(find . -type f -o -type l | grep -vE "^\./(include/chime|$LIBDIR|bin|share)/")"; then
  fail "these lie where they should not: $unexpected"
fi
expect_no_paths .
diff -r include/chime "$SOURCE/include/chime" || fail "the headers are not those of the sources"

for file in "$LIBDIR"/{libchime.a,"libchime.so.$VERSION",cmake/chime/chime-config.cmake,pkgconfig/chime.pc} \
  bin/chime share/bash-completion/completions/chime share/zsh/site-functions/_chime share/man/man1/chime.1 \
  share/doc/chime/LICENSE share/doc/chime/NOTICE; do
  [[ -f "$file" && ! -L "$file" ]] || fail "$file is missing"
done
for link in "$LIBDIR/libchime.so" "$LIBDIR/libchime.so.$SOVERSION"; do
  [[ "$(realpath "$link")" == "$(realpath "$LIBDIR/libchime.so.$VERSION")" ]] ||
    fail "$link does not lead to the library"
done
soname="$(objdump -p "$LIBDIR/libchime.so" | awk '$1 == "SONAME" { print $2 }')"
[[ "$soname" == "libchime.so.$SOVERSION" ]] || fail "the library calls itself $soname"
