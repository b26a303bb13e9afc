#include "seq2seq/nn/model/decoder_state.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/index_select.h>

#include "seq2seq/data/send.h"
#include "seq2seq/nn/attention/part_pairs.h"
#include "seq2seq/nn/sentence_order.h"

namespace seq2seq::nn {
namespace {

at::Tensor joined(const at::Tensor& first, const at::Tensor& second) {
  return first.defined() ? at::cat({first, second}) : at::Tensor();
}

at::Tensor widened(const at::Tensor& tensor, int64_t width) {
  return tensor.size(1) == width ? tensor : at::constant_pad_nd(tensor, {0, width - tensor.size(1)});
}

/// Returns the rows of the wanted sentences; `rows` are stored sentence by sentence.
at::Tensor rows_of(const at::Tensor& rows, const std::vector<int64_t>& lengths, const std::vector<bool>& wanted) {
  if (!rows.defined()) return rows;
  std::vector<at::Tensor> kept;
  int64_t row = 0;
  for (size_t sentence = 0; sentence < lengths.size(); row += lengths[sentence++])
    if (wanted[sentence]) kept.push_back(rows.narrow(0, row, lengths[sentence]));
  return kept.empty() ? rows.narrow(0, 0, 0) : at::cat(kept);
}

/// Returns the items of the wanted sentences.
template <class Item>
std::vector<Item> items_of(std::vector<Item>& all, const std::vector<bool>& wanted) {
  std::vector<Item> kept;
  for (size_t i = 0; i < all.size(); ++i)
    if (wanted[i]) kept.push_back(std::move(all[i]));
  return kept;
}

/// Returns, for each row, the number of its sentence within its source.
std::vector<int64_t> part_of_rows(const std::vector<std::vector<int64_t>>& part_lengths) {
  std::vector<int64_t> parts;
  for (const auto& lengths : part_lengths)
    for (size_t part = 0; part < lengths.size(); ++part)
      parts.insert(parts.end(), static_cast<size_t>(lengths[part]), static_cast<int64_t>(part));
  return parts;
}

}  // namespace

int64_t AttendedSources::longest() const { return lengths.empty() ? 0 : *std::ranges::max_element(lengths); }

AttentionPairs AttendedSources::pairs(std::span<const int64_t> source_of_query, c10::Device device) const {
  auto pairs = pairs_of_owners(source_of_query, lengths, device);
  if (part_lengths.empty()) return pairs;
  std::vector<std::vector<int64_t>> of_groups;
  of_groups.reserve(pairs.groups().size());
  for (const auto& group : pairs.groups()) {
    const auto source = source_of_query[static_cast<size_t>(group.first_query)];
    of_groups.push_back(part_lengths[static_cast<size_t>(source)]);
  }
  pairs.set_parts(std::make_shared<PartPairs>(pairs, std::move(of_groups)));
  return pairs;
}

Ids AttendedSources::words_of(const Layout& layout) const {
  auto sentence = on_host(layout.on_host().owner);
  for (auto& row : sentence) row = owner[static_cast<size_t>(row)];
  const auto seen = pairs(sentence, words.device());
  return seen.padded(words.index_select(0, seen.key()), longest());
}

void AttendedSources::select(const std::vector<int64_t>& hypotheses) {
  std::vector<int64_t> selected;
  selected.reserve(hypotheses.size());
  for (const int64_t hypothesis : hypotheses) selected.push_back(owner.at(static_cast<size_t>(hypothesis)));
  owner = std::move(selected);
}

void AttendedSources::drop_unused() {
  std::vector<bool> wanted(lengths.size());
  for (const int64_t source : owner) wanted[static_cast<size_t>(source)] = true;
  if (std::ranges::all_of(wanted, [](bool used) { return used; })) return;
  memory.keys = rows_of(memory.keys, lengths, wanted);
  memory.values = rows_of(memory.values, lengths, wanted);
  words = rows_of(words, lengths, wanted);
  std::vector<int64_t> number(lengths.size());
  for (size_t source = 1; source < number.size(); ++source)
    number[source] = number[source - 1] + (wanted[source - 1] ? 1 : 0);
  lengths = items_of(lengths, wanted);
  part_lengths = items_of(part_lengths, wanted);
  for (auto& source : owner) source = number[static_cast<size_t>(source)];
}

void AttendedSources::append(const AttendedSources& other) {
  auto more = other;
  drop_unused();
  more.drop_unused();
  for (const int64_t source : more.owner) owner.push_back(source + std::ssize(lengths));
  lengths.insert(lengths.end(), more.lengths.begin(), more.lengths.end());
  part_lengths.insert(part_lengths.end(), more.part_lengths.begin(), more.part_lengths.end());
  memory.keys = joined(memory.keys, more.memory.keys);
  memory.values = joined(memory.values, more.memory.values);
  words = joined(words, more.words);
}

AttendedSources attended_sources(const Attention& attention, const Packed& states,
                                 std::vector<std::vector<int64_t>> part_lengths) {
  AttendedSources sources;
  const auto rows = SentenceOrder(*states.layout).by_sentence(states.rows);
  sources.memory =
      part_lengths.empty() ? attention.prepare(rows) : attention.prepare_parts(rows, part_of_rows(part_lengths));
  sources.part_lengths = std::move(part_lengths);
  sources.lengths = states.layout->lengths;
  sources.owner.resize(sources.lengths.size());
  std::iota(sources.owner.begin(), sources.owner.end(), 0);
  return sources;
}

void RecurrentState::select(const Ids& hypotheses) {
  auto there = hypotheses;
  carried.change([&](const at::Tensor& tensor) {
    if (there.device() != tensor.device()) there = data::send(hypotheses, tensor.device());
    return tensor.index_select(0, there);
  });
  if (sources.memory.values.defined()) sources.select(on_host(hypotheses));
}

std::unique_ptr<DecoderState> RecurrentState::selected(const Ids& hypotheses) const {
  auto state = std::make_unique<RecurrentState>(*this);
  state->select(hypotheses);
  return state;
}

void RecurrentState::append(const DecoderState& other) {
  const auto& more = dynamic_cast<const RecurrentState&>(other);
  for (size_t layer = 0; layer < carried.layers.size(); ++layer) {
    for (size_t part = 0; part < carried.layers[layer].size(); ++part)
      carried.layers[layer][part] = joined(carried.layers[layer][part], more.carried.layers.at(layer).at(part));
  }
  carried.fed = joined(carried.fed, more.carried.fed);
  if (carried.past.defined()) {
    const auto width = std::max(carried.past.size(1), more.carried.past.size(1));
    carried.past = at::cat({widened(carried.past, width), widened(more.carried.past, width)});
  }
  if (sources.memory.values.defined()) sources.append(more.sources);
}

}  // namespace seq2seq::nn
