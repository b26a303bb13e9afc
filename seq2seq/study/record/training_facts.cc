#include "seq2seq/study/record/training_facts.h"

#include <algorithm>
#include <string_view>

#include <nlohmann/json.hpp>

#include "seq2seq/core/json.h"
#include "seq2seq/core/text.h"
#include "seq2seq/run/metric_names.h"

namespace seq2seq::study {

namespace {

using MetricsLine = nlohmann::json;

/// Numbers that are not finite are stored as null.
double number_of(const MetricsLine& line, const char* name) {
  const auto found = line.find(name);
  return found == line.end() || found->is_null() ? 0 : found->get<double>();
}

/// Collects the lines of one file in their order.
class FactsReader {
 public:
  void read(const MetricsLine& line) {
    const auto kind = line.value("kind", "");
    if (kind == "train") read_train(line);
    if (kind == "validation") read_validation(line);
  }

  TrainingFacts facts() && {
    if (seconds_measured_ > 0) facts_.words_per_second = words_ / seconds_measured_;
    if (norms_ > 0) facts_.mean_norm = norm_sum_ / norms_;
    return std::move(facts_);
  }

 private:
  void read_train(const MetricsLine& line) {
    facts_.updates = std::max(facts_.updates, to_integer<int64_t>(line.at("update")));
    facts_.epochs = std::max(facts_.epochs, number_of(line, "epoch"));
    const double seconds = number_of(line, "seconds"), since = seconds - facts_.seconds;
    if (since > 0) {
      words_ += number_of(line, "words_per_second") * since;
      seconds_measured_ += since;
    }
    facts_.seconds = std::max(facts_.seconds, seconds);
    const double norm = number_of(line, "gradient_norm");
    facts_.largest_norm = std::max(facts_.largest_norm, norm);
    norm_sum_ += norm;
    ++norms_;
  }

  void read_validation(const MetricsLine& line) {
    CurvePoint point{.update = to_integer<int64_t>(line.at("update")),
                     .epoch = number_of(line, "epoch"),
                     .seconds = number_of(line, "seconds"),
                     .figures = {}};
    for (const auto& metric : run::metric_names()) {
      const auto found = line.find(metric);
      if (found != line.end() && found->is_number()) point.figures[metric] = found->get<double>();
    }
    facts_.updates = std::max(facts_.updates, point.update);
    facts_.curve.push_back(std::move(point));
  }

  TrainingFacts facts_;
  double words_ = 0, seconds_measured_ = 0, norm_sum_ = 0, norms_ = 0;
};

}  // namespace

TrainingFacts training_facts(const std::string& metrics, const std::filesystem::path& file) {
  FactsReader reader;
  int64_t number = 0;
  const auto whole = std::string_view(metrics).substr(0, metrics.rfind('\n') + 1);  // the last line may be incomplete
  for (const auto line : split(whole, '\n')) {
    ++number;
    if (line.empty()) continue;
    const Place place{.file = file.string(), .line = number};
    read_json<MetricsLine>(line, place, "", [&reader](const MetricsLine& root) {
      reader.read(root);
      return 0;
    });
  }
  return std::move(reader).facts();
}

}  // namespace seq2seq::study
