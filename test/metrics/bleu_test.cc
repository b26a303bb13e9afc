#include "seq2seq/metrics/bleu.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/core/version.h"
#include "test/metrics/real_text.h"
#include "test/support/catch.h"
#include "test/support/random_text.h"
#include "test/support/random_unicode.h"
#include "test/support/temporary_folder.h"
#include "test/support/witness.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::metrics;

namespace {

const std::map<std::string, BleuTokenizer> kTokenizers{{"none", BleuTokenizer::none},
                                                       {"13a", BleuTokenizer::mteval_13a},
                                                       {"intl", BleuTokenizer::international},
                                                       {"zh", BleuTokenizer::chinese},
                                                       {"char", BleuTokenizer::characters}};
const std::map<std::string, bool> kCases{{"mixed", false}, {"lc", true}};
const std::map<std::string, Smoothing> kSmoothings{{"none", Smoothing::none},
                                                   {"exp", Smoothing::exponential},
                                                   {"floor", Smoothing::floor},
                                                   {"add-k", Smoothing::add_one}};

/// Hypotheses and files of references, which may have empty lines.
struct Sample {
  std::vector<std::string> hypotheses;
  std::vector<std::vector<std::string>> references;
};

/// Returns up to `lines` lines of real text (0: all) and `files` perturbed copies of each, some missing with `gaps`.
Sample sample(unsigned seed, std::size_t files, bool gaps, std::size_t lines = 0) {
  std::mt19937_64 random(seed);
  Sample result;
  result.hypotheses = real_lines();
  std::shuffle(result.hypotheses.begin(), result.hypotheses.end(), random);
  if (lines > 0) result.hypotheses.resize(lines);
  result.references.resize(files);
  for (const auto& line : result.hypotheses) {
    for (std::size_t file = 0; file < files; ++file) {
      const bool missing = gaps && random() % 3 == 0;
      result.references[file].push_back(missing ? "" : perturbed(line, random));
    }
  }
  return result;
}

std::optional<std::string> by_sacrebleu(const Sample& sample, const TemporaryFolder& folder) {
  folder.file("hypotheses", joined(sample.hypotheses));
  for (std::size_t i = 0; i < sample.references.size(); ++i) {
    folder.file("references." + std::to_string(i), joined(sample.references[i]));
  }
  return run_witness("bleu.py", folder.path());
}

/// Returns the references of each sentence: the lines that are not empty, or an empty one if there are none.
References by_sentence(const Sample& sample) {
  References all;
  for (std::size_t sentence = 0; sentence < sample.hypotheses.size(); ++sentence) {
    auto& lines = all.emplace_back();
    for (const auto& file : sample.references)
      if (!file[sentence].empty()) lines.push_back(file[sentence]);
    if (lines.empty()) lines.emplace_back();
  }
  return all;
}

std::string without_version(const std::string& signature) { return signature.substr(0, signature.find("version:")); }

/// Compares one line of the witness with ours.
void compare(const std::string& line, const Sample& sample) {
  std::istringstream fields(line);
  std::string tokenizer, smoothing, letters, text, signature;
  double score = 0, penalty = 0;
  std::array<double, 4> precisions{};
  int64_t hypothesis_tokens = 0, reference_tokens = 0;
  fields >> tokenizer >> smoothing >> letters >> score;
  for (auto& precision : precisions) fields >> precision;
  fields >> penalty >> hypothesis_tokens >> reference_tokens;
  fields.ignore(1);
  std::getline(fields, text, '\t');
  std::getline(fields, signature);
  CAPTURE(line);

  const auto bleu = corpus_bleu(sample.hypotheses, by_sentence(sample),
                                {.tokenizer = kTokenizers.at(tokenizer),
                                 .smoothing = kSmoothings.at(smoothing),
                                 .lowercase = kCases.at(letters)});

  // The same formula in double, so only the last digits may differ.
  REQUIRE_THAT(bleu.score, WithinAbs(score, 1e-9));
  for (std::size_t n = 0; n < 4; ++n) REQUIRE_THAT(bleu.precisions[n], WithinAbs(precisions[n], 1e-9));
  REQUIRE_THAT(bleu.brevity_penalty, WithinAbs(penalty, 1e-12));
  REQUIRE(bleu.counts.hypothesis_tokens == hypothesis_tokens);
  REQUIRE(bleu.counts.reference_tokens == reference_tokens);
  REQUIRE(bleu.text() == text);
  REQUIRE(without_version(bleu.signature) == without_version(signature));
}

}  // namespace

