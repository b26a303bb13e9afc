#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <torch/nn/module.h>

namespace seq2seq::nn {

/// Role of a parameter, so that initialization, fine-tuning and counting need not guess it from its name.
struct Role {
  enum class Kind {
    embedding,   // [V, E] a table that is looked up
    projection,  // [out, in] multiplied by rows
    recurrent,   // [out, in] multiplied by the state of the step before
    bias,        // [out] added
    scale        // [out] multiplied element by element
  } kind = Kind::projection;
  /// The first dimension has a row for each word of the vocabulary.
  bool row_per_word = false;
  /// Equal blocks that the first dimension falls into: 4 for an LSTM's gates.
  int64_t gates = 1;
  /// Index of the forget gate; -1: none.
  int64_t forget_gate = -1;
  /// A bias that is added to another bias of the same gates.
  bool second_bias = false;
  /// Fixed initial value, such as 1 and 0 for gain and shift of a normalization.
  std::optional<double> start{};
};

/// The side of the text that a parameter processes: the source for the encoder's parameters, the target for all others.
enum class Side { source, target };

/// One use of a parameter. A shared parameter, such as a tied embedding, has several; a sliced one has one for each
/// slice.
struct ParameterUse {
  std::string name;  // of the whole: as named_parameters() has it, without the rows of a slice
  at::Tensor parameter;
  int64_t first_row = 0;  // of the whole, where the tensor holds some of its rows (nn/slice.h)
  Role role;
  Side side = Side::target;
};

/// Device and type of the parameters of a part.
struct ParameterPlace {
  c10::Device device{c10::kCPU};
  at::ScalarType type = at::kFloat;
};

/// A module that states the role of each of its parameters.
class Module : public torch::nn::Module {
 public:
  /// Registers a parameter of zeros under this name.
  at::Tensor add_parameter(const std::string& name, at::IntArrayRef shape, const Role& role,
                           const ParameterPlace& place);
  /// States a further use of a parameter that another module owns.
  void use_parameter(const at::Tensor& parameter, const Role& role);

 private:
  friend std::vector<ParameterUse> parameter_uses(const torch::nn::Module& root, const torch::nn::Module& encoder);
  friend std::vector<at::Tensor> parameters_used(const torch::nn::Module& root);
  struct Use {
    at::Tensor parameter;
    Role role;
  };
  std::vector<Use> uses_;
};

/// The uses of all parameters below `root`, itself included, in order of registration. Parameters that were registered
/// without a role are left out. All are on the side `target`: only a model knows its sides.
std::vector<ParameterUse> parameter_uses(const torch::nn::Module& root);

/// The same for a model: what `encoder` and the modules below it use is on the side `source`.
std::vector<ParameterUse> parameter_uses(const torch::nn::Module& root, const torch::nn::Module& encoder);

/// Every parameter that `root` or a module below it registered or uses, those of others included, each once.
std::vector<at::Tensor> parameters_used(const torch::nn::Module& root);

}  // namespace seq2seq::nn
