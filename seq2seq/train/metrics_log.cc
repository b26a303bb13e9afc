#include "seq2seq/train/metrics_log.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace seq2seq::train {
namespace {

// Numbers that are not finite become null, as JSON has none.
using Json = nlohmann::ordered_json;

constexpr std::string_view kHeader = R"({"format":"seq2seq metrics","version":1})"
                                     "\n";

}  // namespace

void MetricsLog::begin_events(int64_t update) {
  if (!events_folder_.empty()) events_.emplace(files_, events_folder_, update);
}

void MetricsLog::begin() {
  begin_events(0);
  write_header();
}

void MetricsLog::write_header() {
  files_.write(path_, kHeader);
  bytes_ = std::ssize(kHeader);
}

void MetricsLog::resume(int64_t bytes, int64_t update, Log& log) {
  begin_events(update + 1);
  std::error_code unreadable;
  if (!fs::exists(path_, unreadable)) {
    log.warn(fmt::format("{}: is gone; it is begun anew, without what was measured before", path_.string()));
    return write_header();
  }
  const int64_t there = std::ssize(files_.read(path_));
  bytes_ = std::min(there, bytes);
  if (there < bytes)
    log.warn(fmt::format("{}: ends after {} of {} bytes; what is missing was measured before", path_.string(), there,
                         bytes));
  if (there > bytes) files_.truncate(path_, static_cast<uint64_t>(bytes));
}

void MetricsLog::train(const Moment& moment, const Window& window, bool smoothed, int64_t skipped) {
  append(Json{{"kind", "train"},
              {"update", moment.update},
              {"epoch", moment.epoch},
              {"loss", window.mean_loss()},
              {smoothed ? "smoothed_perplexity" : "perplexity", window.perplexity()},
              {"words_per_second", window.words_per_second()},
              {"learning_rate", window.learning_rate},
              {"gradient_norm", window.mean_norm()},
              {"skipped", skipped},
              {"seconds", moment.seconds}}
             .dump());
  if (!events_) return;
  events_->add(moment.update, "train",
               {{"loss", window.mean_loss()},
                {smoothed ? "smoothed_perplexity" : "perplexity", window.perplexity()},
                {"words_per_second", window.words_per_second()},
                {"learning_rate", window.learning_rate},
                {"gradient_norm", window.mean_norm()},
                {"skipped", static_cast<double>(skipped)}});
}

void MetricsLog::validation(const Moment& moment, const Figures& figures, bool best) {
  Json line{{"kind", "validation"}, {"update", moment.update}, {"epoch", moment.epoch}};
  for (const auto& [name, figure] : figures) line[name] = figure;
  line["best"] = best;
  line["seconds"] = moment.seconds;
  append(line.dump());
  if (events_) events_->add(moment.update, "validation", Scalars(figures.begin(), figures.end()));
}

void MetricsLog::append(const std::string& line) {
  files_.append(path_, line + "\n");
  bytes_ += std::ssize(line) + 1;
}

}  // namespace seq2seq::train
