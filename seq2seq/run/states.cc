#include "seq2seq/run/states.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <ostream>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/data/batch.h"
#include "seq2seq/decode/reading.h"
#include "seq2seq/run/ensemble.h"

namespace seq2seq::run {

namespace {

/// Parts of a layer's state, with their names in the equations: an LSTM has both, a GRU only the first.
constexpr std::pair<StatePart, const char*> parts[] = {{StatePart::hidden, "h"}, {StatePart::cell, "c"}};

struct Chosen {
  std::vector<at::Tensor> tensors;  // [B, width] each
  std::vector<std::string> columns;
};

Chosen choose(const std::vector<nn::State>& last, const StatesOptions& options) {
  if (last.empty())
    throw UsageError("the encoder of this model has no final state: its layers keep a state for each word",
                     "Use a run with a recurrent encoder");
  if (options.layer > std::ssize(last))
    throw UsageError(Place{.part = fmt::format("--layer {}", options.layer)},
                     fmt::format("the encoder has {}", format_count(std::ssize(last), "layer")));
  Chosen chosen;
  for (size_t layer = 0; layer < last.size(); ++layer) {
    if (options.layer > 0 && static_cast<int64_t>(layer) + 1 != options.layer) continue;
    for (size_t part = 0; part < std::min(last[layer].size(), std::size(parts)); ++part) {
      const auto& [kind, name] = parts[part];
      if (options.part != StatePart::all && options.part != kind) continue;
      chosen.tensors.push_back(last[layer][part]);
      for (int64_t unit = 0; unit < last[layer][part].size(1); ++unit)
        chosen.columns.push_back(fmt::format("layer{}.{}.{}", layer + 1, name, unit));
    }
  }
  if (chosen.tensors.empty())
    throw UsageError(Place{.part = "--part cell"}, "the layers of this encoder have no cell state",
                     "Use `--part hidden`");
  return chosen;
}

}  // namespace

States encoder_states(const LoadedRun& run, data::LineReader& input, const StatesOptions& options) {
  const at::NoGradGuard no_gradient;
  SourceReader reader(run, options.tokens);
  States states;
  for (std::string line; input.next(line);) {
    reader.add(reader.read(line, {.file = input.file().string(), .line = input.lines()}));
    states.sentences.push_back(line);
  }
  if (states.sentences.empty())
    throw Error(Place{.file = input.file().string()}, "is empty; expected one sentence per line");
  const auto readings = reader.take();
  const int64_t count = std::ssize(states.sentences), batch = run.options().decode.batch;
  for (int64_t first = 0; first < count; first += batch) {
    decode::Indices indices(static_cast<size_t>(std::min(batch, count - first)));
    std::iota(indices.begin(), indices.end(), first);
    const auto sources = data::to(decode::packed(readings, indices).front(), run.model->input_device());
    auto chosen = choose(run.model->encode(sources, /*draw=*/nullptr).last, options);
    for (auto& tensor : chosen.tensors) tensor = tensor.to(at::kCPU, at::kFloat);
    const auto rows = at::cat(chosen.tensors, /*dim=*/1).contiguous();  // [B, columns]
    states.values.insert(states.values.end(), rows.const_data_ptr<float>(),
                         rows.const_data_ptr<float>() + rows.numel());
    states.columns = std::move(chosen.columns);
  }
  return states;
}

void write_npy(const States& states, std::ostream& output) {
  static_assert(std::endian::native == std::endian::little, "the array is written as it lies in memory");
  constexpr size_t before = 10, alignment = 64;  // magic, version and length; alignment of the values
  std::string header = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}",
                                   states.sentences.size(), states.columns.size());
  header.append(alignment - 1 - (before + header.size()) % alignment, ' ');
  header += '\n';
  output << "\x93NUMPY" << '\x01' << '\x00' << static_cast<char>(header.size() & 0xFF)
         << static_cast<char>(header.size() >> 8) << header;
  output.write(reinterpret_cast<const char*>(states.values.data()),
               static_cast<std::streamsize>(states.values.size() * sizeof(float)));
}

void write_tsv(const States& states, std::ostream& output) {
  output << "sentence\t" << fmt::format("{}", fmt::join(states.columns, "\t")) << '\n';
  auto row = states.values.begin();
  for (auto sentence : states.sentences) {
    std::ranges::replace(sentence, '\t', ' ');
    const auto end = row + std::ssize(states.columns);
    output << sentence << '\t' << fmt::format("{:.9g}", fmt::join(row, end, "\t")) << '\n';
    row = end;
  }
}

}  // namespace seq2seq::run
