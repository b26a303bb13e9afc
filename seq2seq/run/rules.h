#pragma once

#include "seq2seq/config/keys.h"
#include "seq2seq/run/run.h"

namespace seq2seq::run {

/// Adds the rules between sections of a whole configuration. `options` and `registries` must outlive `keys`.
void declare_rules(config::Keys& keys, const RunOptions& options, const Registries& registries);

}  // namespace seq2seq::run
