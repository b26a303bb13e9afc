#include "seq2seq/nn/output/cpu/best_words.h"

#include <algorithm>
#include <cmath>

#include <ATen/ops/empty.h>

namespace seq2seq::nn::cpu {
namespace {

/// Rows that one call of the product takes: a multiple of what any instruction set computes at once.
constexpr int64_t block_rows = 12;
/// Rows of a mixture whose logits are there together: the weights are read once for these.
constexpr int64_t mixed_rows = 5 * block_rows;
/// Words of a mixture that are looked through before the bound is raised; a multiple of the lanes of any instruction
/// set.
constexpr int64_t piece_words = 256;
/// Sums of probabilities have lost digits below it, because float32 has no exponentials below e^-87.
constexpr float least_probability = 1e-30F;
/// Products of two numbers that make a thread worth waking.
constexpr int64_t products_per_thread = int64_t{1} << 17;

class Search {
 public:
  Search(const WordPanels& panels, const BestWords& operands)
      : panels_(panels),
        of_(operands),
        kernel_(kernels::ranking_kernels(panels.isa())),
        parts_(
            std::clamp<int64_t>(of_.count * panels.words() * panels.width() / products_per_thread, 1, panels.tiles())),
        threads_(team_size(parts_)),
        logits_(at::empty({threads_ * block_rows * panels.tile_words()}, at::kFloat)),
        places_(static_cast<size_t>(threads_ * panels.tile_words())),
        scores_(static_cast<size_t>(threads_ * of_.count * of_.k)),
        ids_(scores_.size()),
        sizes_(static_cast<size_t>(threads_ * of_.count)),
        sums_(static_cast<size_t>(panels.tiles() * of_.count)),
        normalizers_(static_cast<size_t>(of_.count)) {}

  bool run() {
    run_on_threads(parts_, [&](Member member) {
      const auto tiles = member.part(panels_.tiles());
      for (int64_t tile = tiles.first; tile < tiles.last; ++tile) rank(tile, member.thread);
#pragma omp barrier
      const auto rows = member.part(of_.count);
      for (int64_t row = rows.first; row < rows.last; ++row) finish(row, member.threads);
    });
    return std::ranges::all_of(normalizers_, [](float normalizer) { return std::isfinite(normalizer); });
  }

 private:
  /// The best words of a row among those of a thread, which have higher ids than those of the threads before it.
  BestList list(int64_t row, int64_t thread) {
    const auto at = static_cast<size_t>(thread * of_.count + row);
    return {scores_.data() + static_cast<int64_t>(at) * of_.k, ids_.data() + static_cast<int64_t>(at) * of_.k,
            sizes_[at], of_.k};
  }

  /// Adds the words of a tile to the lists of all rows.
  void rank(int64_t tile, int64_t thread) {
    auto* const logits = logits_.data_ptr<float>() + thread * block_rows * panels_.tile_words();
    for (int64_t first = 0; first < of_.count; first += block_rows) {
      const int64_t rows = std::min(block_rows, of_.count - first);
      panels_.logits(of_.rows + first * panels_.width(), rows, tile, logits, panels_.tile_words());
      for (int64_t i = 0; i < rows; ++i) rank(first + i, tile, logits + i * panels_.tile_words(), thread);
    }
  }

  /// Changes z where words are banned.
  void rank(int64_t row, int64_t tile, float* z, int64_t thread) {
    const auto words = panels_.padded_words_of(tile);
    const auto sum = kernel_.sum(z, words.size());
    sums_[static_cast<size_t>(row * panels_.tiles() + tile)] = sum;
    auto best = list(row, thread);
    if (!(sum.largest > best.bound())) return;
    of_.banned.apply(row, words, z);
    auto* const places = places_.data() + thread * panels_.tile_words();
    const int64_t found = kernel_.above(z, words.size(), best.bound(), places);
    for (int64_t i = 0; i < found; ++i) best.add(z[places[i]], static_cast<int32_t>(words.first) + places[i]);
  }

  /// Joins what all threads found about a row.
  void finish(int64_t row, int64_t threads) {
    const float of_row = normalizer(sums_.data() + row * panels_.tiles(), panels_.tiles());
    normalizers_[static_cast<size_t>(row)] = of_row;
    auto best = list(row, 0);
    for (int64_t thread = 1; thread < threads; ++thread) {
      const auto more = list(row, thread);
      for (int64_t i = 0; i < more.size(); ++i) best.add(more.score(i), more.id(i));
    }
    auto* const scores = of_.scores + row * of_.k;
    for (int64_t i = 0; i < best.size(); ++i) scores[i] = of_.normalizes ? best.score(i) - of_row : best.score(i);
    best.write(scores, of_.ids + row * of_.k);
  }

