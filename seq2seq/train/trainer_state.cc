#include "seq2seq/train/trainer_state.h"

#include <cstdint>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "seq2seq/core/error.h"
#include "seq2seq/core/json.h"

namespace seq2seq::train {
namespace {

constexpr auto kStateFormat = "seq2seq training state";

template <class T>
nlohmann::json optional_json(const std::optional<T>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
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
  return {.updates = to_integer<int64_t>(json.at("updates")),
          .loss = json.at("loss").get<double>(),
          .divisor = json.at("divisor").get<double>(),
          .source_tokens = to_integer<int64_t>(json.at("source_tokens")),
          .target_tokens = to_integer<int64_t>(json.at("target_tokens")),
          .gradient_norm = json.at("gradient_norm").get<double>(),
          .learning_rate = json.at("learning_rate").get<double>(),
          .seconds = json.at("seconds").get<double>()};
}

}  // namespace

std::string to_json(const TrainerState& state) {
  const nlohmann::ordered_json json{{"format", kStateFormat},
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
  const Place place{.file = file.string()};
  return read_json<nlohmann::json>(text, place, {}, [&](const nlohmann::json& json) {
    if (json.at("format") != kStateFormat) throw FormatError(place, "is not a training state");
    if (const auto version = to_integer<int>(json.at("version")); version != checkpoint_format_version)
      throw FormatError(place, fmt::format("has format version {}, but this program reads version {}", version,
                                           checkpoint_format_version));
    TrainerState state;
    state.update = to_integer<int64_t>(json.at("update"));
    state.epoch = to_integer<int64_t>(json.at("epoch"));
    state.batch = to_integer<int64_t>(json.at("batch"));
    state.skipped = to_integer<int64_t>(json.at("skipped"));
    state.bad_validations = to_integer<int64_t>(json.at("bad_validations"));
    if (const auto& best = json.at("best_update"); !best.is_null()) state.best_update = to_integer<int64_t>(best);
    if (const auto& best = json.at("best_score"); !best.is_null()) state.best_score = best.get<double>();
    state.schedule = json.at("schedule").dump();
    state.window = window_of(json.at("window"));
    state.seconds = json.at("seconds").get<double>();
    state.metrics_bytes = to_integer<int64_t>(json.at("metrics_bytes"));
    state.finished = json.at("finished").get<bool>();
    state.finished_because = json.at("finished_because").get<std::string>();
    return state;
  });
}

}  // namespace seq2seq::train
