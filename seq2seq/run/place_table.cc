#include "seq2seq/run/place_table.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/progress.h"
#include "seq2seq/core/text.h"

namespace seq2seq::run {

namespace {

/// Returns the number after the last `_l` of a name, as in `weight_ih_l0`; -1 if there is none.
int64_t layer_of(std::string_view name) {
  const size_t mark = name.rfind("_l");
  if (mark == std::string_view::npos) return -1;
  int64_t layer = -1;
  const char* end = name.data() + name.size();
  const auto [stop, fault] = std::from_chars(name.data() + mark + 2, end, layer);
  return fault == std::errc() && stop == end ? layer : -1;
}

/// Returns the layer of a parameter of a Transformer: `encoder.layers.0. ...`, or the norm after the last layer; -1:
/// not in a layer.
int64_t layer_of_list(const std::vector<std::string_view>& words, const nn::LayerCounts& layers) {
  if (words.size() > 2 && words[1] == "layers") return std::stoll(std::string(words[2]));
  if (words.size() > 2 && words[1] == "norm") return (words[0] == "encoder" ? layers.encoder : layers.decoder) - 1;
  return -1;
}

/// Returns the part of a placement that a parameter belongs to; empty for a parameter of a part without a name.
std::string part_of(const std::string& parameter, const nn::LayerCounts& layers) {
  auto words = split(parameter, '.');
  std::erase_if(words, [](std::string_view word) { return word.starts_with("source_"); });  // one of several encoders
  const auto has = [&words](std::string_view word) { return std::ranges::find(words, word) != words.end(); };
  if (words.front() == "output") return "output";
  for (const char* part : {"bridge", "attention"})
    if (has(part)) return part;
  if (has("embedding") || has("factors") || has("positions")) return "embeddings";
  const auto of_list = layer_of_list(words, layers);
  const auto layer = of_list < 0 ? layer_of(words.back()) : of_list;
  return layer < 0 ? "" : nn::layer_part(std::string(words.front()), layer);
}

class Table {
 public:
  explicit Table(const nn::Placement& placement) : placement_(placement) {}

  void add(const std::string& part, int64_t parameters) {
    auto& row = row_of(placement_.place_of(part), placement_.of(part));
    if (!part.empty() && std::ranges::find(row.parts, part) == row.parts.end()) row.parts.push_back(part);
    row.parameters += parameters;
  }

  /// Adds the output layer's parameters, which have a row for each of `words`.
  void add_output(int64_t parameters, int64_t words) {
    if (placement_.output.empty()) return add("output", parameters);
    for (const auto& shard : placement_.output) {
      const auto share = fmt::format("output [{}, {})", shard.first, shard.last);
      auto& row = row_of(shard.place, shard.device);
      if (std::ranges::find(row.parts, share) == row.parts.end()) row.parts.push_back(share);
      row.parameters += parameters / words * (shard.last - shard.first);
    }
  }

  std::vector<PlaceRow> rows() const {
    std::vector<PlaceRow> rows;
    for (const auto& [place, row] : rows_) rows.push_back(row);
    return rows;
  }

 private:
  PlaceRow& row_of(int place, c10::Device device) {
    auto& row = rows_[place];
    row.place = place;
    row.device = device;
    return row;
  }

  const nn::Placement& placement_;
  std::map<int, PlaceRow> rows_;
};

}  // namespace

std::vector<PlaceRow> place_table(const nn::Model& model, const nn::Placement& placement) {
  Table table(placement);
  const auto layers = model.layers();
  table.add("embeddings", 0);
  for (int64_t layer = 0; layer < layers.encoder; ++layer) table.add(nn::layer_part("encoder", layer), 0);
  table.add("bridge", 0);
  for (int64_t layer = 0; layer < layers.decoder; ++layer) table.add(nn::layer_part("decoder", layer), 0);
  for (const auto& item : model.named_parameters()) {
    const auto part = part_of(item.key(), layers);
    if (part == "output") {
      table.add_output(item.value().numel(), item.value().size(0));
    } else {
      table.add(part, item.value().numel());
    }
  }
  return table.rows();
}

std::string bytes_text(double bytes) {
  return bytes < 1e9 ? fmt::format("{:.1f} MB", bytes / 1e6) : fmt::format("{:.1f} GB", bytes / 1e9);
}

std::vector<std::string> place_lines(const std::vector<PlaceRow>& table, double bytes) {
  size_t widest = 0;
  for (const auto& row : table) widest = std::max(widest, fmt::format("{}", fmt::join(row.parts, ", ")).size());
  std::vector<std::string> lines;
  lines.reserve(table.size());
  for (const auto& row : table) {
    lines.push_back(fmt::format("{:>2} {:<7} {:<{}} {:>13} parameters, {}", row.place, row.device.str(),
                                fmt::format("{}", fmt::join(row.parts, ", ")), widest, format_count(row.parameters),
                                bytes_text(static_cast<double>(row.parameters) * bytes)));
  }
  return lines;
}

}  // namespace seq2seq::run
