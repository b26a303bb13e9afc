#include "seq2seq/data/batch.h"

#include <utility>

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/data/alignment.h"
#include "seq2seq/data/resample.h"
#include "seq2seq/data/send.h"

namespace seq2seq::data {

namespace {

template <class Source, class Target>
Batch gather(const Corpus& corpus, std::span<const int64_t> indices, const TextPipeline& text, const Source& source,
             const Target& target) {
  std::vector<std::vector<int64_t>> sources, targets;
  std::vector<int64_t> keys;
  for (const int64_t index : indices) {
    sources.push_back(source(index));
    targets.push_back(target(index));
    keys.push_back(corpus.number(index));
  }
  auto batch = make_batch(sources, targets, keys, text);
  if (corpus.aligned()) {
    std::vector<AlignedPair> pairs;
    for (std::size_t i = 0; i < sources.size(); ++i) {
      auto& pair = pairs.emplace_back();
      for (const int64_t link : corpus.links[indices[i]]) pair.links.push_back(link_of(link));
      pair.source_tokens = std::ssize(sources[i]);
      pair.target_tokens = std::ssize(targets[i]);
    }
    batch.alignment = reference_attention(pairs, *batch.source.layout, *batch.targets.layout, text);
  }
  if (corpus.weighted()) {
    batch.weights = at::empty({std::ssize(indices)}, at::kFloat);  // [B]
    auto* weight = batch.weights.mutable_data_ptr<float>();
    for (const int64_t index : indices) *weight++ = corpus.weight(index);
  }
  return batch;
}

}  // namespace

Batch make_batch(const Corpus& corpus, std::span<const int64_t> indices, const TextPipeline& text) {
  return gather(
      corpus, indices, text, [&](int64_t pair) { return corpus.source[pair]; },
      [&](int64_t pair) { return corpus.target[pair]; });
}

Batch make_batch(const Corpus& corpus, std::span<const int64_t> indices, const TextPipeline& text,
                 const Resampler& resampler, int64_t epoch) {
  return gather(
      corpus, indices, text, [&](int64_t pair) { return resampler.source(pair, epoch); },
      [&](int64_t pair) { return resampler.target(pair, epoch); });
}

Batch make_batch(const std::vector<std::vector<int64_t>>& sources, const std::vector<std::vector<int64_t>>& targets,
                 const std::vector<int64_t>& keys, const TextPipeline& text) {
  if (sources.size() != targets.size()) {
    throw ShapeError(fmt::format("{} sources, but {} targets", sources.size(), targets.size()));
  }
  std::vector<std::vector<int64_t>> inputs;
  inputs.reserve(targets.size());
  for (const auto& target : targets) {
    auto ids = text.decoder_ids(target);
    ids.insert(ids.begin(), text::start_id);
    inputs.push_back(std::move(ids));
  }
  Batch batch;
  batch.source = make_sources(sources, keys, text);
  batch.inputs = pack(inputs, keys);
  for (auto& ids : inputs) {
    ids.erase(ids.begin());
    ids.push_back(text::end_id);
  }
  batch.targets = batch.inputs.with(pack(inputs, keys).rows);
  return batch;
}

Packed make_sources(const std::vector<std::vector<int64_t>>& sources, const std::vector<int64_t>& keys,
                    const TextPipeline& text) {
  std::vector<std::vector<int64_t>> read;
  read.reserve(sources.size());
  for (const auto& source : sources) read.push_back(text.encoder_ids(source));
  return pack(read, keys);
}

Batch to(const Batch& batch, c10::Device device) {
  const auto ids = send_together({batch.source.rows, batch.inputs.rows, batch.targets.rows}, device);
  const auto host_of = [](const Packed& packed) { return packed.rows.is_cpu() ? packed.rows : packed.ids_on_host; };
  const auto inputs = batch.inputs.layout->on(device);
  Batch moved{{ids[0], batch.source.layout->on(device), host_of(batch.source)},
              {ids[1], inputs, host_of(batch.inputs)},
              {ids[2], inputs, host_of(batch.targets)},
              batch.alignment,
              batch.weights,
              batch.joint};
  if (batch.alignment.defined()) moved.alignment = send(batch.alignment, device);
  if (batch.weights.defined()) moved.weights = send(batch.weights, device);
  return moved;
}

}  // namespace seq2seq::data
