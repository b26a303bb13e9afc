#include "seq2seq/train/schedule/plateau.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "seq2seq/core/error.h"
#include "seq2seq/core/json.h"

namespace seq2seq::train {

void declare(config::Keys& keys, PlateauOptions& options) {
  keys.add("factor", options.factor, "factor of each cut").above(0).below(1);
  keys.add("patience", options.patience, "consecutive validations without improvement before a cut")
      .unit("validations")
      .at_least(1);
  keys.add("minimum", options.minimum, "smallest factor of the optimizer's learning rate").at_least(0).at_most(1);
}

double Plateau::factor(const Point&) const { return factor_; }

void Plateau::validated(bool improved) {
  bad_ = improved ? 0 : bad_ + 1;
  if (bad_ < options_.patience) return;
  factor_ = std::max(factor_ * options_.factor, options_.minimum);
  bad_ = 0;
}

std::string Plateau::state() const { return nlohmann::json{{"factor", factor_}, {"bad_validations", bad_}}.dump(); }

void Plateau::restore(const std::string& state, const std::filesystem::path& file) {
  const Place place{.file = file.string(), .part = "schedule `plateau`"};
  read_json<nlohmann::json>(state, place, "Resume with the run's own schedule", [this](const auto& json) {
    factor_ = json.at("factor").template get<double>();
    bad_ = to_integer<int64_t>(json.at("bad_validations"));
  });
}

}  // namespace seq2seq::train
