# fmt, from LibTorch's own copy; alone in a folder, because LibTorch's include folder is not for every part. The part core
# compiles its functions.
# The installed package has a copy of this file.
function(seq2seq_add_fmt torch folder)
  file(MAKE_DIRECTORY ${folder})
  file(CREATE_LINK ${torch}/include/fmt ${folder}/fmt SYMBOLIC)
  add_library(Fmt::headers INTERFACE IMPORTED GLOBAL)
  target_include_directories(Fmt::headers INTERFACE ${folder})
endfunction()
