#include <string>

#include "seq2seq/config/keys.h"
#include "seq2seq/config/reader.h"
#include "seq2seq/core/error.h"
#include "seq2seq/text/escape.h"
#include "seq2seq/text/normalize.h"
#include "seq2seq/text/tokenizer.h"
#include "test/support/catch.h"

using namespace seq2seq;
using namespace seq2seq::test;

namespace {

struct Section {
  Selection tokenizer{"whitespace", nullptr};
  text::NormalizeOptions normalize;
  text::SpecialSymbols special_symbols = text::SpecialSymbols::unknown;
};

/// Returns the error of a section of these keys; empty if it is valid.
std::string fault_of(const std::string& yaml, Section& section) {
  const auto registry = text::builtin_tokenizers();
  config::Keys keys;
  keys.select("tokenizer", section.tokenizer, registry, "what cuts");
  keys.section("normalize", section.normalize, "normal form");
  text::declare_special_symbols(keys, section.special_symbols);
  try {
    config::read_text(yaml, "text.yaml", "/folder", {}, keys);
    return {};
  } catch (const UsageError& error) {
    return error.what();
  }
}

std::string fault_of(const std::string& yaml) {
  Section section;
  return fault_of(yaml, section);
}

}  // namespace

TEST_CASE("text options: every key takes its value", "[text][options]") {
  Section section;
  REQUIRE(fault_of("normalize: {form: nfkc, lowercase: true}\nspecial_symbols: escape", section).empty());
  REQUIRE(section.normalize.form == text::NormalForm::nfkc);
  REQUIRE(section.normalize.lowercase);
  REQUIRE(section.special_symbols == text::SpecialSymbols::escape);
}

TEST_CASE("text options: what belongs together is read", "[text][options]") {
  const std::string options = GENERATE("moses, language: fr, escape: false, aggressive_dashes: true", "sentencepiece",
                                       "sentencepiece, model: a.model, sample: {dropout: 0.1}",
                                       "sentencepiece, model: a.model, sample: {alpha: 0}",
                                       "sentencepiece, train: unigram, size: 500, sample: {alpha: 0.2}",
                                       "sentencepiece, train: bpe, size: 500, sample: {dropout: 0.1}");
  CAPTURE(options);

  REQUIRE(fault_of("tokenizer: {kind: " + options + "}").empty());
}

TEST_CASE("text options: what contradicts itself is told at its place", "[text][options][error]") {
  const auto [options, message] = GENERATE(table<std::string, std::string>({
      {"sentencepiece, model: a.model, size: 500", "`tokenizer.model`: is an existing model"},
      {"sentencepiece, model: a.model, train: bpe", "`tokenizer.model`: is an existing model"},
      {"sentencepiece, sample: {alpha: 0.1, dropout: 0.1}", "set only one of them"},
      {"sentencepiece, sample: {dropout: 0.1}", "a unigram model is sampled by `alpha`"},
      {"sentencepiece, train: bpe, sample: {alpha: 0.1}", "BPE is sampled by `dropout`"},
      {"sentencepiece, sample: {dropout: 1.5}", "dropout"},
      {"moses, language: it", "language"},
  }));
  CAPTURE(options);

  const auto fault = fault_of("tokenizer: {kind: " + options + "}");
  REQUIRE_THAT(fault, Catch::Matchers::StartsWith("text.yaml:1:"));
  REQUIRE_THAT(fault, ContainsSubstring(message));
}
