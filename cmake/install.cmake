# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What `cmake --install` installs: headers, both libraries, a CMake package, chime.pc, and the tool with its completions and
# its page.
# Components: library, development, tool.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/chime-config-version.cmake COMPATIBILITY SameMinorVersion)

# What a program needs besides, if it links to the static library. A C program needs the runtime of C++, too. They are names,
# and no packages of pkg-config, so that programs that use the shared library need nothing but chime.
set(pc_libraries)
if(CHIME_WITH_IO_URING)
  string(APPEND pc_libraries "-luring ")
endif()
if(CHIME_WITH_NUMA)
  string(APPEND pc_libraries "-lnuma ")
endif()
if(CHIME_ATOMIC_LIBRARY)
  string(APPEND pc_libraries "-l${CHIME_ATOMIC_LIBRARY} ")
endif()
string(APPEND pc_libraries "-lstdc++ -lm -pthread -Wl,--exclude-libs,libchime.a")

# chime_install(LIBDIR dir PC_PREFIX prefix [COMPONENT_PREFIX prefix] [APART]): installs all but the tool's documents.
# APART: only if a component is asked for by name.
function(chime_install)
  cmake_parse_arguments(PARSE_ARGV 0 arg "APART" "LIBDIR;PC_PREFIX;COMPONENT_PREFIX" "")
  set(apart)
  if(arg_APART)
    set(apart EXCLUDE_FROM_ALL)
  endif()
  set(library COMPONENT ${arg_COMPONENT_PREFIX}library ${apart})
  set(development COMPONENT ${arg_COMPONENT_PREFIX}development ${apart})
  set(export ${arg_COMPONENT_PREFIX}chime-targets)
  set(package_dir ${arg_LIBDIR}/cmake/chime)

  install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/chime DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} ${development})
  install(TARGETS chime_shared EXPORT ${export}
    LIBRARY DESTINATION ${arg_LIBDIR} ${library} NAMELINK_COMPONENT ${arg_COMPONENT_PREFIX}development)
  install(TARGETS chime_static EXPORT ${export} ARCHIVE DESTINATION ${arg_LIBDIR} ${development})
  install(EXPORT ${export} FILE chime-targets.cmake NAMESPACE chime:: DESTINATION ${package_dir} ${development})
  install(FILES ${PROJECT_SOURCE_DIR}/cmake/chime-config.cmake ${PROJECT_BINARY_DIR}/chime-config-version.cmake
    DESTINATION ${package_dir} ${development})
  install(FILES ${PROJECT_SOURCE_DIR}/cmake/adapters.cmake RENAME chime-adapters.cmake
    DESTINATION ${package_dir} ${development})

  set(pc_prefix ${arg_PC_PREFIX})
  cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_INCLUDEDIR BASE_DIRECTORY "\${prefix}" OUTPUT_VARIABLE pc_includedir)
  cmake_path(ABSOLUTE_PATH arg_LIBDIR BASE_DIRECTORY "\${prefix}" OUTPUT_VARIABLE pc_libdir)
  set(pc_file ${PROJECT_BINARY_DIR}/${arg_COMPONENT_PREFIX}pkgconfig/chime.pc)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/chime.pc.in ${pc_file} @ONLY)
  install(FILES ${pc_file} DESTINATION ${arg_LIBDIR}/pkgconfig ${development})

  if(TARGET chime_tool)
    install(TARGETS chime_tool COMPONENT ${arg_COMPONENT_PREFIX}tool ${apart})
    install(FILES ${PROJECT_SOURCE_DIR}/tools/chime/completion/chime.bash RENAME chime
      DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT ${arg_COMPONENT_PREFIX}tool ${apart})
  endif()
endfunction()

# Whoever moves the prefix moves all of it: chime.pc finds it from where it is itself.
if(IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR})
  set(pc_prefix ${CMAKE_INSTALL_PREFIX})
else()
  cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig
    OUTPUT_VARIABLE pc_prefix)
  string(PREPEND pc_prefix "\${pcfiledir}/")
endif()
chime_install(LIBDIR ${CMAKE_INSTALL_LIBDIR} PC_PREFIX ${pc_prefix})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/NOTICE
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/chime COMPONENT library)
if(TARGET chime_tool)
  install(FILES ${PROJECT_SOURCE_DIR}/tools/chime/chime.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT tool)
  install(FILES ${PROJECT_SOURCE_DIR}/tools/chime/completion/_chime
    DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions COMPONENT tool)
endif()
