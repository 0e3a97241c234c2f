# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# For tests and examples with chime as a guest: which Asio a target uses. The application brings it; chime links to neither.
# The coroutines are named because Asio 1.22 and Boost 1.74 do not look for them where the compiler is clang.
find_path(CHIME_ASIO_INCLUDE_DIR asio.hpp)
mark_as_advanced(CHIME_ASIO_INCLUDE_DIR)

# What g++ 12 says of both libraries under sanitizers: that ThreadSanitizer does not know fences (there are locks besides them),
# and that a variable of use_future is not initialised (it is).
set(CHIME_ASIO_OPTIONS $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan> $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)

# Standalone Asio (Debian: libasio-dev), where CHIME_ASIO_INCLUDE_DIR was found.
function(chime_use_asio target)
  target_include_directories(${target} SYSTEM PRIVATE ${CHIME_ASIO_INCLUDE_DIR})
  target_compile_definitions(${target} PRIVATE ASIO_STANDALONE ASIO_HAS_CO_AWAIT ASIO_HAS_STD_COROUTINE)
  target_compile_options(${target} PRIVATE ${CHIME_ASIO_OPTIONS})
endfunction()

function(chime_use_boost_asio target)
  target_link_libraries(${target} PRIVATE Boost::headers)
  target_compile_definitions(${target} PRIVATE BOOST_ASIO_HAS_CO_AWAIT BOOST_ASIO_HAS_STD_COROUTINE)
  target_compile_options(${target} PRIVATE ${CHIME_ASIO_OPTIONS})
endfunction()
