# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What `cpack` packs: three Debian packages, of the library, of what developers need, and of the tool. They take what is
# built already and lay it out as Debian wants it, which is other than in a prefix of one's own: by components of their own,
# deb_library, deb_development and deb_tool, which `cmake --install` leaves out.
find_program(CHIME_DPKG_SHLIBDEPS dpkg-shlibdeps)
find_program(CHIME_GZIP gzip)
mark_as_advanced(CHIME_DPKG_SHLIBDEPS CHIME_GZIP)
if(NOT CHIME_DPKG_SHLIBDEPS OR NOT CHIME_GZIP OR NOT CMAKE_LIBRARY_ARCHITECTURE OR CMAKE_CROSSCOMPILING
   OR NOT TARGET chime_tool)
  return()
endif()

chime_install(LIBDIR lib/${CMAKE_LIBRARY_ARCHITECTURE} PC_PREFIX /usr COMPONENT_PREFIX deb_ APART)

get_target_property(soversion chime_shared SOVERSION)
set(library_package libchime${soversion})
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CHIME_DEBIAN_VERSION ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})
set(CHIME_PACKAGE_CONTACT "The chime authors <authors@chime.invalid>"
  CACHE STRING "Who answers for the Debian packages")
set(CPACK_PACKAGE_CONTACT ${CHIME_PACKAGE_CONTACT})

# Documents, compressed as Debian asks for, and without a time of their own. The changelog's is that of SOURCE_DATE_EPOCH,
# if set.
set(documents ${PROJECT_BINARY_DIR}/debian)
function(chime_compress from to)
  execute_process(COMMAND ${CHIME_GZIP} -9nc ${from} OUTPUT_FILE ${documents}/${to} COMMAND_ERROR_IS_FATAL ANY)
  set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${from})
endfunction()
string(TIMESTAMP changelog_date "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(${PROJECT_SOURCE_DIR}/cmake/debian/changelog.in ${documents}/changelog @ONLY)
chime_compress(${documents}/changelog changelog.Debian.gz)
chime_compress(${PROJECT_SOURCE_DIR}/CHANGELOG.md changelog.gz)
chime_compress(${PROJECT_SOURCE_DIR}/tools/chime/chime.1 chime.1.gz)

# chime_deb(COMPONENT PACKAGE SECTION DEPENDS TEXT...): its description is TEXT, whose first line is the summary.
macro(chime_deb component package section depends)
  string(TOUPPER ${component} upper)
  list(APPEND CPACK_COMPONENTS_ALL ${component})
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${package})
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${section})
  set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "${depends}")
  string(JOIN "\n" CPACK_COMPONENT_${upper}_DESCRIPTION ${ARGN})
  install(FILES ${PROJECT_SOURCE_DIR}/cmake/debian/copyright ${PROJECT_SOURCE_DIR}/NOTICE
    ${documents}/changelog.gz ${documents}/changelog.Debian.gz
    DESTINATION share/doc/${package} COMPONENT ${component} EXCLUDE_FROM_ALL)
endmacro()

set(what
  "chime is a library for those who write runtimes. One thread runs"
  "completions, and many others tell it that something is done: by an event of"
  "64 bytes in user space, without a system call while that thread is awake."
  "It runs by itself, or in a loop of Asio, libuv, epoll or io_uring.\n")
set(CPACK_COMPONENTS_ALL)
chime_deb(deb_library ${library_package} libs ""
  "event pool and completion loop" ${what} "This package has the shared library.")
# How packages of programs that use it find out what to depend on, and that the loader is told.
file(WRITE ${documents}/shlibs "libchime ${soversion} ${library_package} (>= ${PROJECT_VERSION})\n")
file(WRITE ${documents}/triggers "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_DEB_LIBRARY_PACKAGE_CONTROL_EXTRA ${documents}/shlibs ${documents}/triggers)
# The libraries besides: for programs that link to the static library.
set(static_needs)
if(CHIME_WITH_IO_URING)
  string(APPEND static_needs ", liburing-dev")
endif()
if(CHIME_WITH_NUMA)
  string(APPEND static_needs ", libnuma-dev")
endif()
chime_deb(deb_development libchime-dev libdevel "${library_package} (= ${CHIME_DEBIAN_VERSION})${static_needs}"
  "event pool and completion loop: files for development" ${what}
  "This package has the headers, the static library, and what CMake and" "pkg-config need to find them.")
# What there is to read, and programs to copy from.
set(reading DESTINATION share/doc/libchime-dev COMPONENT deb_development EXCLUDE_FROM_ALL)
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${reading})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs ${reading} FILES_MATCHING PATTERN "*.md" PATTERN "*.svg")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/examples/programs/ DESTINATION share/doc/libchime-dev/examples
  COMPONENT deb_development EXCLUDE_FROM_ALL FILES_MATCHING PATTERN "*.c" PATTERN "*.cpp")
set(CPACK_DEBIAN_DEB_DEVELOPMENT_PACKAGE_SUGGESTS "libasio-dev, libboost-dev, libuv1-dev")
chime_deb(deb_tool chime-tools utils "${library_package} (= ${CHIME_DEBIAN_VERSION})"
  "event pool and completion loop: probe and soak test" ${what}
  "This package has the command chime, which tells what the library can do on"
  "this machine, and whether it keeps its promises there.")

# The loader finds the library by itself.
install(CODE "file(RPATH_REMOVE FILE \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/bin/chime\")"
  COMPONENT deb_tool EXCLUDE_FROM_ALL)
install(FILES ${documents}/chime.1.gz DESTINATION share/man/man1 COMPONENT deb_tool EXCLUDE_FROM_ALL)
install(FILES ${PROJECT_SOURCE_DIR}/tools/chime/completion/_chime DESTINATION share/zsh/vendor-completions
  COMPONENT deb_tool EXCLUDE_FROM_ALL)

set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # each package has its own
set(CPACK_GENERATOR DEB)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SOURCE chime)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/src)
include(CPack)
