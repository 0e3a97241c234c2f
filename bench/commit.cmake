# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# cmake -DSOURCE=... -DOUTPUT=... -P commit.cmake: writes which commit is being built, if that changed.
execute_process(COMMAND git -C ${SOURCE} describe --always --abbrev=12 --exclude=* --dirty
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed ERROR_QUIET)
if(failed)
  set(commit unknown) # an archive of the sources
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT [[
// Written by the build.
#pragma once
namespace chime::bench {
inline constexpr const char* commit = "@commit@";
}
]] @ONLY)
