#include "seq2seq/parallel/plan/outline.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

#include <fmt/format.h>

namespace seq2seq::parallel {
namespace {

using nn::StageInput;

/// Returns the part of a stage: `embeddings` for `embeddings.source`, and for a whole encoder.
std::string part_of(const std::string& stage) {
  if (stage.starts_with("embeddings.") || stage == "encoder") return "embeddings";
  return stage;
}

bool is_output(const OutlinedStage& outlined) { return outlined.stage.name.starts_with("output"); }

/// Makes a share of the whole output layer a separate stage.
OutlinedStage shard_of(const OutlinedStage& whole, const Layout::Share& share, int64_t number) {
  auto shard = whole;
  auto& stage = shard.stage;
  const auto& matrix = whole.stage.parameters.front();
  const auto words = std::llround(share.share * static_cast<double>(matrix.size(0)));
  stage.name = fmt::format("output.{}", number);
  stage.place = share.place;
  stage.products = static_cast<double>(words * matrix.size(1));
  stage.kept = words + matrix.size(1);
  shard.numbers = whole.numbers * static_cast<double>(words) / static_cast<double>(matrix.size(0));
  return shard;
}

/// Appends the shards of the output layer and the stage that joins them.
void split_output(const OutlinedStage& whole, OutlinedStage loss, const Layout& layout, Outline& placed) {
  loss.stage.place = layout.output.front().place;
  loss.stage.inputs.clear();
  for (size_t number = 0; number < layout.output.size(); ++number) {
    loss.stage.inputs.push_back({std::ssize(placed.stages), StageInput::Needs::steps});
    placed.stages.push_back(shard_of(whole, layout.output[number], static_cast<int64_t>(number)));
  }
  placed.stages.push_back(std::move(loss));
}

}  // namespace

int64_t Outline::layers(const std::string& stack) const {
  return std::ranges::count_if(stages, [&](const auto& each) { return each.stage.name.starts_with(stack + "."); });
}

bool Outline::splits_output() const { return !stages.empty() && stages.back().stage.name == "loss"; }

Outline outline_of(const nn::Model& model) {
  if (model.staged() == nullptr) throw std::logic_error("the model does not run in stages");
  std::set<const c10::TensorImpl*> recurrent, tables, seen;
  for (const auto& use : model.roles()) {
    if (use.role.kind == nn::Role::Kind::recurrent) recurrent.insert(use.parameter.unsafeGetTensorImpl());
    if (use.role.kind == nn::Role::Kind::embedding) tables.insert(use.parameter.unsafeGetTensorImpl());
  }
  Outline outline;
  for (auto& stage : model.staged()->stages()) {
    OutlinedStage outlined{.stage = std::move(stage)};
    double matrices = 0;
    for (const auto& parameter : outlined.stage.parameters) {
      const auto* id = parameter.unsafeGetTensorImpl();
      const auto numbers = static_cast<double>(parameter.numel());
      if (recurrent.contains(id)) outlined.recurrent_products += numbers;
      if (parameter.dim() == 2 && !tables.contains(id)) matrices += numbers;
      if (seen.insert(id).second) outlined.numbers += numbers;
    }
    // A row of a source of several sentences passes through one of the encoders, and so through a share of the stage's
    // matrices.
    if (outlined.recurrent_products > 0) outlined.recurrent_products *= outlined.stage.products / matrices;
    outline.stages.push_back(std::move(outlined));
  }
  return outline;
}

int64_t Layout::place_of(const std::string& part) const {
  const auto named = parts.find(part);
  return named == parts.end() ? 0 : named->second;
}

int64_t Layout::devices_used() const { return std::ssize(std::set<int64_t>(devices.begin(), devices.end())); }

namespace {

/// Returns true if the output layer's matrix is the table of word vectors.
bool is_tied(const Outline& outline) {
  std::set<const c10::TensorImpl*> before;
  for (const auto& outlined : outline.stages) {
    for (const auto& parameter : outlined.stage.parameters)
      if (!before.insert(parameter.unsafeGetTensorImpl()).second && is_output(outlined)) return true;
  }
  return false;
}

}  // namespace

Outline place(const Outline& outline, const Layout& layout) {
  Outline placed;
  // The single share of a tied matrix is at the place of the word vectors.
  const int64_t home = is_tied(outline) && layout.output.size() <= 1 ? layout.place_of("embeddings")
                       : layout.output.empty()                       ? 0
                                                                     : layout.output.front().place;
  for (const auto& outlined : outline.stages) {
    if (is_output(outlined) && outline.splits_output() && layout.output.size() > 1) {
      split_output(outlined, outline.stages.back(), layout, placed);
      break;  // the loss is last
    }
    auto copy = outlined;
    const bool at_the_end = is_output(outlined) || outlined.stage.name == "loss";
    copy.stage.place = at_the_end ? home : layout.place_of(part_of(outlined.stage.name));
    placed.stages.push_back(std::move(copy));
  }
  return placed;
}

JobGraph jobs_of(const Outline& placed, const BatchSize& size, const Cut& cut) {
  std::vector<nn::Stage> stages;
  for (const auto& each : placed.stages) stages.push_back(each.stage);
  const int64_t parts = std::clamp<int64_t>(size.micro_batches, 1, std::max<int64_t>(size.sentences, 1));
  std::vector<BatchShape> shapes;
  for (int64_t part = 0; part < parts; ++part) {
    const int64_t sentences = size.sentences / parts + (part < size.sentences % parts ? 1 : 0);
    shapes.push_back({.source = std::vector<int64_t>(static_cast<size_t>(size.source), sentences),
                      .target = std::vector<int64_t>(static_cast<size_t>(size.target), sentences)});
  }
  return make_jobs(stages, shapes, cut);
}

}  // namespace seq2seq::parallel
