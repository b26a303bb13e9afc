#pragma once

#include <memory>

#include "seq2seq/nn/model/model.h"
#include "seq2seq/nn/placement.h"
#include "seq2seq/run/environment.h"
#include "seq2seq/run/run.h"
#include "seq2seq/train/gradient_source.h"

namespace seq2seq::run {

/// What makes the gradients of a model that lies in several places: a pipeline as `placement` describes it. Null for
/// one place, where one batch goes forward and back as a whole. The model must outlive it. Throws UsageError for what
/// the devices cannot do.
std::unique_ptr<train::GradientSource> make_gradients(const RunOptions& options, const nn::Model& model,
                                                      const nn::Placement& placement, const Environment& environment);

}  // namespace seq2seq::run
