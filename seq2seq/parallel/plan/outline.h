#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "seq2seq/nn/model/model.h"
#include "seq2seq/parallel/schedule/job_graph.h"

namespace seq2seq::parallel {

/// A stage, and the other facts that the planner needs.
struct OutlinedStage {
  nn::Stage stage;
  double recurrent_products = 0;  // those of a row that wait for the previous step
  double numbers = 0;             // of the parameters stored with it; a shared one belongs to its first stage
};

/// A model's stages, all at one place, with parameters without memory.
struct Outline {
  std::vector<OutlinedStage> stages;
  /// Number of layers of a stack, which are the stages `encoder.0`, ...
  int64_t layers(const std::string& stack) const;
  /// Returns true if the output layer can be split: its single shard and `loss` then come last.
  bool splits_output() const;
};

/// `model` must run in stages. Its output layer must not be split.
Outline outline_of(const nn::Model& model);

/// Assignment of parts to places, as in nn::Placement, but for devices of any hardware.
struct Layout {
  struct Share {
    int64_t place = 0;
    double share = 1;  // of the words
  };
  std::vector<int64_t> devices{0};       // number of each place's device in the hardware
  std::map<std::string, int64_t> parts;  // parts without a name here are at place 0
  std::vector<Share> output;             // empty: all of it at place 0

  int64_t place_of(const std::string& part) const;
  int64_t devices_used() const;
};

/// Returns the stages at the places of a layout, with the output layer split into `output.0` ... and `loss`.
Outline place(const Outline& outline, const Layout& layout);

/// Size of the batches of an update, which are split into `micro_batches`; all sentences have `source` and `target`
/// steps.
struct BatchSize {
  int64_t sentences = 128;
  int64_t source = 25, target = 25;
  int64_t micro_batches = 1;
};
JobGraph jobs_of(const Outline& placed, const BatchSize& size, const Cut& cut);

}  // namespace seq2seq::parallel
