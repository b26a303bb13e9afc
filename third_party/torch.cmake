# LibTorch as imported targets: Torch::cpu, and with the preset `cuda` Torch::cuda, which holds both; Torch::torch is the one
# that this build uses. Not find_package(Torch): from the wheel that fails without a CUDA toolkit and always links CUDA with one.
#
# Looked for in TORCH_ROOT, in CMAKE_PREFIX_PATH, and in the Python environments `.venv`, the active one, and `python3`.

function(torch_from_python python out)
  execute_process(
    COMMAND ${python} -c "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')"
    OUTPUT_VARIABLE folder OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  set(${out} "${folder}" PARENT_SCOPE)
endfunction()

set(TORCH_ROOT "" CACHE PATH "Folder of LibTorch, with include/ and lib/ (empty: looked for)")
set(torch_header include/torch/headeronly/version.h)
set(torch_candidates ${TORCH_ROOT})
if(NOT TORCH_ROOT)
  foreach(prefix ${CMAKE_PREFIX_PATH} $ENV{TORCH_ROOT})
    list(APPEND torch_candidates ${prefix} ${prefix}/../../..)  # a user may name share/cmake/Torch's prefix
  endforeach()
  foreach(python ${CMAKE_SOURCE_DIR}/.venv/bin/python $ENV{VIRTUAL_ENV}/bin/python python3)
    torch_from_python(${python} folder)
    list(APPEND torch_candidates ${folder})
  endforeach()
endif()
foreach(folder ${torch_candidates})
  if(EXISTS ${folder}/${torch_header})
    file(REAL_PATH ${folder} torch_folder)
    break()
  endif()
endforeach()
if(NOT torch_folder)
  message(FATAL_ERROR "LibTorch was not found (looked in: ${torch_candidates}). Run scripts/setup, or name its folder with -DTORCH_ROOT=...")
endif()

file(STRINGS ${torch_folder}/${torch_header} torch_version_lines REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
string(REGEX REPLACE "[^0-9;]" "" torch_version "${torch_version_lines}")
string(REPLACE ";" "." torch_version "${torch_version}")
if(torch_version VERSION_LESS 2.11 OR torch_version VERSION_GREATER_EQUAL 2.12)
  message(FATAL_ERROR "LibTorch ${torch_version} in ${torch_folder}: only 2.11 is supported. Run scripts/setup, or name another with -DTORCH_ROOT=...")
endif()
message(STATUS "LibTorch ${torch_version}: ${torch_folder}")

# The wheel's own OpenMP runtime, under a plain name or one with a hash: a process must have only one.
file(GLOB torch_gomp ${torch_folder}/lib/libgomp*.so* ${torch_folder}/../torch.libs/libgomp*.so*)
list(POP_FRONT torch_gomp torch_gomp)
if(NOT torch_gomp)
  find_library(torch_gomp_system NAMES libgomp.so.1 gomp REQUIRED)
  set(torch_gomp ${torch_gomp_system})
endif()

add_library(Torch::cpu INTERFACE IMPORTED GLOBAL)
target_include_directories(Torch::cpu INTERFACE ${torch_folder}/include ${torch_folder}/include/torch/csrc/api/include)
# Without -fopenmp at::parallel_for, an inline template, silently runs on one thread. So it does in what clang compiles (the
# fuzzers), which would bring a runtime of its own.
target_compile_options(Torch::cpu INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fopenmp>)
# As a linker's option: a path of libgomp would make CMake warn that the compiler's own folder holds another of that name.
target_link_libraries(Torch::cpu INTERFACE ${torch_folder}/lib/libtorch_cpu.so ${torch_folder}/lib/libc10.so -Wl,${torch_gomp})
cmake_path(GET torch_gomp PARENT_PATH torch_gomp_folder)
if(torch_gomp_folder MATCHES "torch\\.libs$")
  target_link_options(Torch::cpu INTERFACE -Wl,-rpath,${torch_gomp_folder})
endif()

if(SEQ2SEQ_CUDA)
  add_library(Torch::cuda INTERFACE IMPORTED GLOBAL)
  # Nothing names a symbol of libtorch_cuda, whose initialisers register the CUDA kernels: keep it all the same.
  target_link_libraries(Torch::cuda INTERFACE Torch::cpu
    -Wl,--no-as-needed,${torch_folder}/lib/libtorch_cuda.so,--as-needed ${torch_folder}/lib/libc10_cuda.so)
  add_library(Torch::torch ALIAS Torch::cuda)
else()
  add_library(Torch::torch ALIAS Torch::cpu)
endif()
