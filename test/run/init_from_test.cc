#include "seq2seq/run/init_from.h"

#include <ATen/ops/equal.h>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/pipeline.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

text::Vocabulary vocabulary_of(const std::vector<std::string>& words) {
  std::vector<text::Vocabulary::Word> all;
  for (const auto& word : words) all.push_back({word, 1});
  return text::Vocabulary(std::move(all));
}

at::Tensor row(const nn::NamedTensors& weights, const std::string& name, int64_t index) {
  return weights.tensors.at(name)[index];
}

}  // namespace

TEST_CASE("taking over weights: tables go by word, the rest by name and shape", "[run][init_from]") {
  const auto their_source = vocabulary_of({"a", "b", "c"}), their_target = vocabulary_of({"x", "y", "z"});
  // As many source words, but with other ids; one more target word.
  const auto my_source = vocabulary_of({"c", "d", "a"}), my_target = vocabulary_of({"z", "x", "u", "v"});
  const auto theirs = random_model(1, {.source_words = 6, .target_words = 6});
  // On one device, and in shards; two of the shards have only new words.
  const auto shares = GENERATE(std::vector<int64_t>{}, std::vector<int64_t>{5, 1, 1});
  const auto mine = random_model(2, {.source_words = 6, .target_words = 7}, at::kFloat, output_shards(shares));
  const auto other = nn::weights_of(*theirs), before = nn::weights_of(*mine);

  const auto taken = run::take_over(*mine, {&my_source, &my_target}, other, {&their_source, &their_target});

  const auto now = nn::weights_of(*mine);
  const std::string source = "encoder.embedding.weight", target = "decoder.embedding.weight";
  for (int64_t special = 0; special < 3; ++special)
    CHECK(at::equal(row(now, source, special), row(other, source, special)));
  CHECK(at::equal(row(now, source, 3), row(other, source, 5)));                    // c
  CHECK(at::equal(row(now, source, 4), row(before, source, 4)));                   // d is new
  CHECK(at::equal(row(now, source, 5), row(other, source, 3)));                    // a
  CHECK(at::equal(row(now, target, 3), row(other, target, 5)));                    // z
  CHECK(at::equal(row(now, "output.weight", 4), row(other, "output.weight", 3)));  // x
  CHECK(at::equal(row(now, "output.bias", 5), row(before, "output.bias", 5)));     // u is new
  CHECK(at::equal(now.tensors.at("encoder.lstm.weight_ih_l0"), other.tensors.at("encoder.lstm.weight_ih_l0")));
  REQUIRE(taken.by_word.size() == 4);
  CHECK(taken.by_word.front().words == 6);
  CHECK(taken.by_word.front().taken == 5);
  CHECK(taken.by_word.back().parameter == "output.bias");
  CHECK(taken.by_word.back().taken == 5);
  CHECK(taken.by_word.back().words == 7);
  CHECK(taken.initial.empty());
  CHECK(taken.unused.empty());
}

TEST_CASE("taking over weights: a table that both sides share goes by target words", "[run][init_from]") {
  const auto make = [](uint64_t seed, int64_t words) {
    nn::Seq2SeqOptions options;
    options.embedding = 4;
    options.tied_embeddings = options.shared_embeddings = true;
    options.encoder = lstm_encoder(1, 4);
    options.decoder = lstm_stack(1, 4);
    auto model = std::make_shared<nn::Seq2Seq>(
        options, nn::ModelContext{.source_vocabulary = words, .target_vocabulary = words, .placement = {}});
    randomize(*model, seed);
    return model;
  };
  const auto their_words = vocabulary_of({"a", "b", "c"}), my_words = vocabulary_of({"c", "d"});
  const auto theirs = make(1, 6), mine = make(2, 5);
  const auto other = nn::weights_of(*theirs), before = nn::weights_of(*mine);
  const auto unlike = vocabulary_of({"d", "c", "x"});  // a different source vocabulary

  const auto taken = run::take_over(*mine, {&my_words, &my_words}, other, {&unlike, &their_words});

  const auto now = nn::weights_of(*mine);
  const std::string table = "decoder.embedding.weight";
  CHECK(at::equal(row(now, table, 3), row(other, table, 5)));   // c
  CHECK(at::equal(row(now, table, 4), row(before, table, 4)));  // d is new
  REQUIRE(taken.by_word.size() == 2);                           // the table and the output layer's bias, each once
  CHECK(taken.by_word.front().taken == 4);
  CHECK(taken.initial.empty());
  CHECK(taken.unused.empty());
}

