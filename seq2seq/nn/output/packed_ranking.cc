#include "seq2seq/nn/output/packed_ranking.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

#include "seq2seq/core/isa.h"
#include "seq2seq/nn/output/cpu/best_words.h"

namespace seq2seq::nn {
namespace {

/// Largest number of words of a row that are kept sorted during the search; for more words, sorting once is faster.
constexpr int64_t most_listed_words = 128;

std::vector<int64_t> numbers_of(const Ids& ids) {
  if (!ids.defined()) return {};
  const auto here = ids.to(at::kCPU).contiguous();
  const auto* first = here.const_data_ptr<int64_t>();
  return {first, first + here.numel()};
}

void check_below(const std::vector<int64_t>& ids, int64_t count, const char* what) {
  for (const int64_t id : ids)
    TORCH_CHECK_INDEX(id >= 0 && id < count, "a banned word of ", what, " ", id, " of ", count);
}

cpu::BannedWords banned_words(const Bans& bans, int64_t rows, int64_t words) {
  cpu::BannedWords banned{.everywhere = numbers_of(bans.words), .of_rows = {}, .offsets = {}};
  check_below(banned.everywhere, words, "id");
  std::ranges::sort(banned.everywhere);
  const auto of = numbers_of(bans.rows), row_words = numbers_of(bans.row_words);
  if (of.empty()) return banned;
  check_below(of, rows, "row");
  check_below(row_words, words, "id");
  std::vector<std::pair<int64_t, int64_t>> pairs;
  for (size_t i = 0; i < of.size(); ++i) pairs.emplace_back(of[i], row_words.at(i));
  std::ranges::sort(pairs);
  banned.offsets.assign(static_cast<size_t>(rows) + 1, 0);
  for (const auto& [row, word] : pairs) {
    ++banned.offsets[static_cast<size_t>(row) + 1];
    banned.of_rows.push_back(word);
  }
  for (size_t row = 1; row < banned.offsets.size(); ++row) banned.offsets[row] += banned.offsets[row - 1];
  return banned;
}

/// Returns the number of words of a row that kernels rank; 0: they cannot.
int64_t listed_words(int64_t k, int64_t words, const Bans& bans) {
  const int64_t width = std::min(k, words - (bans.words.defined() ? bans.words.numel() : 0));
  return width < 1 || width > most_listed_words ? 0 : width;
}

TopK room_for(int64_t rows, int64_t width) {
  return {.scores = at::empty({rows, width}, at::kDouble), .ids = at::empty({rows, width}, at::kLong)};
}

class PackedRanking final : public WordRanking {
 public:
  PackedRanking(const OutputLayer& plain, const at::Tensor& weight, const at::Tensor& bias, bool normalizes)
      : plain_(plain),
        panels_(weight.contiguous().const_data_ptr<float>(),
                bias.defined() ? bias.contiguous().const_data_ptr<float>() : nullptr, weight.size(0), weight.size(1)),
        normalizes_(normalizes) {}

  TopK top_k(const Features& features, int64_t k, const Bans& bans) const override {
    const auto& rows = features.rows;
    const int64_t width = listed_words(k, panels_.words(), bans);
    if (!serves(rows) || width == 0) return plain_.top_k(features, k, bans);
    const auto x = rows.detach().contiguous();
    const auto banned = banned_words(bans, x.size(0), panels_.words());
    auto best = room_for(x.size(0), width);
    const bool complete = cpu::best_words(panels_, {.rows = x.const_data_ptr<float>(),
                                                    .count = x.size(0),
                                                    .k = width,
                                                    .banned = banned,
                                                    .normalizes = normalizes_,
                                                    .scores = best.scores.mutable_data_ptr<double>(),
                                                    .ids = best.ids.mutable_data_ptr<int64_t>()});
    return complete ? best : plain_.top_k(features, k, bans);
  }

  const cpu::WordPanels& panels() const { return panels_; }
  bool normalizes() const { return normalizes_; }
  bool serves(const at::Tensor& rows) const {
    return rows.is_cpu() && rows.scalar_type() == at::kFloat && rows.dim() == 2 && rows.size(0) > 0 &&
           rows.size(1) == panels_.width();
  }

 private:
  const OutputLayer& plain_;
  cpu::WordPanels panels_;
  bool normalizes_;
};

/// Returns null unless kernels can mix the layer with others.
const PackedRanking* mixable(const MixedLayer& layer) {
  const auto* packed = dynamic_cast<const PackedRanking*>(layer.ranking);
  return packed != nullptr && packed->normalizes() && packed->serves(layer.features->rows) ? packed : nullptr;
}

}  // namespace

bool has_packed_ranking(const at::Tensor& weight) {
  return weight.is_cpu() && weight.scalar_type() == at::kFloat && best_isa() != Isa::reference;
}

std::unique_ptr<const WordRanking> packed_ranking(const OutputLayer& plain, const at::Tensor& weight,
                                                  const at::Tensor& bias, bool normalizes) {
  return std::make_unique<PackedRanking>(plain, weight, bias, normalizes);
}

std::optional<TopK> mixture_top_k(const std::vector<MixedLayer>& layers, Mixture mixture, int64_t k, const Bans& bans) {
  std::vector<at::Tensor> rows;
  std::vector<cpu::MixedRows> members;
  for (const auto& layer : layers) {
    const auto* packed = mixable(layer);
    if (packed == nullptr) return std::nullopt;
    const auto& x = rows.emplace_back(layer.features->rows.detach().contiguous());
    members.push_back({.panels = &packed->panels(), .rows = x.const_data_ptr<float>(), .weight = layer.weight});
    TORCH_CHECK(members.back().panels->words() == members.front().panels->words() && x.size(0) == rows.front().size(0),
                "mixed layers differ in vocabulary size or number of rows");
  }
  const int64_t count = rows.front().size(0), words = members.front().panels->words();
  const int64_t width = listed_words(k, words, bans);
  if (width == 0) return std::nullopt;
  const auto banned = banned_words(bans, count, words);
  auto best = room_for(count, width);
  const bool exact = cpu::best_mixed_words({.members = std::move(members),
                                            .probabilities = mixture == Mixture::probabilities,
                                            .count = count,
                                            .k = width,
                                            .banned = banned,
                                            .scores = best.scores.mutable_data_ptr<double>(),
                                            .ids = best.ids.mutable_data_ptr<int64_t>()});
  return exact ? std::optional(std::move(best)) : std::nullopt;
}

}  // namespace seq2seq::nn
