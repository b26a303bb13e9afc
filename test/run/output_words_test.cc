#include "seq2seq/run/output_words.h"

#include <algorithm>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/run/evaluate.h"
#include "seq2seq/run/translate.h"
#include "test/support/catch.h"
#include "test/support/piecewise_source.h"
#include "test/support/toy.h"
#include "test/support/translation.h"

namespace seq2seq::test {

namespace {

using Kind = decode::UnknownOptions::Kind;

data::TextPipeline plain_text() {
  return {{}, text::builtin_tokenizers(), text::Vocabulary({{"a", 1}}), text::Vocabulary({{"A", 2}, {"B", 1}})};
}

/// Returns the links of copied sequences: each word to itself.
std::string copied_links(const std::string& sources) {
  std::string text;
  for (const auto& line : lines_in(sources)) {
    const auto tokens = std::count(line.begin(), line.end(), ' ') + 1;
    for (int64_t token = 0; token < tokens; ++token)
      text += fmt::format("{}{}-{}", token == 0 ? "" : " ", token, token);
    text += "\n";
  }
  return text;
}

double exact_match(Toy& toy, const run::LoadedRun& run) {
  return run::evaluate(run, {}, toy.environment).outputs.rates.exact_match();
}

}  // namespace

TEST_CASE("unknown words: kept, dropped, replaced by the most attended source word or its translation",
          "[run][unknown]") {
  const TemporaryFolder folder;
  const auto text = plain_text();
  const std::vector<int64_t> ids{3, text::unknown_id, 4, text::unknown_id};
  const std::vector<std::string> source{"Oslo", "a", "Rio"};
  // At the last word, the end symbol has the largest weight; a source word is taken instead.
  const decode::AttentionWeights weights{
      {1, 0, 0, 0}, {0.1F, 0.2F, 0.6F, 0.1F}, {0, 1, 0, 0}, {0.2F, 0.15F, 0.05F, 0.6F}, {0, 0, 0, 1}};
  const auto words = [&](const decode::UnknownOptions& options) {
    return run::OutputWords(options, text).write(ids, source, weights).words;
  };
  using Words = std::vector<std::string>;
  CHECK(words({.kind = Kind::keep}) == Words{"A", "<unk>", "B", "<unk>"});
  CHECK(words({.kind = Kind::drop}) == Words{"A", "B"});
  CHECK(words({.kind = Kind::replace}) == Words{"A", "Rio", "B", "Oslo"});
  const auto dictionary = folder.file("dictionary", "Oslo\tKristiania\nRio\tRio de Janeiro\n");
  CHECK(words({.kind = Kind::replace, .dictionary = dictionary}) ==
        Words{"A", "Rio", "de", "Janeiro", "B", "Kristiania"});
  const auto positions = [&](const decode::UnknownOptions& options) {
    return run::OutputWords(options, text).write(ids, source, weights).positions;
  };
  CHECK(positions({.kind = Kind::drop}) == std::vector<size_t>{0, 2});
  CHECK(positions({.kind = Kind::replace, .dictionary = dictionary}) == std::vector<size_t>{0, 1, 1, 1, 2, 3});
  CHECK(run::OutputWords({.kind = Kind::replace}, text).write(ids, {}, weights).words ==
        Words{"A", "<unk>", "B", "<unk>"});
  CHECK(run::OutputWords({.kind = Kind::replace}, text).needs_attention(ids));
  CHECK_FALSE(run::OutputWords({.kind = Kind::replace}, text).needs_attention({3, 4}));
  CHECK_FALSE(run::OutputWords({.kind = Kind::drop}, text).needs_attention(ids));
}

TEST_CASE("unknown words: a source word replaces without its factors", "[run][unknown]") {
  data::DataOptions options;
  options.source_form.factors = 1;
  const data::TextPipeline text(options, text::builtin_tokenizers(), text::Vocabulary({{"a", 1}}),
                                text::Vocabulary({{"A", 1}}));
  const auto words = [&](int64_t id) {
    return run::OutputWords({.kind = Kind::replace}, text).write({id}, {"Oslo\uFFE8NE"}, {{1, 0}, {0, 1}}).words;
  };
  CHECK(words(text::unknown_id) == std::vector<std::string>{"Oslo"});
}

TEST_CASE("unknown words: what stands between the parts of a source replaces none", "[run][unknown][parts]") {
  data::DataOptions options;
  options.source_form.parts = 2;
  const data::TextPipeline text(options, text::builtin_tokenizers(), text::Vocabulary({{"a", 1}}),
                                text::Vocabulary({{"<unk:0>", 1}}));
  const auto words = [&](Kind kind, const std::vector<int64_t>& ids, const std::vector<std::string>& source) {
    const std::vector<float> even(source.size(), 0.5F);
    return run::OutputWords({.kind = kind}, text)
        .write(ids, source, decode::AttentionWeights(ids.size() + 1, even))
        .words;
  };
  using Words = std::vector<std::string>;
  CHECK(words(Kind::replace, {text::unknown_id}, {"|||", "Oslo"}) == Words{"Oslo"});
  CHECK(words(Kind::replace, {text::unknown_id}, {"|||"}) == Words{"<unk>"});
  CHECK(words(Kind::positional, {3, 3, 3}, {"Rio", "|||", "Oslo"}) == Words{"Rio", "<unk>", "Oslo"});
}

TEST_CASE("unknown words: an annotated word is replaced by the source word whose place it names", "[run][unknown]") {
  const TemporaryFolder folder;
  const data::TextPipeline text(
      {}, text::builtin_tokenizers(), text::Vocabulary({{"a", 1}}),
      text::Vocabulary({{"A", 9}, {"<unk:0>", 8}, {"<unk:-2>", 7}, {"<unk:1>", 6}, {"<unk:none>", 5}, {"<unk:1", 4}}));
  const auto id = [&text](const char* word) { return text.target_vocabulary().id(word); };
  const auto words = [&](const std::vector<int64_t>& ids, const std::filesystem::path& dictionary = {}) {
    return run::OutputWords({.kind = Kind::positional, .dictionary = dictionary}, text)
        .write(ids, {"Oslo", "a", "Rio"}, {})
        .words;
  };
  using Words = std::vector<std::string>;
  CHECK(words({id("<unk:-2>"), id("A"), id("<unk:1>")}) == Words{"Rio", "A", "a"});
  CHECK(words({id("<unk:0>")}, folder.file("dictionary", "Oslo\tKristiania town\n")) == Words{"Kristiania", "town"});
  // Before the first word, after the last one, no word, an unterminated number.
  CHECK(words({id("<unk:1>"), id("<unk:-2>"), id("<unk:none>"), id("<unk:1")}) ==
        Words{"<unk>", "<unk>", "<unk>", "<unk>"});
  CHECK(words({text::unknown_id}) == Words{"<unk>"});
  CHECK_FALSE(run::OutputWords({.kind = Kind::positional}, text).needs_attention({id("<unk:0>")}));
  const auto plain = plain_text();
  CHECK_THAT(
      message_of<Error>([&] { run::OutputWords({.kind = Kind::positional}, plain); }),
      ContainsSubstring("the target's vocabulary has no word `<unk:d>`") && ContainsSubstring("annotate-unknown"));
}

TEST_CASE("unknown words: a fault in the dictionary is named with its line", "[run][unknown][error]") {
  const TemporaryFolder folder;
  const auto fault = [&](const std::string& content) {
    const auto file = folder.file("dictionary", content);
    const auto text = plain_text();
    return message_of<Error>([&] { run::OutputWords({.kind = Kind::replace, .dictionary = file}, text); });
  };
  CHECK_THAT(fault("a\tb\nc d\n"), ContainsSubstring("dictionary:2: is not a source word, a tab and its translation"));
  CHECK_THAT(fault("a\t \n"), ContainsSubstring("dictionary:1: is not"));
  CHECK_THAT(fault("a\tb\na\tc\n"), ContainsSubstring("dictionary:2: has `a` for the second time"));
}

TEST_CASE("unknown words: a model with attention copies what it cannot write, in `translate` and `evaluate`",
          "[run][unknown][learning]") {
  Toy toy(copied, /*letters=*/5, /*longest=*/5, /*held_out=*/200);
  // Without guidance, attention sometimes reads the state next to that of the word, which also depends on the word.
  const auto links_file = toy.folder().file("train.links", copied_links(content_of(toy / "train.source")));
  toy.train("run", {"model.attention.kind=general", "model.attention.input_feeding=true", "model.embedding.size=32",
                    "data.target.vocabulary.size=3", "model.encoder.layers=1", "model.decoder.layers=1",
                    "model.encoder.cells=64", "model.decoder.cells=64", "train.batch.sentences=64",
                    "train.schedule.warmup_updates=100", "train.updates=1000", "train.validate.every_updates=1000",
                    fmt::format("data.train.alignment=[{}]", links_file.string()), "train.guided_alignment.weight=1"});
  const auto known = toy.load("run").text->target_vocabulary();
  const auto shown = [&known](const std::string& unknown) {
    std::string line;
    for (const std::string letter : {"a", "b", "c", "d", "e"}) {
      const auto word = known.id(letter) != text::unknown_id ? letter : unknown;
      if (word != "-") line += (line.empty() ? "" : " ") + word;
    }
    return line + "\n";
  };
  const auto load = [&toy](const std::string& kind) {
    return toy.load("run", "last", {"decode.allow_unknown=true", "decode.unknown.kind=" + kind});
  };
  const std::string source = "a b c d e\n";
  CHECK(translation_of(load("keep"), source) == shown("<unk>"));
  CHECK(translation_of(load("drop"), source) == shown("-"));
  CHECK(translation_of(load("replace"), source) == source);

  std::ostringstream out, links;
  auto lines = line_reader(source);
  run::translate(load("drop"), lines, out, {.alignments = {.links = &links}});
  std::string wanted;
  int64_t next = 0;
  for (int64_t i = 0; i < 5; ++i)
    if (known.id(std::string(1, static_cast<char>('a' + i))) != text::unknown_id)
      wanted += fmt::format("{}{}-{}", wanted.empty() ? "" : " ", i, next++);
  CHECK(links.str() == wanted + "\n");  // counted in the remaining words

  // The same figure as for the lines of `translate`.
  for (const std::string kind : {"keep", "drop", "replace"}) {
    const auto run = load(kind);
    const auto found = lines_in(translation_of(run, content_of(toy / "held.source")));
    const auto references = lines_in(content_of(toy / "held.target"));
    double exact = 0;
    for (size_t i = 0; i < references.size(); ++i) exact += found[i] == references[i] ? 1 : 0;
    CAPTURE(kind);
    CHECK_THAT(exact_match(toy, run), WithinAbs(exact / static_cast<double>(references.size()), 1e-12));
  }
  CHECK(exact_match(toy, load("replace")) > 0.9);
  CHECK(exact_match(toy, load("keep")) < 0.5);
}

TEST_CASE("unknown words: what cannot be done is refused with the reason", "[run][unknown][error]") {
  Toy toy(turned);
  toy.train("plain", {"train.updates=1"});
  toy.train("attending", {"train.updates=1", "model.attention.kind=general"});
  const auto fault = [&toy](const std::string& run, const std::vector<std::string>& set) {
    return message_of<UsageError>([&] { toy.load(run, "last", set); });
  };
  CHECK_THAT(fault("plain", {"decode.allow_unknown=true", "decode.unknown.kind=replace"}),
             ContainsSubstring("decode.unknown.kind") && ContainsSubstring("this model has no attention"));
  CHECK_THAT(fault("attending", {"decode.unknown.kind=drop"}), ContainsSubstring("decode.allow_unknown: true"));
  CHECK_THAT(fault("attending", {"decode.unknown.dictionary=x"}),
             ContainsSubstring("has no effect without `kind: replace`"));
  CHECK_THAT(message_of<UsageError>([&] {
               toy.train("refused", {"decode.allow_unknown=true", "decode.unknown.kind=replace"});
             }),
             ContainsSubstring("this model has no attention"));
}

}  // namespace seq2seq::test
