#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# cmake_consumer.sh NAME shared|static ADAPTER,... TARGET... -- ARG...: configures the consumer with these arguments, and
# builds and runs these of its programs. Those called *_static have the static library in any case.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

name="$1" linkage="$2" adapters="$3"
shift 3
programs=()
while [[ "$1" != -- ]]; do
  programs+=("$1")
  shift
done
shift

declare -A says=(
  [hello]='signalled: Success' [hello_static]='signalled: Success' [hello_c]='completed: 0'
  [asio]='the worker is done' [boost_asio]='the worker is done' [libuv]='done: 0'
)
build="$(new_folder "$name")"
configure_consumer "$here/consumer" "$build" -DADAPTERS="${adapters//,/;}" "$@"
cmake --build "$build" --target "${programs[@]}"
for program in "${programs[@]}"; do
  expect_output "${says[$program]}" "$build/$program"
  case "$program" in
    *_static) expect_linkage static "$build/$program" ;;
    *) expect_linkage "$linkage" "$build/$program" ;;
  esac
done
