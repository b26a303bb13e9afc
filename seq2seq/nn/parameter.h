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
    embedding,   // [V, E] table of a look-up
    projection,  // [out, in] multiplied by rows
    recurrent,   // [out, in] multiplied by the previous step's state
    bias,        // [out] added
    scale        // [out] multiplied element by element
  } kind = Kind::projection;
  /// True if the first dimension has a row for each word of the vocabulary.
  bool row_per_word = false;
  /// Number of equal blocks in the first dimension: 4 for an LSTM's gates.
  int64_t gates = 1;
  /// Index of the forget gate; -1: none.
  int64_t forget_gate = -1;
  /// True for a bias that is added to another bias of the same gates.
  bool second_bias = false;
  /// Fixed initial value, such as 1 and 0 for gain and shift of a normalization.
  std::optional<double> start{};
};

/// The side of the text that a parameter processes: the source for the encoder's parameters, the target for all others.
enum class Side { source, target };

/// One use of a parameter. A shared parameter, such as a tied embedding, has several; a sliced one has one for each
/// slice.
struct ParameterUse {
  std::string name;  // of the whole parameter, as in named_parameters(), without the rows of a slice
  at::Tensor parameter;
  int64_t first_row = 0;  // row of the whole parameter at which the tensor starts, if it is a slice (nn/slice.h)
  Role role;
  Side side = Side::target;
};

/// Device and type of the parameters of a part.
struct ParameterPlace {
  c10::Device device{c10::kCPU};
  at::ScalarType type = at::kFloat;
};

/// A module that declares the role of each of its parameters.
class Module : public torch::nn::Module {
 public:
  /// Registers a parameter of zeros under this name.
  at::Tensor add_parameter(const std::string& name, at::IntArrayRef shape, const Role& role,
                           const ParameterPlace& place);
  /// Declares a further use of a parameter that another module owns.
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

/// Returns the uses of all parameters of `root` and the modules below it, in order of registration. Leaves out
/// parameters that were registered without a role. A parameter of a module outside `root`, such as a table shared with
/// another module, has an empty name. All are on the side `target`, because only a model knows its sides.
std::vector<ParameterUse> parameter_uses(const torch::nn::Module& root);

/// As above, for a model: parameters used by `encoder` and the modules below it are on the side `source`.
std::vector<ParameterUse> parameter_uses(const torch::nn::Module& root, const torch::nn::Module& encoder);

/// Returns every parameter that `root` or a module below it registered or uses, each once, including parameters of
/// other modules.
std::vector<at::Tensor> parameters_used(const torch::nn::Module& root);

}  // namespace seq2seq::nn
