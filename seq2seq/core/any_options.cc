#include "seq2seq/core/any_options.h"

#include <cstdlib>
#include <cxxabi.h>

namespace seq2seq {

std::string name_of_type(std::type_index type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                    std::free);
  return name ? name.get() : type.name();
}

}  // namespace seq2seq
