#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

namespace seq2seq::nn {

/// Rows of a parameter that is on several devices. Each of its slices is registered under a name that tells the rows:
/// `weight[0:2500]`, `weight[2500:5000]`. Files, messages, `train.freeze` and `--init-from` use only the name of the
/// whole.
struct Slice {
  std::string whole;            // the name without a range
  int64_t first = 0, last = 0;  // the rows [first, last); both 0: all of them, and the name has no range
};

/// Reads a name. A name without a range is that of a whole parameter.
Slice slice_of(const std::string& name);
std::string name_of(const Slice& slice);

using NamedSlices = std::vector<std::pair<std::string, at::Tensor>>;

/// A parameter with the tensors that hold its rows.
struct Whole {
  struct Part {
    int64_t first = 0;  // its row 0 is this row of the whole
    at::Tensor tensor;
  };
  std::string name;
  std::vector<Part> parts;  // in order of their rows; one for a parameter that is not sliced

  std::vector<int64_t> shape() const;  // of all rows
  int64_t numel() const;
  /// All rows on the CPU: a copy if the parameter is sliced or on another device.
  at::Tensor on_cpu() const;
  /// Gives each part its rows of `values`, which has the shape of the whole.
  void set(const at::Tensor& values) const;
};

/// The parameters that these tensors make up, in the order in which their names first come up. Throws Error where
/// slices of one parameter leave a gap or overlap.
std::vector<Whole> wholes_of(const NamedSlices& tensors);

}  // namespace seq2seq::nn
