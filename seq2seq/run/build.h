#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "seq2seq/core/device.h"
#include "seq2seq/core/log.h"
#include "seq2seq/data/corpus.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/nn/precision.h"
#include "seq2seq/run/environment.h"
#include "seq2seq/run/run.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::run {

/// Returns a placement of the whole model on one device.
nn::Placement on_device(c10::Device device);
/// Returns the placement of a training: on one device if `environment.single_device` is set, otherwise as configured.
/// Warns of unused devices. Throws PlacementError.
nn::Placement training_placement(const RunOptions& options, const data::TextPipeline& text,
                                 const Environment& environment);
/// Returns the device of the first place, which describes the machine.
c10::Device training_device(const PlacementOptions& options, const Environment& environment);
/// Sets the precision of products, `train.precision`, from now on. Throws UsageError if the device cannot compute in
/// it. Warns if a processor is slower in bf16 than in float32.
void use_precision(nn::Precision precision, c10::Device device, Log& log);
/// Prepares the machine and use_precision() for a training. The returned kernels include those that `precision` adds.
Machine prepare_training(nn::Precision precision, c10::Device device, const Environment& environment);
/// Returns the placement for using a trained model: the command's device if `choice` is empty, the training's placement
/// for `run`, otherwise the placement in the file `choice`. Throws UsageError.
nn::Placement placement_for_use(const std::string& choice, const RunOptions& options, const data::TextPipeline& text,
                                const Environment& environment);

/// Sizes of a source besides its vocabulary: the number of values of each factor and the number of parts.
struct SourceSizes {
  std::vector<int64_t> factors{};
  int64_t parts = 1;
};
/// Returns sizes for checking a model before its text is read.
SourceSizes unknown_sizes(const data::SourceForm& form);

/// Returns the model of a configuration without allocating its parameters, for its sizes. Throws UsageError if it
/// cannot be built.
std::shared_ptr<nn::Model> outline(const ModelOptions& options, const Registries& registries,
                                   int64_t source_vocabulary = nn::unknown_vocabulary,
                                   int64_t target_vocabulary = nn::unknown_vocabulary, const SourceSizes& source = {});

/// As above, for the vocabularies of a text.
std::shared_ptr<nn::Model> outline(const ModelOptions& options, const Registries& registries,
                                   const data::TextPipeline& text);

/// Returns true if training the model draws words by their counts in the training text.
bool reads_counts(const ModelOptions& options, const Registries& registries);

/// Returns true if the model's text needs ids beyond the vocabularies, for words that it copies.
bool extends_vocabulary(const ModelOptions& options, const Registries& registries);

/// Returns the model of a configuration with uninitialized parameters. Throws UsageError if `placement` does not fit
/// the model.
std::shared_ptr<nn::Model> build_model(const RunOptions& options, const Registries& registries,
                                       const data::TextPipeline& text, const nn::Placement& placement);

}  // namespace seq2seq::run
