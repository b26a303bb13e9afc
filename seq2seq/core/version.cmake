# Run at every build, with SOURCE_DIR, OUTPUT and PROJECT_VERSION: writes OUTPUT anew only when commit or dirty flag changed,
# so that a commit recompiles this one small file and links anew, no more.
set(COMMIT unknown)
set(DIRTY false)
find_program(GIT git)
if(GIT)
  # Sources from a tarball may be in a folder of another repository, whose commit says nothing about them.
  execute_process(COMMAND ${GIT} -C ${SOURCE_DIR} rev-parse --show-toplevel
                  OUTPUT_VARIABLE top OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  execute_process(COMMAND ${GIT} -C ${SOURCE_DIR} rev-parse --short=12 HEAD
                  OUTPUT_VARIABLE hash OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed ERROR_QUIET)
  file(REAL_PATH ${SOURCE_DIR} source)
  if(NOT failed AND top STREQUAL source)
    set(COMMIT ${hash})
    execute_process(COMMAND ${GIT} -C ${SOURCE_DIR} diff --quiet HEAD -- . RESULT_VARIABLE changed ERROR_QUIET)
    if(changed)
      set(DIRTY true)
    endif()
  endif()
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/version.cc.in ${OUTPUT} @ONLY)
