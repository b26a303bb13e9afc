// Compares gradients of the used rows of tables with LibTorch's dense ones.

#include "seq2seq/nn/used_rows.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <ATen/ops/arange.h>
#include <ATen/ops/embedding_dense_backward.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>

#include "seq2seq/nn/model/model.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/registered.h"

namespace seq2seq::nn {
namespace {

using namespace test;

at::Tensor whole_gradient(const at::Tensor& rows, const Ids& ids, int64_t words) {
  return at::embedding_dense_backward(rows, ids, words, /*padding_idx=*/-1, /*scale_grad_by_freq=*/false);
}

TEST_CASE("used rows: repeated rows are added to the bits of LibTorch's whole gradient", "[nn][gradient][witness]") {
  const auto type = GENERATE(at::kFloat, at::kDouble);
  const int64_t words = GENERATE(1, 7, 1000), count = GENERATE(0, 1, 300);
  CAPTURE(type, words, count);
  at::manual_seed(1);
  const auto ids = at::randint(words, {count}, at::kLong);
  const auto rows = at::randn({count, 5}, type);
  const auto used = sum_of_rows(rows, ids);
  for (int64_t at = 1; at < used.rows.size(0); ++at)
    CHECK(used.rows[at - 1].item<int64_t>() < used.rows[at].item<int64_t>());
  const auto sparse = sparse_gradient(used, words);
  CHECK(sparse.to_dense().equal(whole_gradient(rows, ids, words)));
  const auto again = used_rows_of(sparse);
  CHECK(again.rows.equal(used.rows));
  CHECK(again.values.const_data_ptr() == used.values.const_data_ptr());
}

TEST_CASE("used rows: sums of gradients have the bits of sums of whole ones", "[nn][gradient]") {
  at::manual_seed(2);
  const int64_t words = 50;
  at::Tensor sum, whole_sum;
  for (int batch = 0; batch < 4; ++batch) {
    const auto ids = at::randint(words, {30}, at::kLong);
    const auto rows = at::randn({30, 6});
    add_gradient(sum, sparse_gradient(sum_of_rows(rows, ids), words));
    add_gradient(whole_sum, whole_gradient(rows, ids, words));
    REQUIRE(sum.is_sparse());
    CHECK(sparse_gradient(used_rows_of(sum), words).to_dense().equal(whole_sum));
  }
  const auto whole = at::randn({words, 6});
  auto whole_first = whole.clone();
  add_gradient(whole_first, sum);
  add_gradient(sum, whole);
  CHECK_FALSE(sum.is_sparse());
  CHECK(sum.equal(whole + whole_sum));
  CHECK(whole_first.equal(sum));
}

/// Returns the gradients of the parameters after this many passes, each over its own batch.
std::vector<at::Tensor> gradients_of(const Model& model, uint64_t passes) {
  for (auto& parameter : model.parameters()) parameter.mutable_grad().reset();
  for (uint64_t pass = 0; pass < passes; ++pass) {
    const Draw draw{.seed = 1, .update = 3};
    const auto ids = [pass](uint64_t seed, const std::vector<int64_t>& lengths, int64_t words) {
      return random_sentences(10 * pass + seed, lengths, words);
    };
    const std::vector<int64_t> source_lengths{4, 1, 9, 4, 2}, target_lengths{3, 5, 1, 12, 1};
    const auto memory = model.encode(ids(1, source_lengths, 9), &draw);
    const auto state = model.start(memory, at::arange(memory.sentences(), at::kLong));
    const auto features = model.advance(ids(2, target_lengths, 8), *state, &draw);
    model.output()
        .loss(features, ids(3, target_lengths, 8).rows, {.label_smoothing = 0, .row_scale = {}, .draw = &draw})
        .sum()
        .backward();
  }
  std::vector<at::Tensor> gradients;
  for (const auto& parameter : model.parameters()) gradients.push_back(parameter.grad());
  return gradients;
}

TEST_CASE("used rows: every model has the gradients that it has whole, of tables that are only looked up",
          "[nn][model][gradient]") {
  const auto name = GENERATE_COPY(from_range(names_of(model_variants())));
  const uint64_t passes = GENERATE(1, 3);
  CAPTURE(name, passes);
  const auto model = random_variant(name, 1, 0.3, at::kFloat);
  const auto whole = gradients_of(*model, passes);
  const auto tables = tables_of(*model, model->roles());
  {
    const UsedRowGradients by_rows(*model, tables);
    const auto found = gradients_of(*model, passes);
    const auto parameters = model->parameters();
    for (size_t i = 0; i < parameters.size(); ++i) {
      CAPTURE(i);
      REQUIRE(found[i].defined() == whole[i].defined());
      if (!found[i].defined()) continue;
      const bool table = std::ranges::any_of(tables, [&](const auto& one) { return one.is_same(parameters[i]); });
      CHECK(found[i].is_sparse() == table);
      const auto rows =
          found[i].is_sparse() ? sparse_gradient(used_rows_of(found[i]), parameters[i].size(0)).to_dense() : found[i];
      CHECK(rows.equal(whole[i]));
    }
  }
  for (const auto& gradient : gradients_of(*model, 1)) CHECK_FALSE((gradient.defined() && gradient.is_sparse()));
}

}  // namespace
}  // namespace seq2seq::nn
