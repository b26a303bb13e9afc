#pragma once

#include <cstdint>
#include <string>

#include "seq2seq/config/keys.h"
#include "seq2seq/train/schedule/schedule.h"

namespace seq2seq::train {

struct PlateauOptions {
  double factor = 0.5;
  int64_t patience = 1;
  double minimum = 0.001;
};
void declare(config::Keys& keys, PlateauOptions& options);

/// Multiplies the learning rate by `factor` after every `patience` validations in a row without improvement, down to
/// `minimum`, a share of the optimizer's rate. Improvement is measured by `train.validate.best_by`, over the whole run.
class Plateau final : public Schedule {
 public:
  using Options = PlateauOptions;
  explicit Plateau(const Options& options) : options_(options) {}
  double factor(const Point& point) const override;
  bool needs_validation() const override { return true; }
  void validated(bool improved) override;
  std::string state() const override;
  void restore(const std::string& state, const std::filesystem::path& file) override;

 private:
  PlateauOptions options_;
  double factor_ = 1;
  int64_t bad_ = 0;  // validations without improvement since the best one or the last reduction
};

}  // namespace seq2seq::train
