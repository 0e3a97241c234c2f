#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What the Debian packages say of themselves, and what they have where.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$debs"

architecture="$(dpkg --print-architecture)"
library="libchime$SOVERSION"
version="$VERSION-1"
packages=("$library" libchime-dev chime-tools)
libraries="usr/lib/$MULTIARCH"
[[ "$(printf '%s\n' *.deb | sort)" == "$(printf "%s_${version}_$architecture.deb\n" "${packages[@]}" | sort)" ]] ||
  fail "there are $(printf '%s ' *.deb)"

field() { dpkg-deb -f "$1_${version}_$architecture.deb" "$2"; }
expect_field() { expect_output "$3" field "$1" "$2"; }
# expect_depends PACKAGE WHAT: an item of its Depends begins so.
expect_depends() {
  local depends
  depends="$(field "$1" Depends)"
  [[ ", $depends" == *", $2"* ]] || fail "$1 does not depend on $2, but on $depends"
}

for package in "${packages[@]}"; do
  expect_field "$package" Package "$package"
  expect_field "$package" Source chime
  expect_field "$package" Version "$version"
  expect_field "$package" Architecture "$architecture"
  [[ "$(field "$package" Description | sed -n 1p)" == 'event pool and completion loop'* ]] ||
    fail "$package does not say what it is"
  dpkg-deb -x "${package}_${version}_$architecture.deb" "$(new_folder "unpacked/$package")"
done
expect_field "$library" Section libs
expect_field libchime-dev Section libdevel
expect_field chime-tools Section utils
# Found by dpkg-shlibdeps in what the programs are linked to.
for needed in 'libc6 (>= ' 'libstdc++6 (>= ' 'liburing2 (>= ' 'libnuma1 (>= '; do
  expect_depends "$library" "$needed"
done
for needed in 'libc6 (>= ' 'libstdc++6 (>= '; do expect_depends chime-tools "$needed"; done
expect_depends libchime-dev "$library (= $version)"
expect_depends chime-tools "$library (= $version)"
expect_output "libchime $SOVERSION $library (>= $VERSION)" dpkg-deb -I "${library}_${version}_$architecture.deb" shlibs

cd "$WORK/unpacked"
# has PACKAGE FILE...
has() {
  local package="$1" file
  shift
  for file in "$@"; do [[ -e "$package/$file" ]] || fail "$package has no $file"; done
}
for package in "${packages[@]}"; do
  has "$package" usr/share/doc/"$package"/{copyright,changelog.gz,changelog.Debian.gz}
done
has "$library" "$libraries/libchime.so.$SOVERSION"
has libchime-dev "$libraries"/{libchime.a,pkgconfig/chime.pc,cmake/chime/chime-config.cmake} usr/include/chime/chime.hpp
[[ -L "libchime-dev/$libraries/libchime.so" ]] || fail "programs cannot be linked with the shared library"
has chime-tools usr/bin/chime usr/share/man/man1/chime.1.gz usr/share/bash-completion/completions/chime \
  usr/share/zsh/vendor-completions/_chime
# Two packages with the same file could not be installed together.
doubled="$(for package in "${packages[@]}"; do (cd "$package" && find . -not -type d); done | sort | uniq -d)"
[[ -z "$doubled" ]] || fail "in two packages: $doubled"
if find . -type f | grep -vE '^\./[^/]+/usr/(bin|include/chime|lib|share)/'; then
  fail "these lie where they should not"
fi
expect_no_paths .
if objdump -p chime-tools/usr/bin/chime | grep -E 'R(UN)?PATH'; then
  fail "the tool looks for libraries in places of its own"
fi
grep -qx 'prefix=/usr' "libchime-dev/$libraries/pkgconfig/chime.pc" || fail "chime.pc does not lead to /usr"
