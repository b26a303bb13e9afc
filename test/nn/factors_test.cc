// Compares vectors of source tokens with factors with the sums and rows of the paper, token by token.

#include "seq2seq/nn/factors.h"

#include <memory>
#include <string>
#include <vector>

#include <torch/types.h>

#include "seq2seq/core/error.h"
#include "seq2seq/data/factors.h"
#include "seq2seq/nn/encoder/encoder.h"
#include "test/support/catch.h"
#include "test/support/models.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;

using Sizes = std::vector<int64_t>;

constexpr int64_t word_count = 5;
const std::vector<int64_t> value_counts{4, 6};

struct Token {
  int64_t word, first, second;
  int64_t id() const { return word + word_count * (first + value_counts[0] * second); }
};
const std::vector<Token> tokens{{4, 3, 5}, {0, 0, 0}, {4, 2, 5}, {2, 0, 1}, {3, 3, 0}};

Packed sentence() {
  std::vector<int64_t> ids;
  for (const auto& token : tokens) ids.push_back(token.id());
  auto packed = data::pack({ids}, {0});
  packed.ids_on_host = packed.rows;
  return packed;
}

SourceFactors factors_of(FactorOptions::Combine combine, const std::vector<double>& sizes) {
  return {.options = {.combine = combine, .sizes = sizes}, .values = value_counts};
}

EncoderContext context_of(const SourceFactors& factors) {
  return {.vocabulary = word_count,
          .embedding = 8,
          .dropout = {},
          .placement = {},
          .type = at::kDouble,
          .factors = factors};
}

/// An encoder that only has an embedding.
class Reader : public Encoder {
 public:
  explicit Reader(const SourceFactors& factors) : embedding(add_source_embedding(*this, context_of(factors))) {
    randomize(*this, 3, at::kDouble);
  }
  Memory encode(const Packed& ids, const Draw*) const override { return {.ids = ids, .states = {}, .last = {}}; }
  int64_t width() const override { return 8; }
  std::vector<StateShape> last_shapes() const override { return {}; }
  SourceEmbedding embedding;
};

TEST_CASE("factors: a token's vector is its word's and its factors', side by side or added", "[nn][factors]") {
  const bool adds = GENERATE(false, true);
  CAPTURE(adds);
  const Reader reader(adds ? factors_of(FactorOptions::Combine::sum, {})
                           : factors_of(FactorOptions::Combine::concatenate, {2, 1}));
  const auto read = reader.embedding.forward(sentence());
  const auto parameters = reader.named_parameters();
  const auto &of_words = parameters["embedding.weight"], &of_first = parameters["factors.weight_0"],
             &of_second = parameters["factors.weight_1"];
  REQUIRE(parameters.size() == 3);
  CHECK(of_words.sizes().vec() == (adds ? Sizes{5, 8} : Sizes{5, 5}));
  CHECK(of_first.sizes().vec() == (adds ? Sizes{4, 8} : Sizes{4, 2}));
  CHECK(of_second.sizes().vec() == (adds ? Sizes{6, 8} : Sizes{6, 1}));
  const auto words = reader.embedding.words_of(sentence());
  for (size_t row = 0; row < tokens.size(); ++row) {
    const auto& [word, first, second] = tokens[row];
    const auto expected = adds ? of_words[word] + of_first[first] + of_second[second]
                               : torch::cat({of_words[word], of_first[first], of_second[second]});
    const auto at = static_cast<int64_t>(row);
    CHECK(torch::equal(read.rows[at], expected));
    CHECK(words.rows[at].item<int64_t>() == word);
  }
  CHECK(words.ids_on_host.equal(words.rows));
}

TEST_CASE("factors: gradients reach every table at the rows that were read", "[nn][factors][gradient]") {
  const Reader reader(factors_of(FactorOptions::Combine::concatenate, {2, 1}));
  const auto weights = torch::arange(5 * 8, torch::kDouble).view({5, 8});
  (reader.embedding.forward(sentence()).rows * weights).sum().backward();
  const auto parameters = reader.named_parameters();
  auto words = torch::zeros({5, 5}, torch::kDouble), first = torch::zeros({4, 2}, torch::kDouble),
       second = torch::zeros({6, 1}, torch::kDouble);
  for (size_t row = 0; row < tokens.size(); ++row) {
    const auto of_row = weights[static_cast<int64_t>(row)];
    words[tokens[row].word] += of_row.narrow(0, 0, 5);
    first[tokens[row].first] += of_row.narrow(0, 5, 2);
    second[tokens[row].second] += of_row.narrow(0, 7, 1);
  }
  CHECK(torch::equal(parameters["embedding.weight"].grad(), words));
  CHECK(torch::equal(parameters["factors.weight_0"].grad(), first));
  CHECK(torch::equal(parameters["factors.weight_1"].grad(), second));
}

TEST_CASE("factors: the ids that models read are those that text has", "[nn][factors][data]") {
  const data::SourceVocabulary vocabulary(
      text::Vocabulary({{"a", 2}, {"b", 1}}),
      {text::Vocabulary({{"x", 1}}), text::Vocabulary({{"1", 1}, {"2", 1}, {"3", 1}})});
  CHECK(vocabulary.words().size() == word_count);
  CHECK(vocabulary.factor_sizes() == value_counts);
  CHECK(vocabulary.id("b￨x￨3") == tokens.front().id());
}

TEST_CASE("factors: what does not fit is refused with numbers", "[nn][factors][error]") {
  using Combine = FactorOptions::Combine;
  CHECK_THROWS_WITH(Reader(factors_of(Combine::concatenate, {2})),
                    ContainsSubstring("`sizes` has 1 number, but `data.source.factors` is 2"));
  CHECK_THROWS_WITH(Reader(factors_of(Combine::concatenate, {4, 4})),
                    ContainsSubstring("take 8 units of a vector of 8, so none is left for the word"));
  CHECK_THROWS_WITH(Reader(factors_of(Combine::sum, {4, 4})), ContainsSubstring("Leave `sizes` out"));
  auto shared = context_of(factors_of(Combine::concatenate, {2, 1}));
  shared.words = std::make_shared<Embedding>(word_count, 8, ParameterPlace{.type = at::kDouble});
  Reader reader(factors_of(Combine::sum, {}));
  CHECK_THROWS_WITH(add_source_embedding(reader, shared), ContainsSubstring("so no units are left for factors"));
  CHECK_THROWS_WITH(add_embedding(reader, shared), ContainsSubstring("does not read factors"));
}

}  // namespace
}  // namespace seq2seq::nn
