#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# An installed chime that was moved elsewhere is found there, and works.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

folder="$(new_folder moved)"
cmake --install "$BUILD" --prefix "$folder/before" >/dev/null
mv "$folder/before" "$folder/after"
if grep -rF "$folder/before" "$folder/after"; then fail "these files know where they were installed"; fi
bash "$here/cmake_consumer.sh" moved/find_package shared '' hello_c -- -DCMAKE_PREFIX_PATH="$folder/after"
bash "$here/pkg_config.sh" moved/pkg_config "$folder/after" "$LIBDIR"
expect_output "chime $VERSION" "$folder/after/bin/chime" --version
