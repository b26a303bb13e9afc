#include "seq2seq/nn/model/stage_list.h"

#include <algorithm>
#include <map>
#include <string>

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include "seq2seq/nn/output/softmax_shard.h"

namespace seq2seq::nn {

using Needs = StageInput::Needs;

double products_of(const std::vector<at::Tensor>& parameters) {
  double products = 0;
  for (const auto& parameter : parameters)
    if (parameter.dim() == 2) products += static_cast<double>(parameter.numel());
  return products;
}

int64_t kept_by(const std::vector<at::Tensor>& parameters, int64_t width) {
  int64_t kept = 2 * width;
  for (const auto& parameter : parameters)
    if (parameter.dim() == 2) kept = std::max(kept, 2 * width + parameter.size(0));
  return kept;
}

int64_t StageList::add(Stage stage) {
  const auto trained = [](const at::Tensor& parameter) { return parameter.requires_grad(); };
  const auto after_trained = [this](const StageInput& input) { return trains_[static_cast<size_t>(input.stage)]; };
  trains_.push_back(std::ranges::any_of(stage.parameters, trained) || std::ranges::any_of(stage.inputs, after_trained));
  stages_.push_back(std::move(stage));
  return std::ssize(stages_) - 1;
}

std::shared_ptr<RowFlow> StageList::row_flow(Side side, int64_t width, const ParameterPlace& place) const {
  if (inputs_ == nullptr) return nullptr;
  return std::make_shared<RowFlow>(ids(side).layout->rows(), width, place, trains_.back());
}

StageList::Rows StageList::sentences(const SentenceStack& stack, const SentenceUse& use) {
  const bool source = use.side == Side::source;
  const auto parts = stack.parts();
  const int64_t width = parts.front().kept;  // word vectors keep their output
  std::vector<std::string> names{source ? "embeddings.source" : "embeddings.target"};
  std::vector<int64_t> places{placement_.place_of("embeddings")};
  for (size_t part = 1; part < parts.size(); ++part) {
    names.push_back(layer_part(source ? "encoder" : "decoder", static_cast<int64_t>(part) - 1));
    places.push_back(placement_.place_of(names.back()));
  }
  std::vector<SentenceWork> works;
  if (inputs_ != nullptr) {
    const auto& states = use.states != nullptr ? inputs_->source.layout->lengths : std::vector<int64_t>{};
    works = stack.begin(
        {.ids = ids(use.side), .states = states, .draw = inputs_->draw, .places = places, .packs = use.packs});
  }
  std::map<std::string, size_t> readers;  // of the encoder's states, by device; layers go backward one by one
  Rows rows;
  for (size_t part = 0; part < parts.size(); ++part) {
    const auto& about = parts[part];
    Stage stage{.name = names[part], .place = places[part], .device = about.place.device};
    stage.side = use.side;
    stage.whole = true;
    const bool reads_states = use.states != nullptr && part > 0;
    if (part > 0) stage.inputs.push_back({rows.stage, Needs::steps});
    if (reads_states) stage.inputs.push_back({use.states->stage, Needs::rows});
    stage.parameters = about.parameters;
    stage.products = part > 0 ? products_of(about.parameters) : 0;
    stage.width = width;
    stage.kept = about.kept;
    const auto below = part > 0 ? rows.flow : nullptr;
    rows.stage = add(std::move(stage));
    rows.flow =
        row_flow(use.side, width, {.device = about.place.device, .type = about.parameters.front().scalar_type()});
    pass([&] {
      SentenceStage made{.work = works[part],
                         .parameters = about.parameters,
                         .device = about.place.device,
                         .below = below,
                         .states = reads_states ? use.states->flow : nullptr,
                         .out = rows.flow,
                         .trains = trains()};
      if (reads_states) {
        const auto device = about.place.device.str();
        if (!readers.contains(device)) readers[device] = use.states->flow->add_whole_reader();
        made.states_reader = readers[device];
      }
      return sentence_pass(std::move(made));
    });
  }
  return rows;
}

void StageList::write(const OutputLayer& output, const Rows& rows) {
  const auto home = output.home();
  if (inputs_ != nullptr)
    batch_.losses = at::empty({inputs_->targets.size(0)}, at::TensorOptions(rows.flow->place().type).device(home));
  const auto stage_of_output = [&] {
    return OutputStage{output, rows.flow, inputs_->targets, inputs_->spec, batch_.losses};
  };
  if (!output.shards().empty()) {
    shards(output, rows);
    if (inputs_ == nullptr) return;
    for (auto& made : sharded_output_passes(stage_of_output())) batch_.passes.push_back(std::move(made));
    return;
  }
  Stage stage{.name = "output", .place = placement_.place_of_shard(0), .device = home};
  stage.inputs = {{rows.stage, Needs::steps}};
  stage.parameters = parameters_used(output);
  if (std::ranges::any_of(stage.parameters, [this](const at::Tensor& one) { return is_looked_up(one); }))
    stage.place = placement_.place_of("embeddings");
  stage.products = products_of(stage.parameters);
  stage.width = 1;
  stage.kept = kept_by(stage.parameters, 1);
  if (const auto words = output.estimated_words(); words > 0) {
    const int64_t width = this->stage(rows.stage).width;
    stage.products = static_cast<double>(words * width);
    stage.kept = words + width;  // the logits, and the target's vector
  }
  add(std::move(stage));
  pass([&] { return whole_output_pass(stage_of_output()); });
}

/// Returns true if an earlier stage has this parameter, too: a tied matrix, which is on the embedding's device.
bool StageList::is_looked_up(const at::Tensor& matrix) const {
  return std::ranges::any_of(stages_, [&](const Stage& stage) {
    return std::ranges::any_of(stage.parameters, [&](const at::Tensor& other) { return other.is_same(matrix); });
  });
}

void StageList::shards(const OutputLayer& output, const Rows& rows) {
  const bool with_embedding = output.shards().size() == 1 && is_looked_up(output.shards().front().weight());
  const auto place_of = [&](size_t shard) {
    return with_embedding ? placement_.place_of("embeddings") : placement_.place_of_shard(shard);
  };
  std::vector<StageInput> joined;
  for (size_t number = 0; number < output.shards().size(); ++number) {
    const auto& shard = output.shards()[number];
    Stage stage{.name = fmt::format("output.{}", number), .place = place_of(number)};
    stage.device = shard.device();
    stage.defers_weights = true;
    stage.inputs = {{rows.stage, Needs::steps}};
    stage.parameters = {shard.weight()};
    if (shard.bias().defined()) stage.parameters.push_back(shard.bias());
    const int64_t cells = shard.weight().size(1);
    stage.products = static_cast<double>(shard.words() * cells);
    stage.width = 4;  // its results per row
    stage.kept = shard.words() + cells;
    joined.push_back({add(std::move(stage)), Needs::steps});
  }
  Stage loss{.name = "loss", .place = place_of(0), .device = output.home()};
  loss.inputs = std::move(joined);
  loss.width = 1;
  loss.kept = 2;
  add(std::move(loss));
}

}  // namespace seq2seq::nn
