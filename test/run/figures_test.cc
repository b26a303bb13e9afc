#include "seq2seq/run/figures.h"

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "test/metrics/real_text.h"
#include "test/support/catch.h"
#include "test/support/temporary_folder.h"
#include "test/support/texts.h"
#include "test/support/witness.h"

namespace seq2seq::test {

namespace {

/// Two files of references with gaps and outputs that are near them, as lines.
struct Sample {
  std::vector<std::string> outputs;
  std::vector<std::vector<std::string>> references;
};

Sample sample(unsigned seed) {
  std::mt19937_64 random(seed);
  auto lines = cased_lines();
  std::shuffle(lines.begin(), lines.end(), random);
  lines.resize(200);
  Sample sample{.outputs = {}, .references = {{}, {}}};
  for (const auto& line : lines) {
    const auto missing = random() % 4;  // of four sentences one has no first reference, and one no second
    sample.outputs.push_back(perturbed(line, random));
    sample.references[0].push_back(missing == 0 ? "" : line);
    sample.references[1].push_back(missing == 1 ? "" : perturbed(line, random) + " x");
  }
  return sample;
}

metrics::Bleu measured_bleu(const Texts& texts, const metrics::MetricOptions& options) {
  return run::measure_outputs(texts.predictor, texts.set, texts.text, texts.decode, options).bleu;
}

/// Returns sacreBLEU's score and signature by tokenizer and case, with its default smoothing.
std::map<std::string, std::pair<double, std::string>> by_sacrebleu(const std::string& output) {
  std::map<std::string, std::pair<double, std::string>> scores;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string tokenizer, smoothing, letters;
    double score = 0;
    fields >> tokenizer >> smoothing >> letters >> score;
    const auto signature = line.substr(line.rfind('\t') + 1);
    scores[tokenizer + " " + letters] = {score, signature};
  }
  return scores;
}

}  // namespace

TEST_CASE("figures: BLEU through any tokenizer and normal form is sacreBLEU's on the files",
          "[run][evaluate][witness]") {
  const auto tokenizer = GENERATE(from_range(text::builtin_tokenizers().names()));
  const auto form = GENERATE(text::NormalForm::none, text::NormalForm::nfc, text::NormalForm::nfkc);
  const bool lowercase = GENERATE(false, true);
  CAPTURE(tokenizer, static_cast<int>(form), lowercase);
  const auto lines = sample(5);
  const TemporaryFolder folder;
  const Texts texts(folder, tokenizer, {.form = form, .lowercase = lowercase}, lines.outputs, lines.references);
  folder.file("hypotheses", joined(texts.written()));  // outputs of `translate`
  const auto output = run_witness("bleu.py", folder.path(), "exp");
  if (!output) {
    WARN("skipped: no witness sacrebleu");
    return;
  }
  REQUIRE(texts.set.corpus.pairs() == 200);
  const auto scores = by_sacrebleu(*output);
  REQUIRE(scores.size() == 2 * metrics::bleu_tokenizer_names().size());
  for (const auto& [name, kind] : metrics::bleu_tokenizer_names()) {
    for (const bool lower : {false, true}) {
      const auto& [score, signature] = scores.at(name + (lower ? " lc" : " mixed"));
      const auto bleu = measured_bleu(texts, {.lowercase = lower, .bleu_tokenizer = kind});
      CAPTURE(name, lower, signature);
      CHECK(score > 1);
      CHECK_THAT(bleu.score, WithinAbs(score, 1e-9));  // the same formula in double
      CHECK(bleu.signature.substr(0, bleu.signature.find("|version:")) ==
            signature.substr(0, signature.find("|version:")));
    }
  }
}

TEST_CASE("figures: what the tokenizer makes of a reference is exact, in lower case whatever the letters",
          "[run][evaluate][property]") {
  const auto tokenizer = GENERATE(from_range(text::builtin_tokenizers().names()));
  const bool lowercase = GENERATE(false, true);
  CAPTURE(tokenizer, lowercase);
  const auto lines = cased_lines();
  const TemporaryFolder folder;
  const Texts texts(folder, tokenizer, {.form = text::NormalForm::none, .lowercase = lowercase}, lines, {lines});
  const auto rates = [&](bool lower) {
    return run::measure_outputs(texts.predictor, texts.set, texts.text, texts.decode, {.lowercase = lower}).rates;
  };
  const auto in_lower_case =
      std::count_if(lines.begin(), lines.end(), [](const auto& line) { return metrics::lower_case(line) == line; });

  CHECK(rates(true).exact == std::ssize(lines));
  CHECK(rates(false).exact == (lowercase ? in_lower_case : std::ssize(lines)));
  CHECK(in_lower_case > 10);
  CHECK(in_lower_case < std::ssize(lines) - 10);
}

TEST_CASE("figures: error rates compare the reference's own characters", "[run][evaluate]") {
  const TemporaryFolder folder;
  const std::string composed = "caf\u00E9 fin", decomposed = "cafe\u0301 \uFB01n";
  const auto rates = [&](text::NormalForm form, const std::string& tokenizer) {
    const Texts texts(folder, tokenizer, {.form = form, .lowercase = false}, {decomposed}, {{decomposed}});
    return run::measure_outputs(texts.predictor, texts.set, texts.text, texts.decode).rates;
  };
  CHECK(rates(text::NormalForm::none, "whitespace").edits == 0);
  CHECK(rates(text::NormalForm::nfc, "whitespace").edits == 1);
  CHECK(rates(text::NormalForm::nfkc, "whitespace").edits == 2);
  CHECK(rates(text::NormalForm::nfc, "character").edits == 2);  // e and its accent are two of nine characters
  CHECK(rates(text::NormalForm::nfc, "character").reference_tokens == 8);
}

}  // namespace seq2seq::test
