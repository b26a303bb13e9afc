#include "seq2seq/train/metrics_log.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "seq2seq/core/text.h"

namespace seq2seq::train {
namespace {

// Numbers that are not finite become null, because JSON cannot represent them.
using Json = nlohmann::ordered_json;

constexpr std::string_view kHeader = R"({"format":"seq2seq metrics","version":1})"
                                     "\n";

/// Returns the kind of a line; empty for the header and for text that is not JSON.
std::string kind_of(std::string_view line) {
  const auto json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  const auto kind = json.is_object() ? json.find("kind") : json.end();
  return kind != json.end() && kind->is_string() ? kind->get<std::string>() : "";
}

}  // namespace

bool has_measurements(const std::string& metrics) {
  const auto lines = split(metrics, '\n');
  return std::any_of(lines.begin(), lines.end(), [](std::string_view line) { return !kind_of(line).empty(); });
}

bool shows_checkpoint(const std::string& metrics) {
  bool validated = false;
  for (const auto line : split(metrics, '\n')) {
    const auto kind = kind_of(line);
    if (validated && !kind.empty()) return true;
    validated = validated || kind == "validation";
  }
  return false;
}

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
    log.warn(fmt::format("{}: missing; starting a new file without the earlier measurements", path_.string()));
    return write_header();
  }
  const auto text = files_.read(path_);
  const int64_t there = std::ssize(text);
  const auto end = std::string_view(text).substr(0, static_cast<size_t>(std::min(there, bytes))).rfind('\n');
  bytes_ = end == std::string_view::npos ? 0 : static_cast<int64_t>(end) + 1;
  if (bytes_ < bytes)
    log.warn(fmt::format("{}: has {} of the {} bytes that it had at the checkpoint; continuing without the rest",
                         path_.string(), bytes_, bytes));
  if (bytes_ == 0) return write_header();
  if (there > bytes_) files_.truncate(path_, static_cast<uint64_t>(bytes_));
}

void MetricsLog::train(const LogStamp& stamp, const Window& window, const std::string& perplexity, int64_t skipped) {
  Json line{{"kind", "train"}, {"update", stamp.update}, {"epoch", stamp.epoch}, {"loss", window.mean_loss()}};
  if (!perplexity.empty()) line[perplexity] = window.perplexity();
  line["words_per_second"] = window.words_per_second();
  line["learning_rate"] = window.learning_rate;
  line["gradient_norm"] = window.mean_norm();
  line["skipped"] = skipped;
  line["seconds"] = stamp.seconds;
  append(line.dump());
  if (!events_) return;
  Scalars scalars{{"loss", window.mean_loss()},
                  {"words_per_second", window.words_per_second()},
                  {"learning_rate", window.learning_rate},
                  {"gradient_norm", window.mean_norm()},
                  {"skipped", static_cast<double>(skipped)}};
  if (!perplexity.empty()) scalars.emplace(scalars.begin() + 1, perplexity, window.perplexity());
  events_->add(stamp.update, "train", scalars);
}

void MetricsLog::validation(const LogStamp& stamp, const Figures& figures, bool best) {
  Json line{{"kind", "validation"}, {"update", stamp.update}, {"epoch", stamp.epoch}};
  for (const auto& [name, figure] : figures) line[name] = figure;
  line["best"] = best;
  line["seconds"] = stamp.seconds;
  append(line.dump());
  if (events_) events_->add(stamp.update, "validation", Scalars(figures.begin(), figures.end()));
}

void MetricsLog::append(const std::string& line) {
  files_.append(path_, line + "\n");
  bytes_ += std::ssize(line) + 1;
}

}  // namespace seq2seq::train
