#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

namespace seq2seq::nn {

/// Rows of a parameter that is on several devices. Each slice is registered under a name that contains its rows:
/// `weight[0:2500]`, `weight[2500:5000]`. Files, messages, `train.freeze` and `--init-from` use only the name of the
/// whole.
struct Slice {
  std::string whole;            // the name without a range
  int64_t first = 0, last = 0;  // the rows [first, last); both 0: all of them, and the name has no range
};

/// Parses a name. A name without a range stands for a whole parameter.
Slice slice_of(const std::string& name);
std::string name_of(const Slice& slice);

using NamedSlices = std::vector<std::pair<std::string, at::Tensor>>;

/// A parameter with the tensors that hold its rows.
struct SlicedParameter {
  struct Part {
    int64_t first = 0;  // the first row of this part in the whole parameter
    at::Tensor tensor;
  };
  std::string name;
  std::vector<Part> parts;  // in order of their rows; one part if the parameter is not sliced

  std::vector<int64_t> shape() const;  // of all rows
  int64_t numel() const;
  /// Returns all rows on the CPU: a copy if the parameter is sliced or on another device.
  at::Tensor on_cpu() const;
  /// Copies to each part its rows of `values`, which has the shape of the whole parameter.
  void set(const at::Tensor& values) const;
};

/// Returns the parameters that consist of these tensors, in the order in which their names first occur. Throws Error if
/// slices of a parameter leave a gap or overlap.
std::vector<SlicedParameter> group_slices(const NamedSlices& tensors);

}  // namespace seq2seq::nn
