#include "test/support/models.h"

#include <ATen/ops/randn.h>

#include "seq2seq/core/random.h"
#include "seq2seq/nn/encoder/recurrent.h"
#include "seq2seq/nn/initialize.h"
#include "seq2seq/nn/recurrent/lstm.h"
#include "test/support/output_shards.h"

namespace seq2seq::test {

void randomize(torch::nn::Module& module, uint64_t seed, at::ScalarType type) {
  nn::initialize_uniform(module, 0.5, seed);
  module.to(type);
}

namespace {

nn::StackOptions stack_of_lstm(int64_t layers, int64_t cells) {
  nn::StackOptions stack{.layers = layers};
  stack.layer.options = std::make_shared<nn::LstmOptions>(nn::LstmOptions{.cells = cells});
  return stack;
}

}  // namespace

Selection lstm_stack(int64_t layers, int64_t cells) {
  return {.kind = "lstm", .options = std::make_shared<nn::StackOptions>(stack_of_lstm(layers, cells))};
}

Selection lstm_encoder(int64_t layers, int64_t cells) {
  const nn::RecurrentEncoderOptions options{.stack = stack_of_lstm(layers, cells)};
  return {.kind = "lstm", .options = std::make_shared<nn::RecurrentEncoderOptions>(options)};
}

std::shared_ptr<nn::Model> random_model(uint64_t seed, const ModelShape& shape, at::ScalarType type,
                                        const nn::Placement& placement) {
  nn::Seq2SeqOptions options;
  options.embedding = shape.embedding;
  options.dropout = {.embedding = shape.dropout, .layers = shape.dropout, .output = shape.dropout};
  options.encoder = lstm_encoder(shape.layers, shape.cells);
  options.decoder = lstm_stack(shape.layers, shape.cells);
  nn::ModelContext context{
      .source_vocabulary = shape.source_words, .target_vocabulary = shape.target_words, .placement = placement};
  auto model =
      nn::builtin_models().make({.kind = "rnn", .options = std::make_shared<nn::Seq2SeqOptions>(options)}, context);
  randomize(*model, seed, type);
  return model;
}

nn::Placement output_shards(const std::vector<int64_t>& shares) {
  nn::Placement placement;
  if (shares.empty()) return placement;
  const std::vector<c10::Device> devices(shares.size(), c10::kCPU);
  placement.output = shards_of(devices, shares);
  return placement;
}

std::vector<std::vector<int64_t>> random_ids(uint64_t seed, const std::vector<int64_t>& lengths, int64_t words,
                                             int64_t lowest) {
  const RandomStream stream(seed, Purpose::sampling);
  std::vector<std::vector<int64_t>> sentences;
  for (size_t sentence = 0; sentence < lengths.size(); ++sentence) {
    auto& ids = sentences.emplace_back();
    for (int64_t step = 0; step < lengths[sentence]; ++step) {
      const double share = stream.uniform(sentence, static_cast<uint32_t>(step));
      ids.push_back(lowest + static_cast<int64_t>(share * static_cast<double>(words - lowest)));
    }
  }
  return sentences;
}

std::vector<int64_t> numbers(size_t count) {
  std::vector<int64_t> all(count);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

data::Packed random_sentences(uint64_t seed, const std::vector<int64_t>& lengths, int64_t words) {
  return data::pack(random_ids(seed, lengths, words), numbers(lengths.size()));
}

data::Packed random_packed(const std::vector<int64_t>& lengths, int64_t width, at::ScalarType type) {
  const auto layout = data::make_layout(lengths, numbers(lengths.size()));
  return {at::randn({layout->rows(), width}, type), layout};
}

at::Tensor rows_of(const data::Packed& packed, int64_t sentence) {
  return packed.rows.index({packed.layout->owner == sentence});
}

}  // namespace seq2seq::test
