# Run at every build, with SOURCE_DIR, OUTPUT and PROJECT_VERSION: writes OUTPUT anew only when commit or dirty flag changed,
# so that a commit recompiles this one small file and links anew, no more.
set(COMMIT unknown)
set(DIRTY false)
find_program(GIT git)
if(GIT)
  execute_process(COMMAND ${GIT} -C ${SOURCE_DIR} rev-parse --short=12 HEAD
                  OUTPUT_VARIABLE hash OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed ERROR_QUIET)
  if(NOT failed)
    set(COMMIT ${hash})
    execute_process(COMMAND ${GIT} -C ${SOURCE_DIR} diff --quiet HEAD -- . RESULT_VARIABLE changed ERROR_QUIET)
    if(changed)
      set(DIRTY true)
    endif()
  endif()
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/version.cc.in ${OUTPUT} @ONLY)
