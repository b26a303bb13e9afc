#include "seq2seq/run/pretrained.h"

#include <string>
#include <vector>

#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/nn/weights.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

constexpr int64_t width = 8;  // of the word vectors below
const std::vector<std::string> small{"train.updates=3", "model.embedding.size=8"};

/// Returns a file of vectors of these words; all numbers of the nth are n + `first`.
std::string vectors_of(const Symbols& words, double first) {
  std::string lines;
  for (size_t word = 0; word < words.size(); ++word) {
    lines += words[word];
    for (int64_t column = 0; column < width; ++column) lines += fmt::format(" {}", first + static_cast<double>(word));
    lines += "\n";
  }
  return lines;
}

std::vector<std::string> with(const std::vector<std::string>& set, const std::vector<std::string>& more) {
  auto all = set;
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

at::Tensor vector_of(const run::LoadedRun& run, const text::Vocabulary& words, const std::string& table,
                     const std::string& word) {
  return nn::weights_of(*run.model).tensors.at(table)[words.id(word)];
}

}  // namespace

TEST_CASE("pretrained word vectors: words of the file start from it, others as usual, and what was found is said",
          "[run][pretrained]") {
  Toy toy(copied);
  toy.folder().file("words.vec", vectors_of({"b", "elsewhere", "a"}, 5));
  const std::vector<std::string> frozen{"train.freeze=[encoder.embedding, decoder.embedding]"};
  toy.train("usual", with(small, frozen));
  toy.forget_said();
  const auto key = GENERATE(as<std::string>(), "source", "target");
  CAPTURE(key);

  toy.train("run",
            with(with(small, frozen), {fmt::format("model.pretrained.{}={}", key, (toy / "words.vec").string())}));

  CHECK_THAT(toy.said(), ContainsSubstring(fmt::format("2 of 3 {} words (66.7 %) start from", key)));
  const auto run = toy.load("run"), usual = toy.load("usual");
  const auto& words = key == "source" ? run.text->source_vocabulary() : run.text->target_vocabulary();
  const std::string table = key == "source" ? "encoder.embedding.weight" : "decoder.embedding.weight";
  const std::string other = key == "source" ? "decoder.embedding.weight" : "encoder.embedding.weight";
  CHECK(vector_of(run, words, table, "b").equal(at::full({width}, 5.0F)));
  CHECK(vector_of(run, words, table, "a").equal(at::full({width}, 7.0F)));
  CHECK(vector_of(run, words, table, "c").equal(vector_of(usual, words, table, "c")));
  CHECK(vector_of(run, words, other, "a").equal(vector_of(usual, words, other, "a")));
}

TEST_CASE("pretrained word vectors: the file's content is part of the digest, its place is not", "[run][pretrained]") {
  Toy toy(copied);
  const auto one = toy.folder().file("one.vec", vectors_of({"a"}, 1)),
             same = toy.folder().file("same.vec", vectors_of({"a"}, 1)),
             two = toy.folder().file("two.vec", vectors_of({"a"}, 2));
  const auto digest_of = [&](const std::string& name, const std::vector<std::string>& set) {
    toy.train(name, with(small, set));
    return toy.load(name).description.digest;
  };
  const auto of_one = digest_of("one", {"model.pretrained.source=" + one.string()});
  CHECK(digest_of("same", {"model.pretrained.source=" + same.string()}) == of_one);
  CHECK(digest_of("two", {"model.pretrained.source=" + two.string()}) != of_one);
  CHECK(digest_of("none", {}) != of_one);
}

TEST_CASE("pretrained word vectors: sides that share one table start from one file", "[run][pretrained]") {
  Toy toy(copied);
  const auto file = toy.folder().file("words.vec", vectors_of({"a", "b"}, 3)).string();
  const auto shared =
      with(small, {"model.embedding.shared=true", "data.shared_vocabulary=true", "train.freeze=[decoder.embedding]"});
  const auto refused = message_of<UsageError>([&] {
    toy.train("both", with(shared, {"model.pretrained.source=" + file, "model.pretrained.target=" + file}));
  });
  CHECK_THAT(refused, ContainsSubstring("`model.pretrained.target`: shared word vectors"));

  toy.train("run", with(shared, {"model.pretrained.source=" + file}));

  const auto run = toy.load("run");
  CHECK(vector_of(run, run.text->target_vocabulary(), "decoder.embedding.weight", "b").equal(at::full({width}, 4.0F)));
}

TEST_CASE("pretrained word vectors: a wrong file leaves no folder behind", "[run][pretrained][error]") {
  Toy toy(copied);
  const auto file = toy.folder().file("words.vec", "a 1 2\n").string();
  const auto refused = message_of<Error>([&] { toy.train("run", with(small, {"model.pretrained.source=" + file})); });
  CHECK_THAT(refused,
             ContainsSubstring("words.vec:1: has vectors of 2 numbers, but the word vectors of the model have 8"));
  CHECK_FALSE(fs::exists(toy / "run"));
  CHECK_THAT(
      message_of<Error>([&] { toy.train("run", with(small, {"model.pretrained.source=" + (toy / "no").string()})); }),
      ContainsSubstring((toy / "no").string()));
}

}  // namespace seq2seq::test
