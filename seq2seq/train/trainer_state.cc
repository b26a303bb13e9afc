#include "seq2seq/train/trainer_state.h"

#include <cstdint>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "seq2seq/core/error.h"

namespace seq2seq::train {
namespace {

constexpr auto kFormat = "seq2seq training state";

template <class T>
nlohmann::json optional_json(const std::optional<T>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

template <class T>
std::optional<T> optional_at(const nlohmann::json& json, const char* key) {
  return json.at(key).is_null() ? std::nullopt : std::optional(json.at(key).get<T>());
}

nlohmann::ordered_json to_json(const Window& window) {
  return {{"updates", window.updates},
          {"loss", window.loss},
          {"divisor", window.divisor},
          {"source_tokens", window.source_tokens},
          {"target_tokens", window.target_tokens},
          {"gradient_norm", window.gradient_norm},
          {"learning_rate", window.learning_rate},
          {"seconds", window.seconds}};
}

Window window_of(const nlohmann::json& json) {
  return {.updates = json.at("updates").get<int64_t>(),
          .loss = json.at("loss").get<double>(),
          .divisor = json.at("divisor").get<double>(),
          .source_tokens = json.at("source_tokens").get<int64_t>(),
          .target_tokens = json.at("target_tokens").get<int64_t>(),
          .gradient_norm = json.at("gradient_norm").get<double>(),
          .learning_rate = json.at("learning_rate").get<double>(),
          .seconds = json.at("seconds").get<double>()};
}

}  // namespace

std::string to_json(const TrainerState& state) {
  const nlohmann::ordered_json json{{"format", kFormat},
                                    {"version", checkpoint_format_version},
                                    {"update", state.update},
                                    {"epoch", state.epoch},
                                    {"batch", state.batch},
                                    {"skipped", state.skipped},
                                    {"bad_validations", state.bad_validations},
                                    {"best_update", optional_json(state.best_update)},
                                    {"best_score", optional_json(state.best_score)},
                                    {"schedule", nlohmann::ordered_json::parse(state.schedule)},
                                    {"window", to_json(state.window)},
                                    {"seconds", state.seconds},
                                    {"metrics_bytes", state.metrics_bytes},
                                    {"finished", state.finished},
                                    {"finished_because", state.finished_because}};
  return json.dump(2) + "\n";
}

TrainerState from_json(const std::string& text, const std::filesystem::path& file) {
  try {
    const auto json = nlohmann::json::parse(text);
    if (json.at("format") != kFormat || json.at("version") != checkpoint_format_version)
      throw FormatError(Place{.file = file.string()},
                        fmt::format("{} of format version {}, but this program reads version {}",
                                    json.at("format").dump(), json.at("version").dump(), checkpoint_format_version));
    TrainerState state;
    state.update = json.at("update").get<int64_t>();
    state.epoch = json.at("epoch").get<int64_t>();
    state.batch = json.at("batch").get<int64_t>();
    state.skipped = json.at("skipped").get<int64_t>();
    state.bad_validations = json.at("bad_validations").get<int64_t>();
    state.best_update = optional_at<int64_t>(json, "best_update");
    state.best_score = optional_at<double>(json, "best_score");
    state.schedule = json.at("schedule").dump();
    state.window = window_of(json.at("window"));
    state.seconds = json.at("seconds").get<double>();
    state.metrics_bytes = json.at("metrics_bytes").get<int64_t>();
    state.finished = json.at("finished").get<bool>();
    state.finished_because = json.at("finished_because").get<std::string>();
    return state;
  } catch (const nlohmann::json::exception& error) {
    throw FormatError(Place{.file = file.string()}, fmt::format("is not the state of a training: {}", error.what()));
  }
}

}  // namespace seq2seq::train