TEST_CASE("taking over weights: what does not fit is left, and named on both sides", "[run][init_from]") {
  const auto words = vocabulary_of({"a", "b", "c"});
  const auto theirs = random_model(1, {.source_words = 6, .target_words = 6, .layers = 2});
  const auto mine = random_model(2, {.source_words = 6, .target_words = 6, .layers = 1});
  auto other = nn::weights_of(*theirs);
  other.tensors["encoder.lstm.bias_ih_l0"] = other.tensors["encoder.lstm.bias_ih_l0"].slice(0, 0, 4);

  const auto taken = run::take_over(*mine, {&words, &words}, other, {&words, &words});

  REQUIRE(taken.initial.size() == 1);
  CHECK_THAT(taken.initial.front(), ContainsSubstring("encoder.lstm.bias_ih_l0 (shape [4] there"));
  CHECK(taken.unused.size() == 9);  // four of each second layer, and the bias
}

TEST_CASE("fine-tuning: starts from the best weights of another run, and says what it took", "[run][init_from]") {
  Toy toy(copied);
  toy.train("first");
  toy.forget_said();

  toy.train_from("second", "first", {"train.updates=5", "train.freeze=[encoder, decoder]"});

  CHECK_THAT(toy.said(), ContainsSubstring("copied by word             encoder.embedding.weight: 6 of 6 words"));
  const auto best = toy.load("first", "best"), second = toy.load("second");
  const auto expected = nn::weights_of(*best.model), found = nn::weights_of(*second.model);
  for (const auto& [name, tensor] : expected.tensors) {
    CAPTURE(name);
    CHECK(at::equal(found.tensors.at(name), tensor) == (name.rfind("output.", 0) != 0));  // all but it are frozen
  }
  CHECK(second.description.init_from->update == best.update);
}

TEST_CASE("fine-tuning: a run that was killed before its first checkpoint begins with the same weights again",
          "[run][init_from][resume]") {
  Toy toy(copied);
  toy.train("first", {"train.updates=10"});
  toy.train_from("whole", "first", {"train.updates=5"});
  kill_before_first_checkpoint(toy, "cut", [&toy] { toy.train_from("cut", "first", {"train.updates=5"}); });

  toy.resume("cut");

  CHECK((parameters_of(toy / "cut", 5) == parameters_of(toy / "whole", 5)));
}

TEST_CASE("starting from a run: learned tokenizers are inherited if both sides are configured alike",
          "[run][init_from]") {
  Toy toy(copied);
  const std::string pieces = "{kind: sentencepiece, train: bpe, size: 6}";
  const std::vector<std::string> learned{"data.source.tokenizer=" + pieces, "data.target.tokenizer=" + pieces,
                                         "train.updates=2"};
  toy.train("parent", learned);
  // Text that has only some of the letters: tokenizers trained on it would have other pieces.
  toy.folder().file("train.source", "a a b\nb a\nb b\na b a\n");
  toy.folder().file("train.target", "a a b\nb a\nb b\na b a\n");
  toy.forget_said();

  SECTION("alike") {
    toy.train_from("child", "parent", learned);
    CHECK_THAT(toy.said(), ContainsSubstring("tokenizers and vocabularies are those of"));
    for (const auto* file : {"source.tokenizer", "target.tokenizer", "source.vocabulary", "target.vocabulary"})
      CHECK(content_of(toy / "child" / file) == content_of(toy / "parent" / file));
    const auto resumed = toy.resume("child", {"train.updates=4"});
    CHECK(resumed.update == 4);
  }
  SECTION("otherwise") {
    auto other = learned;
    for (auto& key : {&other[0], &other[1]}) key->replace(key->find("size: 6"), 7, "size: 5");
    toy.train_from("child", "parent", other);
    CHECK_THAT(toy.said(), ContainsSubstring("because `data.source.tokenizer.size` differs (6 in"));
    CHECK(content_of(toy / "child/source.tokenizer") != content_of(toy / "parent/source.tokenizer"));
  }
}

}  // namespace seq2seq::test
