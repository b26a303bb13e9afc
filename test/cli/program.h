#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "seq2seq/cli/command.h"

namespace seq2seq::test {

struct Ran {
  int code = 0;
  std::string out, err;
};

/// The program in this process, with these words behind its name and this standard input.
inline Ran run_program(const std::vector<std::string>& words, const std::string& input = {},
                       cli::Terminal terminal = {}) {
  std::istringstream in(input);
  std::ostringstream out, err;
  const auto registries = run::builtin_registries();
  const int code = cli::run(words, registries, {.in = &in, .out = &out, .err = &err, .terminal = terminal});
  return {code, out.str(), err.str()};
}

}  // namespace seq2seq::test
