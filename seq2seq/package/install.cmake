# What `cmake --install` puts into a prefix: the program, the parts as static libraries, their headers, and the package for
# find_package(seq2seq).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/seq2seq)

set(part_targets)
foreach(part ${SEQ2SEQ_PARTS})
  list(APPEND part_targets seq2seq_${part})
endforeach()
install(TARGETS seq2seq RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS seq2seq_options seq2seq_version ${part_targets} EXPORT seq2seqTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/seq2seq/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/seq2seq
        FILES_MATCHING PATTERN "*.h" PATTERN "kernels" EXCLUDE REGEX "nn/output/cpu" EXCLUDE PATTERN "package" EXCLUDE)

install(EXPORT seq2seqTargets NAMESPACE seq2seq:: DESTINATION ${package_folder})
set(seq2seq_cuda OFF)
if(SEQ2SEQ_CUDA)
  set(seq2seq_cuda ON)
endif()
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/seq2seqConfig.cmake.in ${PROJECT_BINARY_DIR}/package/seq2seqConfig.cmake
                              INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/seq2seqConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/package/seq2seqConfig.cmake ${PROJECT_BINARY_DIR}/package/seq2seqConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/third_party/torch.cmake ${PROJECT_SOURCE_DIR}/third_party/fmt.cmake
              ${PROJECT_SOURCE_DIR}/third_party/debian.cmake
        DESTINATION ${package_folder})

# Completion and manual page, which the program writes.
set(share ${PROJECT_BINARY_DIR}/package)
install(CODE "
  foreach(words \"completion;bash\" man)
    list(GET words 0 name)
    execute_process(COMMAND \"$<TARGET_FILE:seq2seq>\" \${words} OUTPUT_FILE \"${share}/\${name}\" COMMAND_ERROR_IS_FATAL ANY)
  endforeach()")
install(FILES ${share}/completion DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME seq2seq)
install(FILES ${share}/man DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 RENAME seq2seq.1)
