#pragma once

#include <memory>
#include <string>
#include <vector>

#include "seq2seq/nn/parameter.h"

namespace seq2seq::nn {

/// Layers as a module of their own, so that their parameters are named `layers.0. ...`, as in torch.nn.ModuleList.
template <class Layer>
std::shared_ptr<Module> module_list(const std::vector<std::shared_ptr<Layer>>& layers) {
  auto list = std::make_shared<Module>();
  for (size_t number = 0; number < layers.size(); ++number)
    list->register_module(std::to_string(number), layers[number]);
  return list;
}

}  // namespace seq2seq::nn
