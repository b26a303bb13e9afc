#include "seq2seq/nn/factors.h"

#include <cmath>
#include <cstddef>
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/floor_divide.h>
#include <ATen/ops/remainder.h>
#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"

namespace seq2seq::nn {
namespace {

using Combine = FactorOptions::Combine;

int64_t sum_of(const std::vector<double>& sizes) {
  return static_cast<int64_t>(std::accumulate(sizes.begin(), sizes.end(), 0.0));
}

}  // namespace

void declare(config::Keys& keys, FactorOptions& options) {
  keys.add("combine", options.combine, {{"concatenate", Combine::concatenate}, {"sum", Combine::sum}},
           "combination of the vectors of a source word and its factors. concatenate: side by side; sum: added");
  keys.add("sizes", options.sizes,
           "with `concatenate`, the width of the vectors of each factor, in order; the word's vector has the rest of "
           "the width")
      .unit("units")
      .at_least(1)
      .at_most(1e6);
  keys.rule("sizes", [&options] {
    for (const double size : options.sizes)
      if (size != std::floor(size)) return fmt::format("must be whole numbers, but one is {}", size);
    return std::string();
  });
}

int64_t SourceFactors::word_width(int64_t width) const {
  return any() && options.combine == Combine::concatenate ? width - sum_of(options.sizes) : width;
}

std::string wrong_factors(const SourceFactors& factors, int64_t width) {
  const auto& [combine, sizes] = factors.options;
  if (combine == Combine::sum)
    return sizes.empty() ? ""
                         : "with `combine: sum`, vectors of factors are as wide as those of words. Leave `sizes` out";
  if (sizes.size() != factors.values.size())
    return fmt::format("`sizes` has {}, but `data.source.factors` is {}. Give a width for each factor",
                       format_count(std::ssize(sizes), "number"), factors.values.size());
  if (sum_of(sizes) >= width)
    return fmt::format("the factors take {} units of a vector of {}, so none is left for the word. Lower `sizes`",
                       sum_of(sizes), width);
  return "";
}

FactorEmbeddings::FactorEmbeddings(const SourceFactors& factors, int64_t words, int64_t width,
                                   const ParameterPlace& place)
    : adds_(factors.options.combine == Combine::sum), words_(words), values_(factors.values) {
  if (const auto wrong = wrong_factors(factors, width); !wrong.empty()) throw UsageError(wrong);
  for (std::size_t factor = 0; factor < values_.size(); ++factor) {
    const int64_t size = adds_ ? width : static_cast<int64_t>(factors.options.sizes[factor]);
    weights_.push_back(
        add_table(fmt::format("weight_{}", factor), {values_[factor], size}, {.kind = Role::Kind::embedding}, place));
  }
}

Packed FactorEmbeddings::words(const Packed& ids) const {
  const auto& host = ids.ids_on_host;
  return {at::remainder(ids.rows, words_), ids.layout, host.defined() ? at::remainder(host, words_) : host};
}

Packed FactorEmbeddings::forward(const Packed& words, const Packed& ids) const {
  std::vector<at::Tensor> vectors{words.rows};
  auto rest = at::floor_divide(ids.rows, words_);
  for (std::size_t factor = 0; factor < weights_.size(); ++factor) {
    vectors.push_back(look_up(weights_[factor], at::remainder(rest, values_[factor])));
    rest = at::floor_divide(rest, values_[factor]);
  }
  if (!adds_) return ids.with(at::cat(vectors, 1));
  for (std::size_t factor = 1; factor < vectors.size(); ++factor) vectors.front() = vectors.front() + vectors[factor];
  return ids.with(vectors.front());
}

}  // namespace seq2seq::nn
