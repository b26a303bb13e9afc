#include "seq2seq/nn/model/decoder.h"

#include "seq2seq/nn/model/seq2seq.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/other_parts.h"
#include "test/support/registered.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;

/// Makes one layer per side with attention of this kind after the cell. Parameters with equal names have equal values.
std::shared_ptr<Model> attending(const std::string& kind) {
  const auto models = builtin_models(other_parts());
  auto model = models.make(small(models, "rnn", {{"layers", "1"}, {"attention.kind", kind}}),
                           {.source_vocabulary = 9, .target_vocabulary = 8, .placement = {}});
  randomize(*model, 3, at::kDouble);
  return model;
}

struct Attended {
  Packed rows, weights;
};

Attended all_at_once(const Model& model, const Packed& source, const Packed& inputs) {
  const auto state = model.start(model.encode(source, nullptr), at::arange(source.sentences()));
  state->wants_attention = true;
  const auto features = model.advance(inputs, *state, nullptr);
  return {inputs.with(features.rows), inputs.with(features.attention)};
}

Features step(const Model& model, DecoderState& state, const std::vector<int64_t>& words, int64_t position) {
  return model.advance({at::tensor(words), data::make_step(std::ssize(words), position)}, state, nullptr);
}

TEST_CASE("decoder: an attention that needs the past is given the sum of the weights of the steps before",
          "[nn][decoder]") {
  const torch::NoGradGuard no_gradient;
  const std::vector<int64_t> source_lengths{4, 7, 2};
  const auto source = random_sentences(1, source_lengths, 9), inputs = random_sentences(2, {5, 2, 4}, 8);
  // Rows do not depend on the attention, so the scores of `covering` are those of `general` minus the past, and
  // weights give the scores up to a constant.
  const auto plain = all_at_once(*attending("general"), source, inputs).weights;
  const auto covering = all_at_once(*attending("covering"), source, inputs).weights;
  for (int64_t sentence = 0; sentence < 3; ++sentence) {
    const int64_t length = source_lengths[static_cast<size_t>(sentence)];
    const auto scores = rows_of(plain, sentence).narrow(1, 0, length).log();
    const auto found = rows_of(covering, sentence).narrow(1, 0, length);
    auto past = at::zeros({length}, at::kDouble);
    for (int64_t position = 0; position < scores.size(0); ++position) {
      const auto expected = (scores[position] - past).softmax(0);
      REQUIRE(found[position].allclose(expected, 0, 1e-12));
      past += expected;
    }
  }
}

TEST_CASE("decoder: what was attended to stays with a hypothesis that is selected and joined to others",
          "[nn][decoder]") {
  const torch::NoGradGuard no_gradient;
  const auto model = attending("covering");
  const auto source = random_sentences(1, {4, 7, 2}, 9),
             inputs = data::pack({{1, 5, 6}, {1, 4, 3}, {1, 7, 7}}, {0, 1, 2});
  const auto expected = all_at_once(*model, source, inputs).rows;
  const auto memory = model->encode(source, nullptr);
  auto state = model->start(memory, at::tensor(std::vector<int64_t>{2, 0}));
  const auto other = model->start(memory, at::tensor(std::vector<int64_t>{1}));
  step(*model, *state, {1, 1}, 0);
  step(*model, *other, {1}, 0);
  state->select(at::tensor(std::vector<int64_t>{1, 0}));  // sentences 0, 2
  state->append(*other);
  step(*model, *state, {5, 7, 4}, 1);
  state->select(at::tensor(std::vector<int64_t>{0, 2}));  // sentences 0, 1
  const auto last = step(*model, *state, {6, 3}, 2).rows;
  CHECK(last[0].allclose(rows_of(expected, 0)[2], 0, 1e-12));
  CHECK(last[1].allclose(rows_of(expected, 1)[2], 0, 1e-12));
}

TEST_CASE("decoder: weights that nobody wants are not made", "[nn][decoder]") {
  const auto source = random_sentences(1, {4, 7, 2}, 9), inputs = random_sentences(2, {5, 2, 4}, 8);
  for (const auto& kind : builtin_attentions().names()) {
    if (kind == "dot") continue;  // of the same parts as general
    CAPTURE(kind);
    const auto model = attending(kind);
    const auto state = model->start(model->encode(source, nullptr), at::arange(3));
    CHECK_FALSE(model->advance(inputs, *state, nullptr).attention.defined());
    const auto found = all_at_once(*model, source, inputs).weights.rows;
    REQUIRE(found.sizes() == at::IntArrayRef({11, 7}));
    CHECK(found.ge(0).all().item<bool>());
    CHECK(found.sum(1).le(1 + 1e-9).all().item<bool>());
  }
}

}  // namespace
}  // namespace seq2seq::nn
