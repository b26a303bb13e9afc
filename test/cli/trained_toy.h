#pragma once

#include <algorithm>
#include <string>

#include "test/cli/program.h"
#include "test/support/toy.h"

namespace seq2seq::test {

/// A toy with a run, trained by the program.
struct TrainedToy : Toy {
  explicit TrainedToy(const std::string& updates = "20") : Toy(turned) {
    trained = run_program({"train", (*this / "toy.yaml").string(), "--run", run(), "--threads", "1", "--seed", "3",
                           "--set", "train.updates=" + updates});
  }
  std::string run() const { return (*this / "run").string(); }
  std::string file(const std::string& name) const { return (*this / name).string(); }
  Ran trained;
};

inline size_t lines(const std::string& text) { return static_cast<size_t>(std::count(text.begin(), text.end(), '\n')); }

}  // namespace seq2seq::test
