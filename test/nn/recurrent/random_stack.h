#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "seq2seq/nn/recurrent/stack.h"
#include "test/support/models.h"
#include "test/support/registered.h"

namespace seq2seq::test {

/// Makes a small stack of this kind of layer with random parameters.
inline std::shared_ptr<nn::Stack> random_stack(const std::string& kind, uint64_t seed, int64_t layers, int64_t input,
                                               at::ScalarType type = at::kDouble, Values values = {}) {
  const auto stacks = nn::stacks_of(std::make_shared<nn::LayerRegistry>(nn::builtin_layers()));
  values["layers"] = std::to_string(layers);
  auto stack = stacks.make(small(stacks, kind, values), {.input = input});
  randomize(*stack, seed, type);
  return stack;
}

/// Lengths with 1, equal ones and a long one, unsorted.
inline const std::vector<int64_t> stack_lengths{3, 1, 7, 7, 25, 2, 1};

}  // namespace seq2seq::test
