#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# A project that has chime as its subdirectory: it builds the library and no more, and installs its own things alone.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

bash "$here/cmake_consumer.sh" subdirectory shared asio,boost_asio,libuv hello hello_static hello_c libuv -- \
  -DCHIME_SOURCE="$SOURCE"
build="$WORK/subdirectory"
targets="$(cmake --build "$build" --target help)"
for unwanted in chime_tool chime_unit_tests flood checksum; do
  if grep -w "$unwanted" <<<"$targets"; then fail "a subdirectory builds $unwanted, too"; fi
done
! ctest --test-dir "$build" -N | grep -E '^ +Test +#' || fail "a subdirectory adds tests to the project's own"

cmake --install "$build" --prefix "$build/prefix"
mapfile -t installed < <(cd "$build/prefix" && find . -type f | sort)
[[ "${installed[*]}" == './bin/hello ./bin/hello_c ./bin/hello_static ./bin/libuv' ]] ||
  fail "a project with chime as a subdirectory installs ${installed[*]}"
