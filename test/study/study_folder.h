#pragma once

#include <string>
#include <vector>

#include "seq2seq/study/grid/plan.h"
#include "test/support/toy.h"

namespace seq2seq::test {

/// A study of a toy task, in the folder of the task.
class StudyFolder {
 public:
  explicit StudyFolder(const std::string& rest, const Task& task = copied) : toy(task) {
    toy.folder().file("study.yaml",
                      "question: Does it help?\nbase: toy.yaml\nmetrics: [perplexity, exact_match]\n" + rest);
  }

  study::StudyPlan plan(const std::vector<std::string>& only = {}) {
    return study::make_plan({.study = toy / "study.yaml", .scale = "", .runs = toy / "runs", .only = only},
                            *toy.environment.registries, *toy.environment.files, *toy.environment.log);
  }

  Toy toy;
};

/// Two rows, two seeds, ten updates each.
inline const std::string two_by_two =
    "seeds: [1, 2]\nscales: {tiny: {set: {train.updates: 10, train.validate.every_updates: 5}}}\n"
    "rows:\n  - {name: forward, published: {perplexity: 5.8}}\n"
    "  - {name: reversed, set: {data.reverse: source}}\npublished_in: a paper\n";

}  // namespace seq2seq::test
