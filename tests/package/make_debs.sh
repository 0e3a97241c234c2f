#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Makes the Debian packages of what is built.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

rm -rf "$debs"
mkdir -p "$debs"
cpack --config "$BUILD/CPackConfig.cmake" -B "$debs"
rm -r "$debs/_CPack_Packages"
