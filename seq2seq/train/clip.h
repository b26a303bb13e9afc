#pragma once

#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/core/registry.h"
#include "seq2seq/train/optimizer.h"

namespace seq2seq::train {

/// Gradient clipping.
class Clip {
 public:
  virtual ~Clip() = default;
  /// Changes the gradients in place; `norm` []: their norm. Does not wait for a device.
  virtual void apply(const std::vector<at::Tensor>& gradients, const at::Tensor& norm) const = 0;
  /// Returns the same change for gradients on the CPU, as a function that may be called for any parts of them on any
  /// threads. No value: the clipping needs whole gradients.
  virtual std::optional<GradientEdit> edit(double /*norm*/) const { return std::nullopt; }
};

using ClipRegistry = Registry<Clip>;
ClipRegistry builtin_clips();  // none, norm, value, norm_range

struct NoClipOptions {};
void declare(config::Keys& keys, NoClipOptions& options);

class NoClip final : public Clip {
 public:
  using Options = NoClipOptions;
  explicit NoClip(const Options&) {}
  void apply(const std::vector<at::Tensor>& gradients, const at::Tensor& norm) const override;
  std::optional<GradientEdit> edit(double norm) const override;
};

struct NormClipOptions {
  double limit = 5;
};
void declare(config::Keys& keys, NormClipOptions& options);

/// Scales a gradient with a norm s above `limit` by limit / s (arXiv 1409.3215, section 3.4).
class NormClip final : public Clip {
 public:
  using Options = NormClipOptions;
  explicit NormClip(const Options& options) : options_(options) {}
  void apply(const std::vector<at::Tensor>& gradients, const at::Tensor& norm) const override;
  std::optional<GradientEdit> edit(double norm) const override;

 private:
  Options options_;
};

struct ValueClipOptions {
  double limit = 5;
};
void declare(config::Keys& keys, ValueClipOptions& options);

/// Limits each component to [-limit, limit].
class ValueClip final : public Clip {
 public:
  using Options = ValueClipOptions;
  explicit ValueClip(const Options& options) : options_(options) {}
  void apply(const std::vector<at::Tensor>& gradients, const at::Tensor& norm) const override;
  std::optional<GradientEdit> edit(double norm) const override;

 private:
  Options options_;
};

struct NormRangeClipOptions {
  double min = 10, max = 25;
};
void declare(config::Keys& keys, NormRangeClipOptions& options);

/// Scales the gradient so that its norm lies in [min, max], also upwards: a common misreading of the paper. A norm of 0
/// stays 0.
class NormRangeClip final : public Clip {
 public:
  using Options = NormRangeClipOptions;
  explicit NormRangeClip(const Options& options) : options_(options) {}
  void apply(const std::vector<at::Tensor>& gradients, const at::Tensor& norm) const override;
  std::optional<GradientEdit> edit(double norm) const override;

 private:
  Options options_;
};

}  // namespace seq2seq::train
