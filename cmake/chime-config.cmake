# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
include(CMakeFindDependencyMacro)
find_dependency(Threads)
include(${CMAKE_CURRENT_LIST_DIR}/chime-targets.cmake)

if(NOT TARGET chime::chime)
  if(DEFINED BUILD_SHARED_LIBS AND NOT BUILD_SHARED_LIBS)
    add_library(chime::chime ALIAS chime::static)
  else()
    add_library(chime::chime ALIAS chime::shared)
  endif()
endif()
