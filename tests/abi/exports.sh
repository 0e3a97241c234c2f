#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# exports.sh LIBRARY HEADER MINOR: what the library exports is the C functions that the header declares, and C++ of this minor version
# (such as 0.1), each in its node, and nothing else.
set -eu
library=$1 header=$2 minor=$3
namespace=v$(printf '%s' "$minor" | tr . _)
mangled=${#namespace}$namespace

exported=$(nm -D --defined-only --with-symbol-versions "$library" | awk '$2 ~ /[B-Zu]/ { print $3 }')
strange=$(printf '%s\n' "$exported" |
  grep -vE "^chime_[a-z_]+@@CHIME_[0-9]+\.[0-9]+\$|^_ZN(K|KR|O)?5chime$mangled.*@@CHIME_CXX_$minor\$" || true)
if [ -n "$strange" ]; then
  echo "$library exports what it should not: $strange"
  exit 1
fi

declared=$(sed -n '/CHIME_API/,/;/p' "$header" | grep -oE '\bchime_[a-z_]+\(' | tr -d '(' | sort -u)
defined=$(printf '%s\n' "$exported" | sed -n 's/^\(chime_[a-z_]*\)@@.*/\1/p' | sort -u)
if [ "$declared" != "$defined" ]; then
  printf 'the header declares:\n%s\nthe library exports:\n%s\n' "$declared" "$defined"
  exit 1
fi

soname=$(readelf -dW "$library" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
case $minor in
  0.*) expected=libchime.so.$minor ;;
  *) expected=libchime.so.${minor%%.*} ;;
esac
if [ "$soname" != "$expected" ]; then
  echo "the soname is $soname, not $expected"
  exit 1
fi
printf '%s C functions, %s of C++, %s\n' "$(printf '%s\n' "$defined" | wc -l)" \
  "$(printf '%s\n' "$exported" | grep -c '^_Z')" "$soname"
