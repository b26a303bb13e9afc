# LibTorch as imported targets: Torch::cpu, and with the preset `cuda` Torch::cuda, which holds both; Torch::torch is the one
# that this build uses. Not find_package(Torch): from the wheel that fails without a CUDA toolkit and always links CUDA with one.
#
# The installed package has a copy of this file.
set(TORCH_ROOT "" CACHE PATH "Folder of LibTorch, with include/ and lib/ (empty: looked for)")

# The folder from which a Python imports torch, empty if it does not.
function(seq2seq_torch_of_python python out)
  execute_process(
    COMMAND ${python} -c "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')"
    OUTPUT_VARIABLE folder OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  set(${out} "${folder}" PARENT_SCOPE)
endfunction()

# Where to look, the first place first: TORCH_ROOT alone if it is set; otherwise CMAKE_PREFIX_PATH, then FOLDERS, then what
# PYTHONS, the active Python environment and `python3` import.
function(seq2seq_torch_candidates out)
  cmake_parse_arguments(TORCH "" "" "FOLDERS;PYTHONS" ${ARGN})
  foreach(root ${TORCH_ROOT} $ENV{TORCH_ROOT})
    set(${out} ${root} PARENT_SCOPE)
    return()
  endforeach()
  set(candidates)
  string(REPLACE ":" ";" prefixes "$ENV{CMAKE_PREFIX_PATH}")
  foreach(prefix ${CMAKE_PREFIX_PATH} ${prefixes})
    list(APPEND candidates ${prefix} ${prefix}/torch ${prefix}/../.. ${prefix}/../../..)  # a user may name share/cmake/Torch
  endforeach()
  list(APPEND candidates ${TORCH_FOLDERS})
  set(active)
  if(NOT "$ENV{VIRTUAL_ENV}" STREQUAL "")
    set(active $ENV{VIRTUAL_ENV}/bin/python)
  endif()
  foreach(python ${TORCH_PYTHONS} ${active} python3)
    seq2seq_torch_of_python(${python} folder)
    list(APPEND candidates ${folder})
  endforeach()
  set(${out} ${candidates} PARENT_SCOPE)
endfunction()

# seq2seq_find_torch(FOLDER_OUT PROBLEM_OUT [FOLDERS folder ...] [PYTHONS python ...])
# The folder of a LibTorch that can be used, or what is wrong; the other is empty.
function(seq2seq_find_torch folder_out problem_out)
  set(wanted 2.11)
  set(header include/torch/headeronly/version.h)
  set(advice "name the folder of another with -DTORCH_ROOT=...")
  set(${folder_out} "" PARENT_SCOPE)
  seq2seq_torch_candidates(candidates ${ARGN})
  set(folder)
  foreach(candidate ${candidates})
    if(EXISTS ${candidate}/${header})
      file(REAL_PATH ${candidate} folder)
      break()
    elseif(EXISTS ${candidate}/include/torch/csrc/api/include/torch/version.h)
      set(${problem_out} "the LibTorch in ${candidate} is older than ${wanted}, the supported version; ${advice}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  if(NOT folder)
    list(JOIN candidates ", " places)
    set(${problem_out} "LibTorch was not found (looked in: ${places}); run scripts/setup, or name its folder with -DTORCH_ROOT=..."
        PARENT_SCOPE)
    return()
  endif()

  file(STRINGS ${folder}/${header} lines REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
  string(REGEX REPLACE "[^0-9;]" "" version "${lines}")
  string(REPLACE ";" "." version "${version}")
  if(NOT version MATCHES "^${wanted}\\.")
    set(${problem_out} "LibTorch ${version} in ${folder} is not supported, ${wanted} is; ${advice}" PARENT_SCOPE)
    return()
  endif()
  if(SEQ2SEQ_CUDA AND NOT EXISTS ${folder}/lib/libtorch_cuda.so)
    set(${problem_out} "the LibTorch in ${folder} was built without CUDA; ${advice}" PARENT_SCOPE)
    return()
  endif()
  if(NOT seq2seq_FIND_QUIETLY)
    message(STATUS "LibTorch ${version}: ${folder}")
  endif()
  set(${folder_out} ${folder} PARENT_SCOPE)
  set(${problem_out} "" PARENT_SCOPE)
endfunction()

# Makes the targets from the LibTorch in `folder`.
function(seq2seq_add_torch folder)
  # The wheel's own OpenMP runtime, under a plain name or one with a hash: a process must have only one.
  file(GLOB gomp ${folder}/lib/libgomp*.so* ${folder}/../torch.libs/libgomp*.so*)
  if(NOT gomp)
    find_library(torch_gomp_system NAMES libgomp.so.1 gomp REQUIRED)
    set(gomp ${torch_gomp_system})
  endif()
  list(GET gomp 0 gomp)

  add_library(Torch::cpu INTERFACE IMPORTED GLOBAL)
  target_include_directories(Torch::cpu INTERFACE ${folder}/include ${folder}/include/torch/csrc/api/include)
  # Without -fopenmp at::parallel_for, an inline template, silently runs on one thread. The same holds for code that clang compiles (the
  # fuzzers): -fopenmp would bring another runtime.
  target_compile_options(Torch::cpu INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fopenmp>)
  # As a linker's option: a path of libgomp would make CMake warn that the compiler's own folder has another library of that name.
  # CMake passes such an option to the shell as it stands, so blanks are escaped.
  string(REPLACE " " "\\ " escaped "${gomp}")
  target_link_libraries(Torch::cpu INTERFACE ${folder}/lib/libtorch_cpu.so ${folder}/lib/libc10.so "-Wl,${escaped}")
  cmake_path(GET gomp PARENT_PATH gomp_folder)
  if(gomp_folder MATCHES "torch\\.libs$")
    target_link_options(Torch::cpu INTERFACE -Wl,-rpath,${gomp_folder})
  endif()

  if(SEQ2SEQ_CUDA)
    add_library(Torch::cuda INTERFACE IMPORTED GLOBAL)
    # Nothing names a symbol of libtorch_cuda, whose initializers register the CUDA kernels, so the linker must keep it.
    string(REPLACE " " "\\ " escaped "${folder}/lib/libtorch_cuda.so")
    target_link_libraries(Torch::cuda INTERFACE Torch::cpu
      "-Wl,--no-as-needed,${escaped},--as-needed" ${folder}/lib/libc10_cuda.so)
    add_library(Torch::torch ALIAS Torch::cuda)
  else()
    add_library(Torch::torch ALIAS Torch::cpu)
  endif()
endfunction()
