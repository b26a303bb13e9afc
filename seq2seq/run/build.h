#pragma once

#include <memory>

#include <c10/core/Device.h>

#include "seq2seq/data/corpus.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/run/run.h"

namespace seq2seq::run {

/// The model of a configuration, its parameters not yet set.
std::shared_ptr<nn::Model> build_model(const RunOptions& options, const Registries& registries,
                                       const data::TextPipeline& text, c10::Device device);

}  // namespace seq2seq::run
