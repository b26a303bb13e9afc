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
  double recurrent_products = 0;  // those of a row that wait for the step before
  double numbers = 0;             // of the parameters that lie with it; a shared one lies with its first stage
};

/// A model's stages, all at one place, with no numbers in its parameters.
struct Outline {
  std::vector<OutlinedStage> stages;
  /// Of a stack, as `encoder.0` ... are stages.
  int64_t layers(const std::string& stack) const;
  /// Returns true if the output layer can be split: then its one shard and `loss` come last.
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
  std::vector<int64_t> devices{0};       // of each place, its number among those of the hardware
  std::map<std::string, int64_t> parts;  // what is not named lies at place 0
  std::vector<Share> output;             // empty: all of it at place 0

  int64_t place_of(const std::string& part) const;
  int64_t devices_used() const;
};

/// The stages at the places of a layout, the output layer split into `output.0` ... and `loss`.
Outline place(const Outline& outline, const Layout& layout);

/// The jobs of an update of batches that are split into `micro_batches`, each of equal sentences of `source` and
/// `target` steps.
struct BatchSize {
  int64_t sentences = 128;
  int64_t source = 25, target = 25;
  int64_t micro_batches = 1;
};
JobGraph jobs_of(const Outline& placed, const BatchSize& size, const Cut& cut);

}  // namespace seq2seq::parallel
