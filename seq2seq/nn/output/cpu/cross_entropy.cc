#include "seq2seq/nn/output/cpu/cross_entropy.h"

#include <algorithm>
#include <optional>

#include "seq2seq/nn/output/cpu/blocks.h"
#include "seq2seq/nn/output/cpu/rows.h"
#include "seq2seq/nn/output/cpu/words.h"
#include "seq2seq/nn/recurrent/team.h"

namespace seq2seq::nn::cpu {
namespace {

/// Parts of the work, of which each thread gets some.
int64_t parts_of(const Division& division, bool differentiates_words) {
  return std::max<int64_t>(1, std::max(division.blocks, differentiates_words ? division.tiles() : 0));
}

}  // namespace

int64_t cross_entropy_workspace(int64_t count, int64_t width, int64_t words) {
  float gradient = 0;  // of the weight: its place alone says that it is wanted
  CrossEntropy sizes{};
  sizes.count = count;
  sizes.width = width;
  sizes.words = words;
  sizes.weight_gradient = &gradient;
  const auto product = kernels::product_kernels();
  const Division division(sizes, product);
  const int64_t laid_out = (division.tile + division.chunk) * product.panels(width) * product.columns;
  const int64_t threads = team_size(parts_of(division, /*differentiates_words=*/true));
  return division.chunk * words + threads * (division.block * width + laid_out);
}

void cross_entropy(const CrossEntropy& operands, Isa isa, kernels::Operands rounding) {
  Shared shared(operands, isa, rounding);
  const auto& division = shared.division;
  const int64_t parts = parts_of(division, shared.kept.defined());
  const int64_t threads = team_size(parts);
  Rows rows(shared, threads);
  std::optional<Words> words;
  if (shared.kept.defined()) words.emplace(shared, threads);
  run_on_threads(parts, [&](Member member) {
    rows.prepare(member);
#pragma omp barrier
    for (size_t i = 0; i < division.chunks.size(); ++i) {
      const auto& chunk = division.chunks[i];
      const auto own = member.part(static_cast<int64_t>(chunk.size()));
      for (int64_t block = own.first; block < own.last; ++block)
        rows.run(chunk[static_cast<size_t>(block)], member.thread);
      if (!words) continue;
#pragma omp barrier  // a tile needs the exponentials of all blocks
      const auto tiles = member.part(division.tiles());
      for (int64_t tile = tiles.first; tile < tiles.last; ++tile) words->run(i, tile, member.thread);
#pragma omp barrier  // the next chunk's exponentials take their place
    }
  });
}

}  // namespace seq2seq::nn::cpu
