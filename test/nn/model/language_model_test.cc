#include "seq2seq/nn/model/language_model.h"

#include <torch/nn/functional/loss.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/rnn.h>

#include "seq2seq/data/batch.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/registered.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;

/// Inputs and targets of sentences of these ids, and as many unused sources.
struct Text {
  std::vector<std::vector<int64_t>> sentences;
  Packed source, inputs, targets;
};

Text text_of(const std::vector<std::vector<int64_t>>& sentences, int64_t source_length = 0) {
  std::vector<std::vector<int64_t>> sources, inputs, outputs;
  for (const auto& sentence : sentences) {
    sources.emplace_back(static_cast<size_t>(source_length), text::end_id);
    inputs.push_back({text::start_id});
    inputs.back().insert(inputs.back().end(), sentence.begin(), sentence.end());
    outputs.push_back(sentence);
    outputs.back().push_back(text::end_id);
  }
  const auto keys = numbers(sentences.size());
  return {sentences, data::pack(sources, keys), data::pack(inputs, keys), data::pack(outputs, keys)};
}

Packed losses(const Model& model, const Text& text, const Draw* draw = nullptr) {
  const auto memory = model.encode(text.source, draw);
  const auto state = model.start(memory, at::arange(memory.sentences()));
  const auto features = model.advance(text.inputs, *state, draw);
  return {model.output().loss(features, text.targets.rows, {.label_smoothing = 0, .row_scale = {}}),
          text.targets.layout};
}

const std::vector<int64_t> lengths{3, 0, 7, 1, 12};

TEST_CASE("language model: losses and gradients are those of torch.nn's Embedding, LSTM and Linear",
          "[nn][lm][witness][gradient]") {
  const auto model = random_variant("language model rnn, layer lstm", 3);
  const auto text = text_of(random_ids(2, lengths, 8));
  torch::nn::Embedding words(torch::nn::EmbeddingOptions(8, 3));
  torch::nn::LSTM lstm(torch::nn::LSTMOptions(3, 4).num_layers(2).batch_first(true));
  torch::nn::Linear output(4, 8);
  std::vector<std::pair<at::Tensor, at::Tensor>> same;  // their parameters and ours
  const auto take = [&](torch::nn::Module& theirs, const std::string& prefix) {
    theirs.to(at::kDouble);
    for (auto& item : theirs.named_parameters()) {
      const auto mine = model->named_parameters()[prefix + item.key()];
      same.emplace_back(item.value(), mine);
      const torch::NoGradGuard no_gradient;
      item.value().copy_(mine);
    }
  };
  take(*words, "decoder.embedding.");
  take(*lstm, "decoder.lstm.");
  take(*output, "output.");
  REQUIRE(same.size() == model->named_parameters().size());

  const auto ours = losses(*model, text);
  ours.rows.sum().backward();
  auto sum = at::zeros({}, at::kDouble);
  for (size_t sentence = 0; sentence < lengths.size(); ++sentence) {
    const auto number = static_cast<int64_t>(sentence);
    const auto inputs = rows_of(text.inputs, number), targets = rows_of(text.targets, number);
    const auto logits = output(std::get<0>(lstm(words(inputs.unsqueeze(0))))).squeeze(0);
    const auto theirs = torch::nn::functional::cross_entropy(
        logits, targets, torch::nn::functional::CrossEntropyFuncOptions().reduction(torch::kNone));
    CHECK(torch::allclose(rows_of(ours, number), theirs, 0, 1e-12));
    sum = sum + theirs.sum();
  }
  sum.backward();
  for (const auto& [theirs, mine] : same) CHECK(torch::allclose(mine.grad(), theirs.grad(), 0, 1e-11));
}

TEST_CASE("language models: what a word costs depends on no later word and on no source", "[nn][lm][property]") {
  std::vector<std::string> names;
  for (const auto& name : names_of(model_variants()))
    if (name.starts_with("language model")) names.push_back(name);
  REQUIRE(names.size() >= 7);
  const auto name = GENERATE_COPY(from_range(names));
  CAPTURE(name);
  const torch::NoGradGuard no_gradient;
  const auto model = random_variant(name, 5);
  const auto before = losses(*model, text_of({{3, 4, 5, 6}, {5}}));
  const auto after = losses(*model, text_of({{3, 4, 7, 7}, {5}}));
  CHECK(torch::allclose(rows_of(before, 0).slice(0, 0, 2), rows_of(after, 0).slice(0, 0, 2), 0, 1e-12));
  CHECK_FALSE(torch::allclose(rows_of(before, 0)[4], rows_of(after, 0)[4], 0, 1e-9));
  CHECK(before.rows.equal(losses(*model, text_of({{3, 4, 5, 6}, {5}}, 3)).rows));
}

TEST_CASE("language model: it has the decoder's names and none of an encoder", "[nn][lm]") {
  for (const auto* name : {"language model rnn, layer lstm", "language model transformer"}) {
    const auto model = random_variant(name, 1);
    for (const auto& item : model->named_parameters()) {
      CHECK((item.key().starts_with("decoder.") || item.key().starts_with("output.")));
      CHECK(item.key().find("multihead_attn") == std::string::npos);
    }
    CHECK(model->layers().encoder == 0);
    CHECK(model->layers().decoder == 2);
    CHECK_FALSE(model->attends());
  }
}

TEST_CASE("language model: stages are its own, and a placement of an encoder is refused", "[nn][lm][error]") {
  const auto name = GENERATE(as<std::string>(), "language model rnn, layer lstm", "language model transformer");
  const auto model = random_variant(name, 1);
  REQUIRE(model->staged() != nullptr);
  std::vector<std::string> stages;
  for (const auto& stage : model->staged()->stages()) stages.push_back(stage.name);
  CHECK(stages == std::vector<std::string>{"embeddings.target", "decoder.0", "decoder.1", "output.0", "loss"});
  Placement placement{.device = c10::kMeta, .parts = {}, .output = {}};
  placement.parts["encoder.0"] = {};
  const auto kind = GENERATE(as<std::string>(), "rnn", "transformer");
  CHECK_THROWS_WITH(builtin_language_models().make({.kind = kind, .options = nullptr},
                                                   {.target_vocabulary = 8, .placement = placement}),
                    ContainsSubstring("placement.encoder"));
}

TEST_CASE("language model: a tied embedding of another width than the rows is refused with both", "[nn][lm][error]") {
  LanguageModelOptions options;
  options.embedding = 3;
  options.decoder = lstm_stack(1, 4);
  options.tied_embeddings = true;
  CHECK_THROWS_WITH(
      builtin_language_models().make({.kind = "rnn", .options = std::make_shared<LanguageModelOptions>(options)},
                                     {.source_vocabulary = 0, .target_vocabulary = 8, .placement = {}}),
      ContainsSubstring("(4 units)") && ContainsSubstring("(3)"));
}

}  // namespace
}  // namespace seq2seq::nn