TEST_CASE("bleu: equals sacreBLEU's on real text", "[metrics][bleu][witness]") {
  const auto [files, gaps, lines] = GENERATE(table<std::size_t, bool, std::size_t>(
      {{1, false, 400}, {3, false, 200}, {3, true, 200}, {1, false, 2}, {2, true, 3}}));
  const auto seed = GENERATE(range(1u, 3u));
  CAPTURE(files, gaps, lines, seed);
  const auto text = sample(seed, files, gaps, lines);
  const TemporaryFolder folder;
  const auto output = by_sacrebleu(text, folder);
  if (!output) {
    WARN("skipped: no witness sacrebleu");
    return;
  }
  std::istringstream results(*output);
  int compared = 0;
  for (std::string line; std::getline(results, line); ++compared) compare(line, text);
  REQUIRE(compared == 40);
}

TEST_CASE("bleu: short and empty hypotheses score as in sacreBLEU", "[metrics][bleu][witness]") {
  const auto text =
      GENERATE(Sample{{"a"}, {{"a"}}}, Sample{{"a b", ""}, {{"a b c", "d"}}}, Sample{{"a b c d x"}, {{"b a d c x"}}},
               Sample{{"x"}, {{"y z"}}}, Sample{{"a b c"}, {{"a b c"}}}, Sample{{"a a a a"}, {{"a b"}, {"a a"}}});
  const TemporaryFolder folder;
  const auto output = by_sacrebleu(text, folder);
  if (!output) {
    WARN("skipped: no witness sacrebleu");
    return;
  }
  std::istringstream results(*output);
  for (std::string line; std::getline(results, line);) compare(line, text);
}

TEST_CASE("bleu: each tokenizer cuts lines as sacreBLEU's does", "[metrics][bleu][witness]") {
  std::mt19937_64 random(3);
  auto lines = real_lines();
  std::vector<std::string> pieces;
  for (char character = ' '; character <= '~'; ++character) pieces.emplace_back(1, character);
  for (const std::string piece : {".", ",", "-", "1", "2", "é", "\u00A0", "&amp;", "&quot;", "<skipped>", "。", "\t"}) {
    pieces.insert(pieces.end(), 8, piece);
  }
  for (int i = 0; i < 3000; ++i) lines.push_back(random_text(random, pieces, 20));
  const TemporaryFolder folder;
  for (int i = 0; i < 3000; ++i) lines.push_back(random_unicode(random, 12));
  if (!by_sacrebleu({.hypotheses = lines, .references = {}}, folder)) {
    WARN("skipped: no witness sacrebleu");
    return;
  }
  for (const auto& [name, tokenizer] : kTokenizers) {
    std::istringstream theirs(content_of(folder / ("tokenized." + name)));
    std::string expected;
    for (const auto& line : lines) {
      std::getline(theirs, expected);
      CAPTURE(name, line);
      REQUIRE(tokenize_for_bleu(line, tokenizer) == expected);
    }
  }
}

TEST_CASE("bleu: the signature names references, tokenizer, smoothing and version as sacreBLEU writes them",
          "[metrics][bleu]") {
  const auto one = corpus_bleu({"a"}, {{"a"}});
  const auto several = corpus_bleu({"a", "b"}, {{"a", "b"}, {"c"}}, {BleuTokenizer::mteval_13a, Smoothing::floor});

  REQUIRE(one.signature == "nrefs:1|case:mixed|eff:no|tok:none|smooth:exp|version:seq2seq-" + version().number);
  REQUIRE(without_version(several.signature) == "nrefs:var|case:mixed|eff:no|tok:13a|smooth:floor[0.10]|");
}

TEST_CASE("bleu: counts of sentences add up to the corpus'", "[metrics][bleu][property]") {
  const auto text = sample(4, 2, true, 50);
  const auto references = by_sentence(text);
  BleuCounts sum;
  for (std::size_t i = 0; i < references.size(); ++i) sum += count_bleu(text.hypotheses[i], references[i]);

  REQUIRE_THAT(bleu_of(sum, Smoothing::exponential).score,
               WithinAbs(corpus_bleu(text.hypotheses, references).score, 1e-12));
}

TEST_CASE("bleu: unequal numbers, no lines and no reference are refused", "[metrics][bleu][error]") {
  REQUIRE_THROWS_AS(corpus_bleu({"a"}, {}), Error);
  REQUIRE_THROWS_AS(corpus_bleu({}, {}), Error);
  REQUIRE_THROWS_WITH(corpus_bleu({"a", "b"}, {{"a"}, {}}), ContainsSubstring("sentence 2 has no reference"));
}
