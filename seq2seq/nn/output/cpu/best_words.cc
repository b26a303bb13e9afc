#include "seq2seq/nn/output/cpu/best_words.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/ops/empty.h>

#include "seq2seq/nn/kernels/ranking/ranking.h"

namespace seq2seq::nn::cpu {
namespace {

constexpr float impossible = -std::numeric_limits<float>::infinity();

/// Rows that one call of the product takes: a multiple of what any instruction set computes at once.
constexpr int64_t block_rows = 12;
/// Products of two numbers that make a thread worth waking.
constexpr int64_t products_a_thread = int64_t{1} << 17;

/// The best words of a row so far, best first, equal ones in the order in which they came.
class BestList {
 public:
  BestList(float* scores, int32_t* ids, int64_t& size, int64_t k) : scores_(scores), ids_(ids), size_(size), k_(k) {}

  int64_t size() const { return size_; }
  float score(int64_t place) const { return scores_[place]; }
  int32_t id(int64_t place) const { return ids_[place]; }
  /// A word must score more than this to be among them.
  float bound() const { return size_ < k_ ? impossible : scores_[k_ - 1]; }

  void add(float score, int32_t id) {
    if (!(score > bound())) return;
    int64_t place = size_ < k_ ? size_++ : k_ - 1;
    for (; place > 0 && scores_[place - 1] < score; --place) {
      scores_[place] = scores_[place - 1];
      ids_[place] = ids_[place - 1];
    }
    scores_[place] = score;
    ids_[place] = id;
  }

 private:
  float* scores_;
  int32_t* ids_;
  int64_t& size_;
  int64_t k_;
};

class Search {
 public:
  Search(const WordPanels& panels, const BestWords& operands)
      : panels_(panels),
        of_(operands),
        kernel_(kernels::ranking_kernels(panels.isa())),
        parts_(std::clamp<int64_t>(of_.count * panels.words() * panels.width() / products_a_thread, 1, panels.tiles())),
        threads_(team_size(parts_)),
        logits_(at::empty({threads_ * block_rows * panels.tile_words()}, at::kFloat)),
        places_(static_cast<size_t>(threads_ * panels.tile_words())),
        scores_(static_cast<size_t>(threads_ * of_.count * of_.k)),
        ids_(scores_.size()),
        sizes_(static_cast<size_t>(threads_ * of_.count)),
        sums_(static_cast<size_t>(panels.tiles() * of_.count)),
        normalizers_(static_cast<size_t>(of_.count)) {}

  bool run() {
    together(parts_, [&](Member member) {
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
      panels_.logits(of_.rows + first * panels_.width(), rows, tile, logits);
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
    ban(row, words, z);
    auto* const places = places_.data() + thread * panels_.tile_words();
    const int64_t found = kernel_.above(z, words.size(), best.bound(), places);
    for (int64_t i = 0; i < found; ++i) best.add(z[places[i]], static_cast<int32_t>(words.first) + places[i]);
  }

  void ban(int64_t row, Range words, float* z) const {
    const auto among = [&](const int64_t* first, const int64_t* last) {
      for (first = std::lower_bound(first, last, words.first); first != last && *first < words.last; ++first)
        z[*first - words.first] = impossible;
    };
    const auto& banned = of_.banned;
    among(banned.everywhere.data(), banned.everywhere.data() + banned.everywhere.size());
    if (banned.offsets.empty()) return;
    const auto at = static_cast<size_t>(row);
    among(banned.of_rows.data() + banned.offsets[at], banned.of_rows.data() + banned.offsets[at + 1]);
  }

  /// Joins what all threads found about a row.
  void finish(int64_t row, int64_t threads) {
    const float normalizer = normalizers_[static_cast<size_t>(row)] = this->normalizer(row);
    auto best = list(row, 0);
    for (int64_t thread = 1; thread < threads; ++thread) {
      const auto more = list(row, thread);
      for (int64_t i = 0; i < more.size(); ++i) best.add(more.score(i), more.id(i));
    }
    auto* const scores = of_.scores + row * of_.k;
    auto* const ids = of_.ids + row * of_.k;
    for (int64_t i = 0; i < best.size(); ++i) {
      scores[i] = of_.normalizes ? best.score(i) - normalizer : best.score(i);
      ids[i] = best.id(i);
    }
    // All other words are impossible.
    int64_t next = 0;
    for (int64_t i = best.size(); i < of_.k; ++next) {
      if (std::find(ids, ids + best.size(), next) != ids + best.size()) continue;
      scores[i] = impossible;
      ids[i++] = next;
    }
  }

  /// log sum exp of a row's logits, from the sums of its tiles in their order.
  float normalizer(int64_t row) const {
    const auto* const sums = sums_.data() + row * panels_.tiles();
    float largest = impossible, total = 0;
    for (int64_t tile = 0; tile < panels_.tiles(); ++tile) largest = std::max(largest, sums[tile].largest);
    for (int64_t tile = 0; tile < panels_.tiles(); ++tile)
      total += sums[tile].sum * std::exp(sums[tile].largest - largest);
    return largest + std::log(total);
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

}  // namespace

bool best_words(const WordPanels& panels, const BestWords& operands) { return Search(panels, operands).run(); }

}  // namespace seq2seq::nn::cpu
