# fmt, from LibTorch's own copy; alone in a folder, because LibTorch's include folder is not for every part. The part core
# compiles its functions.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/fmt)
file(CREATE_LINK ${torch_folder}/include/fmt ${CMAKE_BINARY_DIR}/fmt/fmt SYMBOLIC)
add_library(Fmt::headers INTERFACE IMPORTED GLOBAL)
target_include_directories(Fmt::headers INTERFACE ${CMAKE_BINARY_DIR}/fmt)
