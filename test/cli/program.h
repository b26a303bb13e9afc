#pragma once

#include <cstdio>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "seq2seq/cli/command.h"

namespace seq2seq::test {

struct Ran {
  int code = 0;
  std::string out, err;
};

/// Runs the program in this process, with these arguments and this standard input.
inline Ran run_program(const std::vector<std::string>& words, const std::string& input = {},
                       cli::Terminal terminal = {}, const std::string& program = "seq2seq") {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::tmpfile(), std::fclose);
  std::fwrite(input.data(), 1, input.size(), in.get());
  std::rewind(in.get());
  std::ostringstream out, err;
  const auto registries = run::builtin_registries();
  const int code =
      cli::run(words, registries, {.in = ::fileno(in.get()), .out = &out, .err = &err, .terminal = terminal}, program);
  return {code, out.str(), err.str()};
}

}  // namespace seq2seq::test
