#include "test/parallel/placement_case.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/random.h"
#include "seq2seq/nn/recurrent/layer.h"
#include "seq2seq/parallel/schedule/schedule.h"
#include "seq2seq/train/optimizer.h"
#include "test/support/test_device.h"

namespace seq2seq::test {
namespace {

using parallel::builtin_schedules;

/// The draws of one case.
class Draws {
 public:
  explicit Draws(uint64_t number) : stream_(number, Purpose::forcing) {}
  int64_t below(int64_t bound) {
    return static_cast<int64_t>(stream_.uniform(next_++, 0) * static_cast<double>(bound));
  }
  int64_t between(int64_t least, int64_t most) { return least + below(most - least + 1); }
  bool chance(double share) { return stream_.uniform(next_++, 0) < share; }
  template <class Value>
  Value of(const std::vector<Value>& values) {
    return values[static_cast<size_t>(below(std::ssize(values)))];
  }

 private:
  RandomStream stream_;
  uint64_t next_ = 0;
};

/// Draws keys of every part that has Transformer layers.
void draw_sentence_layers(Draws& draws, Values& values) {
  values["heads"] = draws.of<std::string>({"1", "2"});
  values["feed_forward"] = fmt::format("{}", draws.between(2, 9));
  values["norm"] = draws.of<std::string>({"post", "pre"});
  values["positions"] = draws.of<std::string>({"sinusoidal", "learned", "rotary", "none"});
  values["longest"] = "10";
  values["activation"] = draws.of<std::string>({"relu", "gelu"});
  for (const auto* key : {"dropout.residual", "dropout.attention", "dropout.inner"})
    values[key] = draws.of<std::string>({"0", "0.3"});
}

void draw_transformer(Draws& draws, Case& drawn) {
  const bool shared = draws.chance(0.2) && !drawn.language;
  const auto output = draws.of<std::string>({"full", "full", "sampled", "noise_contrastive", "adaptive"});
  const bool tied = output != "adaptive" && draws.chance(0.5);
  drawn.architecture = "transformer";
  drawn.model = {{"width", fmt::format("{}", 4 * draws.between(2, 3))},
                 {"encoder.kind", "transformer"},
                 {"encoder.layers", fmt::format("{}", draws.between(1, 4))},
                 {"decoder.kind", "transformer"},
                 {"decoder.layers", fmt::format("{}", draws.between(1, 4))},
                 {"layer_dropout", draws.of<std::string>({"0", "0.4"})},
                 {"embedding.tied", tied ? "true" : "false"},
                 {"embedding.shared", shared ? "true" : "false"},
                 {"output.kind", output},
                 {"output.shrink", "1"},
                 {"dropout.words.source", draws.of<std::string>({"0", "0.2"})},
                 {"dropout.words.target", draws.of<std::string>({"0", "0.2"})},
                 {"dropout.words.by", draws.of<std::string>({"word", "occurrence"})}};
  draw_sentence_layers(draws, drawn.model);
  drawn.source_words = draws.between(5, 40);
  drawn.target_words = shared ? drawn.source_words : draws.between(5, 40);
}

void draw_model(Draws& draws, Case& drawn) {
  const auto layers = draws.between(1, 3);
  const bool copies = draws.chance(0.6);
  auto steps = nn::builtin_layers().names();  // kinds that a decoder can use
  steps.insert(steps.end(), {"lstm", "lstm", "tanh"});
  auto readers = steps;
  readers.insert(readers.end(), {"both_ways", "summed", "transformer"});
  const auto encoder = draws.of(copies ? steps : readers);
  const auto decoder = copies ? encoder : draws.of(steps);
  const auto cells = draws.between(2, 9), decoder_cells = copies ? cells : draws.between(2, 9);
  const auto decoder_layers = copies ? layers : draws.between(1, 3);
  const auto output = draws.of<std::string>({"full", "full", "sampled", "noise_contrastive", "adaptive"});
  const bool tied = output != "adaptive" && draws.chance(0.2), shared = draws.chance(0.2);
  const auto dropout = draws.of<std::string>({"0", "0.3"});
  const bool recurs = encoder != "summed" && encoder != "transformer";
  const auto bidirectional = draws.of<std::string>({"none", "first", "all"});
  auto bridges =
      recurs ? std::vector<std::string>{"summary", "mean", "linear"} : std::vector<std::string>{"summary", "mean"};
  if (recurs && bidirectional != "none") bridges.emplace_back("backward");
  drawn.model = {{"encoder.kind", encoder},
                 {"encoder.cells", fmt::format("{}", cells)},
                 {"encoder.layers", fmt::format("{}", layers)},
                 {"encoder.projection", fmt::format("{}", cells)},
                 {"encoder.residual_from", draws.of<std::string>({"0", "3", "3"})},
                 {"decoder.kind", decoder},
                 {"decoder.cells", fmt::format("{}", decoder_cells)},
                 {"decoder.layers", fmt::format("{}", decoder_layers)},
                 {"encoder.bidirectional", copies ? "none" : bidirectional},
                 {"decoder.projection", fmt::format("{}", decoder_cells)},
                 {"decoder.residual_from", draws.of<std::string>({"0", "3", "3"})},
                 {"bridge.kind", copies ? "copy" : draws.of(bridges)},
                 {"bridge.layers", draws.of<std::string>({"all", "top"})},
                 {"embedding.size", fmt::format("{}", tied ? decoder_cells : draws.between(2, 7))},
                 {"embedding.tied", tied ? "true" : "false"},
                 {"embedding.shared", shared ? "true" : "false"},
                 {"output.kind", output},
                 {"output.shrink", "1"},
                 {"output.bias", draws.chance(0.8) ? "true" : "false"},
                 {"dropout.embedding", dropout},
                 {"dropout.layers", dropout},
                 {"dropout.output", dropout},
                 {"dropout.variational", draws.of<std::string>({"false", "true"})},
                 {"dropout.words.source", draws.of<std::string>({"0", "0.2"})},
                 {"dropout.words.target", draws.of<std::string>({"0", "0.2"})},
                 {"dropout.words.by", draws.of<std::string>({"word", "occurrence"})}};
  for (const auto* key : {"encoder.recurrent_dropout", "encoder.zoneout", "decoder.recurrent_dropout",
                          "decoder.zoneout", "encoder.weight_dropout", "decoder.weight_dropout"})
    drawn.model[key] = draws.of<std::string>({"0", "0", "0.3"});
  for (const auto* key : {"encoder.layer_dropout", "decoder.layer_dropout"})
    drawn.model[key] = draws.of<std::string>({"0", "0.5"});
  if (encoder == "transformer") {
    draw_sentence_layers(draws, drawn.model);
    if (!tied) drawn.model["embedding.size"] = fmt::format("{}", 4 * draws.between(2, 3));
    if (std::stoll(drawn.model["embedding.size"]) % 4 != 0) drawn.model["heads"] = "1";
    if (std::stoll(drawn.model["embedding.size"]) % 2 != 0) drawn.model["positions"] = "sinusoidal";
  }
  drawn.source_words = draws.between(5, 40);
  drawn.target_words = shared ? drawn.source_words : draws.between(5, 40);
}

void draw_attention(Draws& draws, Case& drawn) {
  if (draws.chance(0.4)) return;
  auto& values = drawn.model;
  const bool as_wide = values["encoder.cells"] == values["decoder.cells"] && values["encoder.kind"] != "summed" &&
                       values["encoder.kind"] != "transformer";
  const auto kind = draws.of<std::string>({"additive", "general", "covering", as_wide ? "dot" : "general"});
  const auto order = draws.of<std::string>({"after", "after", "before", "first_layer"});
  values["attention.kind"] = kind;
  values["attention.order"] = values["decoder.layers"] == "1" && order == "first_layer" ? "after" : order;
  values["attention.coverage"] = (kind == "additive" || kind == "general") && draws.chance(0.3) ? "true" : "false";
  values["attention.input_feeding"] = draws.chance(0.3) ? "true" : "false";
  values["attention.readout.activation"] =
      draws.of<std::string>({"tanh", "maxout", values["attention.order"] == "after" ? "tanh" : "none"});
  values["attention.readout.embedding"] = draws.chance(0.3) ? "true" : "false";
}

void draw_placement(Draws& draws, Case& drawn) {
  const auto places = static_cast<int>(draws.between(2, 8));
  const auto anywhere = [&] {
    const auto place = static_cast<int>(draws.below(places));
    return nn::PartPlace{.device = device_of_place(drawn.executing, place), .place = place};
  };
  drawn.placement.device = device_of_place(drawn.executing, 0);
  for (const auto* part : {"embeddings", "bridge", "attention"}) drawn.placement.parts.emplace(part, anywhere());
  for (const auto* stack : {"encoder", "decoder"})
    for (int64_t layer = 0; layer < std::stoll(drawn.model.at(std::string(stack) + ".layers")); ++layer)
      if (drawn.model.at(std::string(stack) + ".kind") != "summed" && !(drawn.language && *stack == 'e'))
        drawn.placement.parts.emplace(nn::layer_part(stack, layer), anywhere());
  const auto shards = drawn.model.at("output.kind") == "full" ? draws.between(1, 4) : 1;
  int64_t first = 0;
  for (int64_t shard = 0; shard < shards; ++shard) {
    const auto left = shards - shard - 1;
    const auto last = left == 0 ? drawn.target_words : draws.between(first + 1, drawn.target_words - left);
    const auto at = anywhere();
    drawn.placement.output.push_back({.device = at.device, .first = first, .last = last, .place = at.place});
    first = last;
  }
}

}  // namespace

c10::Device device_of_place(Executing executing, int place) {
  return executing == Executing::streams ? test_device(place % test_devices) : c10::Device(c10::kCPU);
}

bool normalizes(const Case& drawn) {
  return std::ranges::any_of(drawn.model, [](const auto& value) { return value.second == "layer_norm_lstm"; });
}

Case draw_case(uint64_t number) {
  Draws draws(number);
  Case drawn;
  drawn.type = draws.chance(0.5) ? at::kFloat : at::kDouble;
  drawn.executing = draws.of<Executing>({Executing::serial, Executing::threads, Executing::streams});
  drawn.team = static_cast<int>(draws.between(1, 2));
  if (const bool is_transformer = draws.chance(0.3); is_transformer) {
    drawn.language = draws.chance(0.2);
    draw_transformer(draws, drawn);
  } else {
    draw_model(draws, drawn);
    if (normalizes(drawn)) drawn.type = at::kDouble;
    drawn.language = draws.chance(0.2);
    if (!drawn.language) draw_attention(draws, drawn);
  }
  draw_placement(draws, drawn);
  drawn.schedule = draws.of(builtin_schedules().names());
  drawn.micro_batches = draws.between(1, 4);
  drawn.chunk = draws.between(1, 6);
  drawn.accumulate = draws.between(1, 2);
  // Adam makes full steps from gradients that are zero except for rounding, so in float32 it magnifies any difference.
  drawn.optimizer = drawn.type == at::kFloat ? "sgd" : draws.of(train::builtin_optimizers().names());
  const bool smooths = drawn.model.at("output.kind") == "full" || drawn.model.at("output.kind") == "sampled";
  drawn.loss.label_smoothing = smooths ? draws.of<double>({0, 0.1}) : 0;
  drawn.loss.teacher_forcing = draws.chance(0.15) ? 0.5 : 1;
  drawn.loss.scheduled_sampling.by = draws.of<train::SampleBy>({train::SampleBy::pair, train::SampleBy::word});
  drawn.weighted = draws.chance(0.3);
  if (draws.chance(0.2)) drawn.frozen = {draws.of<std::string>({"encoder", "decoder.embedding", "decoder"})};
  if (drawn.language && drawn.frozen == std::vector<std::string>{"encoder"}) drawn.frozen = {};
  // The encoder `summed` has only word vectors, and with shared ones no parameters.
  const bool empty = drawn.model.at("encoder.kind") == "summed" && drawn.model.at("embedding.shared") == "true";
  if (empty && drawn.frozen == std::vector<std::string>{"encoder"}) drawn.frozen = {};
  for (int64_t batch = 0; batch < drawn.accumulate; ++batch) {
    const auto sentences = draws.between(1, 7);
    std::vector<int64_t> source, target;
    for (int64_t sentence = 0; sentence < sentences; ++sentence) {
      source.push_back(draws.below(10));
      target.push_back(draws.between(1, 9));
    }
    drawn.lengths.push_back(std::move(source));
    drawn.lengths.push_back(std::move(target));
  }
  std::vector<std::string> values;
  for (const auto& [key, value] : drawn.model) values.push_back(key + "=" + value);
  drawn.text = fmt::format(
      "case {}: {}{} {} {} {} chunk {} micro {} accumulate {} {} smoothing {} forcing {} frozen [{}]; {}", number,
      drawn.language ? "language model " : "", drawn.architecture, drawn.type == at::kFloat ? "float32" : "double",
      drawn.executing == Executing::serial    ? "serial"
      : drawn.executing == Executing::threads ? "threads"
                                              : "streams",
      drawn.schedule, drawn.chunk, drawn.micro_batches, drawn.accumulate, drawn.optimizer, drawn.loss.label_smoothing,
      drawn.loss.teacher_forcing, fmt::join(drawn.frozen, " "), fmt::join(values, " "));
  return drawn;
}

}  // namespace seq2seq::test
