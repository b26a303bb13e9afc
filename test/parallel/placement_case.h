#pragma once

// A case of the property test of placement: a small model, places, a schedule and batches.

#include <cstdint>
#include <string>
#include <vector>

#include "seq2seq/nn/placement.h"
#include "seq2seq/train/objective.h"
#include "test/support/registered.h"

namespace seq2seq::test {

enum class Executing { serial, threads, streams };

/// The drawn values of one case.
struct Case {
  at::ScalarType type = at::kFloat;
  bool language = false;  // a language model, which does not use the keys of a source
  std::string architecture = "rnn";
  Values model;  // its keys
  int64_t source_words = 9, target_words = 8;
  nn::Placement placement;
  Executing executing = Executing::serial;
  int team = 1;
  std::string schedule;
  int64_t micro_batches = 1, chunk = 1, accumulate = 1;
  std::string optimizer = "sgd";
  train::LossOptions loss;
  bool weighted = false;
  std::vector<std::string> frozen;
  std::vector<std::vector<int64_t>> lengths;  // source, target, source, target, ... of the batches
  std::string text;                           // to find it again
};

c10::Device device_of_place(Executing executing, int place);

/// Returns true if layers normalize: with a few cells of nearly equal values, this magnifies rounding a million times.
bool normalizes(const Case& drawn);

Case draw_case(uint64_t number);

}  // namespace seq2seq::test
