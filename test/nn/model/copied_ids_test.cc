#include "seq2seq/nn/model/copied_ids.h"

#include <ATen/ops/tensor.h>

#include "seq2seq/core/error.h"
#include "seq2seq/data/packed.h"
#include "test/support/catch.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;

Ids id_tensor(const std::vector<int64_t>& values) { return at::tensor(values, at::kLong); }

/// One sentence, with its ids kept on the host.
Packed sentence(const std::vector<int64_t>& ids) {
  auto packed = data::pack({ids}, {0});
  packed.ids_on_host = packed.rows;
  return packed;
}

/// Six source words; the last one is word 3 of the five target words.
ModelContext of_sizes() {
  ModelContext context;
  context.source_vocabulary = 6;
  context.target_vocabulary = 5;
  return context;
}

TEST_CASE("copied ids: words of either side are read and copied by the numbers of their own side", "[nn][model]") {
  auto context = of_sizes();
  context.target_of_source = [] { return std::vector<int64_t>{0, 1, 2, 0, 0, 3}; };
  const CopiedIds copied(context, /*extended=*/true);
  // Words of the source vocabulary, then of the target vocabulary only (6 + 4), then of neither.
  const auto source = sentence({0, 2, 3, 4, 5, 10, 11, 14});
  const auto read = copied.read(source), written = copied.written(sentence({0, 4, 5, 11}));
  CHECK(read.rows.equal(id_tensor({0, 2, 3, 4, 5, 0, 0, 0})));
  CHECK(read.ids_on_host.equal(read.rows));
  CHECK(copied.copied(source).rows.equal(id_tensor({0, 2, 5 + 3, 5 + 4, 3, 4, 11, 14})));
  CHECK(written.rows.equal(id_tensor({0, 4, 0, 0})));
  CHECK(written.ids_on_host.equal(written.rows));
}

TEST_CASE("copied ids: with one vocabulary ids are the same on both sides", "[nn][model]") {
  const CopiedIds copied(of_sizes(), /*extended=*/false);
  CHECK(copied.copied(sentence({0, 1, 4, 5})).rows.equal(id_tensor({0, 1, 4, 5 + 5})));
}

TEST_CASE("copied ids: nothing to copy is refused, with what to do", "[nn][model][error]") {
  auto context = of_sizes();
  context.target_of_source = [] { return std::vector<int64_t>{0, 1, 2, 0, 0, 0}; };
  CHECK_THROWS_WITH(CopiedIds(context, false), ContainsSubstring("no word is in both vocabularies") &&
                                                   ContainsSubstring("model.output.extended_vocabulary: true"));
  CHECK_NOTHROW(CopiedIds(context, true));
}

}  // namespace
}  // namespace seq2seq::nn