  const WordPanels& panels_;
  const BestWords& of_;
  const kernels::RankingKernels kernel_;
  int64_t parts_, threads_;
  at::Tensor logits_;                          // [threads, rows of a block, words of a tile]
  std::vector<int32_t> places_;                // [threads, words of a tile]
  std::vector<float> scores_;                  // [threads, R, k]
  std::vector<int32_t> ids_;                   // [threads, R, k]
  std::vector<int64_t> sizes_;                 // [threads, R]
  std::vector<kernels::ExponentialSum> sums_;  // [R, tiles]
  std::vector<float> normalizers_;             // [R]
};

class MixedSearch {
 public:
  explicit MixedSearch(const BestMixedWords& operands)
      : of_(operands),
        kernel_(kernels::ranking_kernels(first().isa())),
        rows_(std::min(mixed_rows, of_.count)),
        stride_(first().padded_words()),
        parts_(std::clamp<int64_t>(rows_ * stride_ * first().width() / products_per_thread, 1, first().tiles())),
        threads_(team_size(parts_)),
        logits_(at::empty({rows_ * stride_}, at::kFloat)),
        mixture_(at::empty({rows_ * stride_}, at::kFloat)),
        places_(static_cast<size_t>(threads_ * piece_words)),
        scores_(static_cast<size_t>(threads_ * of_.k)),
        ids_(scores_.size()),
        offsets_(static_cast<size_t>(rows_)),
        complete_(static_cast<size_t>(rows_)) {
    int64_t tiles = 0;
    for (const auto& member : of_.members) tiles = std::max(tiles, member.panels->tiles());
    sums_.resize(static_cast<size_t>(rows_ * tiles));
  }

  bool run() {
    for (int64_t start = 0; start < of_.count; start += mixed_rows)
      if (!run({start, std::min(of_.count, start + mixed_rows)})) return false;
    return true;
  }

 private:
  const WordPanels& first() const { return *of_.members.front().panels; }
  float* logits(int64_t row) { return logits_.data_ptr<float>() + row * stride_; }
  float* mixture(int64_t row) { return mixture_.data_ptr<float>() + row * stride_; }

  bool run(Range rows) {
    std::fill_n(mixture(0), rows.size() * stride_, 0.0F);
    std::ranges::fill(offsets_, 0.0);
    run_on_threads(parts_, [&](Member thread) {
      const auto own = thread.part(rows.size());
      for (const auto& member : of_.members) {
        if (member.weight == 0) continue;
        const auto tiles = thread.part(member.panels->tiles());
        for (int64_t tile = tiles.first; tile < tiles.last; ++tile) multiply(member, rows, tile);
#pragma omp barrier
        for (int64_t row = own.first; row < own.last; ++row) add(member, row);
#pragma omp barrier  // the next member's logits take the place of these
      }
      for (int64_t row = own.first; row < own.last; ++row)
        complete_[static_cast<size_t>(row)] = rank(row, rows.first + row, thread.thread) ? 1 : 0;
    });
    return std::all_of(complete_.begin(), complete_.begin() + rows.size(), [](char complete) { return complete == 1; });
  }

  void multiply(const MixedRows& member, Range rows, int64_t tile) {
    const auto words = member.panels->padded_words_of(tile);
    for (int64_t row = 0; row < rows.size(); row += block_rows) {
      const int64_t count = std::min(block_rows, rows.size() - row);
      member.panels->logits(member.rows + (rows.first + row) * member.panels->width(), count, tile,
                            logits(row) + words.first, stride_);
      for (int64_t i = row; i < row + count; ++i)
        sums_[static_cast<size_t>(i * member.panels->tiles() + tile)] =
            kernel_.sum(logits(i) + words.first, words.size());
    }
  }

  void add(const MixedRows& member, int64_t row) {
    const int64_t tiles = member.panels->tiles();
    const float of_row = normalizer(sums_.data() + row * tiles, tiles);
    offsets_[static_cast<size_t>(row)] += member.weight * of_row;
    (of_.probabilities ? kernel_.add_exponentials : kernel_.add_logs)({.z = logits(row),
                                                                       .count = stride_,
                                                                       .normalizer = of_row,
                                                                       .weight = static_cast<float>(member.weight),
                                                                       .sum = mixture(row)});
  }

  /// Returns false if a result is not exact enough.
  bool rank(int64_t row, int64_t number, int64_t thread) {
    auto* const values = mixture(row);
    std::fill(values + first().words(), values + stride_, impossible_score);
    of_.banned.apply(number, {0, stride_}, values);
    int64_t size = 0;
    BestList best(scores_.data() + thread * of_.k, ids_.data() + thread * of_.k, size, of_.k);
    auto* const places = places_.data() + thread * piece_words;
    for (int64_t word = 0; word < stride_; word += piece_words) {
      const int64_t found = kernel_.above(values + word, std::min(piece_words, stride_ - word), best.bound(), places);
      for (int64_t i = 0; i < found; ++i) best.add(values[word + places[i]], static_cast<int32_t>(word) + places[i]);
    }
    auto* const scores = of_.scores + number * of_.k;
    for (int64_t i = 0; i < size; ++i) scores[i] = of_.probabilities ? std::log(double{best.score(i)}) : best.score(i);
    best.write(scores, of_.ids + number * of_.k);
    if (!std::isfinite(offsets_[static_cast<size_t>(row)])) return false;
    return !of_.probabilities || size == 0 || best.score(size - 1) >= least_probability;
  }

  const BestMixedWords& of_;
  const kernels::RankingKernels kernel_;
  int64_t rows_, stride_, parts_, threads_;
  at::Tensor logits_, mixture_;                // [rows, padded V] of one member, and of those so far
  std::vector<int32_t> places_;                // [threads, words of a piece]
  std::vector<float> scores_;                  // [threads, k]
  std::vector<int32_t> ids_;                   // [threads, k]
  std::vector<double> offsets_;                // [rows] sum of weights times normalizers
  std::vector<char> complete_;                 // [rows]
  std::vector<kernels::ExponentialSum> sums_;  // [rows, tiles]
};

}  // namespace

bool best_words(const WordPanels& panels, const BestWords& operands) { return Search(panels, operands).run(); }

bool best_mixed_words(const BestMixedWords& operands) { return MixedSearch(operands).run(); }

}  // namespace seq2seq::nn::cpu
