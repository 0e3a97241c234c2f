# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set(processor aarch64)
include(${CMAKE_CURRENT_LIST_DIR}/debian-cross.cmake)
