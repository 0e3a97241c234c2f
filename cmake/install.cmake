# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Headers, both libraries, and a CMake package that offers chime::shared, chime::static and chime::chime.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/chime)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/chime DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS chime_shared chime_static EXPORT chime-targets)
install(EXPORT chime-targets NAMESPACE chime:: DESTINATION ${package_dir})
if(TARGET chime_tool)
  install(TARGETS chime_tool)
endif()

write_basic_package_version_file(${PROJECT_BINARY_DIR}/chime-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_SOURCE_DIR}/cmake/chime-config.cmake ${PROJECT_BINARY_DIR}/chime-config-version.cmake
  DESTINATION ${package_dir})
