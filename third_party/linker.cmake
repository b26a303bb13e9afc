# LLVM's linker, where it is installed: a fifth of the time of GNU's. scripts/setup --tests installs it.
find_program(LLD ld.lld)
mark_as_advanced(LLD)
if(LLD)
  add_link_options($<$<LINK_LANGUAGE:CXX>:-fuse-ld=lld>)
endif()
