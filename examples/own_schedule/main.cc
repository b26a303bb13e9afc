// A program with all that `seq2seq` does, and a learning-rate schedule of its own: `train.schedule: {kind: cosine,
// ...}`.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "seq2seq/cli/command.h"
#include "seq2seq/config/keys.h"
#include "seq2seq/train/schedule/schedule.h"

namespace {

struct CosineOptions {
  int64_t warmup_updates = 0;
  double final = 0;
};

/// The keys of the kind: `seq2seq config reference` and the checks of a configuration come from here.
void declare(seq2seq::config::Keys& keys, CosineOptions& options) {
  keys.add("warmup_updates", options.warmup_updates, "updates in which the learning rate rises to the optimizer's")
      .unit("updates")
      .at_least(0);
  keys.add("final", options.final, "share of the optimizer's learning rate at the end of training")
      .at_least(0)
      .at_most(1);
}

/// Rises to 1 in equal steps, then falls to `final` along half a cosine: Loshchilov and Hutter 2017, arXiv 1608.03983,
/// equation 5, without restarts.
class Cosine final : public seq2seq::train::Schedule {
 public:
  using Options = CosineOptions;
  explicit Cosine(const Options& options) : options_(options) {}

  double factor(const seq2seq::train::Point& point) const override {
    const auto update = static_cast<double>(point.update);
    const auto warmup = static_cast<double>(options_.warmup_updates);
    if (update < warmup) return (update + 1) / warmup;
    const double left = std::max(1.0, point.total_updates - warmup);
    const double way = std::min(1.0, (update - warmup) / left);
    return options_.final + (1 - options_.final) * (1 + std::cos(std::numbers::pi * way)) / 2;
  }

 private:
  CosineOptions options_;
};

}  // namespace

int main(int count, char** words) {
  auto registries = seq2seq::run::builtin_registries();
  registries.schedules.add<Cosine>("cosine", "warm-up, then falling along half a cosine (arXiv 1608.03983)");
  return seq2seq::cli::run(count, words, registries);
}
