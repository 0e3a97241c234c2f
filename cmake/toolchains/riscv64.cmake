# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set(processor riscv64)
include(${CMAKE_CURRENT_LIST_DIR}/debian-cross.cmake)
# Here the compiler takes every cast to a type of larger alignment for an error, also from storage that has it.
add_compile_options(-Wno-cast-align)
