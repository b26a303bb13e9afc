#include "seq2seq/metrics/metric.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "seq2seq/metrics/words.h"
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

/// Outputs with their references; any file but the first may lack some.
struct OutputSample {
  std::vector<std::string> outputs;
  std::vector<std::vector<std::string>> references;

  void add(const std::string& output, const std::vector<std::string>& lines) {
    references.resize(std::max(references.size(), lines.size()));
    outputs.push_back(output);
    for (std::size_t i = 0; i < references.size(); ++i)
      references[i].push_back(i < lines.size() ? lines[i] : std::string());
  }

  References by_sentence() const {
    References all(outputs.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      for (const auto& file : references)
        if (!file[i].empty()) all[i].push_back(file[i]);
      if (all[i].empty()) all[i].emplace_back();
    }
    return all;
  }
};

/// Returns the pieces of the line in another order: shifts in TER.
std::string shuffled(const std::string& line, std::mt19937_64& random) {
  auto words = split_words(line);
  for (int i = 0; i < 2 && words.size() > 4; ++i) {
    const auto from = random() % (words.size() - 2), length = 1 + random() % 2;
    const Tokens moved(words.begin() + static_cast<std::ptrdiff_t>(from),
                       words.begin() + static_cast<std::ptrdiff_t>(from + length));
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(from),
                words.begin() + static_cast<std::ptrdiff_t>(from + length));
    const auto to = static_cast<std::ptrdiff_t>(random() % (words.size() + 1));
    words.insert(words.begin() + to, moved.begin(), moved.end());
  }
  std::string result;
  for (const auto& word : words) result += (result.empty() ? "" : " ") + word;
  return result;
}

OutputSample real_text(unsigned seed) {
  std::mt19937_64 random(seed);
  auto lines = real_lines();
  std::shuffle(lines.begin(), lines.end(), random);
  lines.resize(250);
  OutputSample sample;
  for (const auto& line : lines) {
    const bool second = random() % 3 > 0;
    sample.add(shuffled(perturbed(line, random), random), {line, second ? perturbed(line, random) + " x" : ""});
  }
  return sample;
}

/// Returns outputs of trained models, from the records of the studies under experiments/.
OutputSample committed_outputs(unsigned /*seed*/) {
  std::set<std::pair<std::string, std::string>> shown;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(SEQ2SEQ_SOURCE_DIR "/experiments")) {
    if (entry.path().extension() != ".json" || entry.path().parent_path().filename() != "records") continue;
    std::ifstream file(entry.path());
    const auto record = nlohmann::json::parse(file);
    for (const auto& example : record.at("examples"))
      shown.emplace(example.at("output").get<std::string>(), example.at("reference").get<std::string>());
  }
  OutputSample sample;
  for (const auto& [output, reference] : shown) sample.add(output, {reference});
  REQUIRE(shown.size() > 100);
  return sample;
}

OutputSample unicode(unsigned seed) {
  std::mt19937_64 random(seed);
  OutputSample sample;
  for (int i = 0; i < 200; ++i) {
    const auto line = random_unicode(random, static_cast<int>(random() % 40));
    sample.add(perturbed(line, random) + random_unicode(random, 3), {line});
  }
  return sample;
}

/// Returns few repeated words, sides of very different lengths, and empty texts, for the limits of the search of TER.
OutputSample degenerate(unsigned seed) {
  std::mt19937_64 random(seed);
  const auto text = [&random](int words) { return random_text(random, {"a ", "b ", "c ", "D ", "e. "}, words); };
  OutputSample sample;
  for (int i = 0; i < 60; ++i)
    sample.add(text(static_cast<int>(random() % 12)), {text(1 + static_cast<int>(random() % 12))});
  for (const auto& [output, reference] : {std::pair{0, 5}, {5, 0}, {0, 0}, {1, 150}, {150, 1}, {3, 400}, {120, 130}})
    sample.add(text(output), {text(reference)});
  return sample;
}

struct WitnessLine {
  std::string name, letters, text, signature;
  double score = 0;
  std::vector<double> of_sentences;
};

std::vector<WitnessLine> by_witness(const OutputSample& sample, const std::string& output) {
  std::vector<WitnessLine> lines;
  std::istringstream stream(output);
  for (std::string line; std::getline(stream, line);) {
    std::istringstream fields(line);
    auto& each = lines.emplace_back();
    std::string score;
    for (auto* field : {&each.name, &each.letters, &score, &each.text, &each.signature})
      std::getline(fields, *field, '\t');
    each.score = std::stod(score);
    while (std::getline(fields, score, '\t')) each.of_sentences.push_back(std::stod(score));
  }
  REQUIRE(lines.size() == 2 * metric_kinds().size());
  REQUIRE(lines.front().of_sentences.size() == sample.outputs.size());
  return lines;
}

std::string unversioned(const std::string& signature) { return signature.substr(0, signature.find("version:")); }

void compare_metric(const WitnessLine& expected, const OutputSample& sample) {
  const auto* kind = find_metric(expected.name);
  CAPTURE(expected.name, expected.letters, expected.text);
  REQUIRE(kind != nullptr);
  const auto metric = kind->make({.lowercase = expected.letters == "lc", .bleu_tokenizer = BleuTokenizer::mteval_13a});
  const auto references = sample.by_sentence();
  Counts sums(metric->size());
  for (std::size_t i = 0; i < sample.outputs.size(); ++i) {
    const auto counts = metric->count(sample.outputs[i], references[i]);
    REQUIRE(counts.size() == sums.size());
    for (std::size_t at = 0; at < sums.size(); ++at) sums[at] += counts[at];
    if (expected.of_sentences.empty()) continue;
    CAPTURE(i, sample.outputs[i], references[i]);
    if (std::isinf(expected.of_sentences[i])) {
      REQUIRE(metric->sentence_figure(counts) == expected.of_sentences[i]);
    } else {
      REQUIRE_THAT(metric->sentence_figure(counts), WithinAbs(expected.of_sentences[i], 1e-9));
    }
  }
  // The same formula in double, so only the last digits may differ.
  CHECK_THAT(metric->figure(sums), WithinAbs(expected.score, 1e-9));
  CHECK(metric->text(sums) == expected.text);
  if (expected.signature != "-")
    CHECK(unversioned(signature(references, metric->settings())) == unversioned(expected.signature));
}

}  // namespace

TEST_CASE("metrics: each one equals another program's, of a text and of each sentence", "[metrics][metric][witness]") {
  const auto seed = GENERATE(1u, 2u);
  const auto make = GENERATE(real_text, committed_outputs, unicode, degenerate);
  if (make == committed_outputs && seed > 1) return;
  const auto sample = make(seed);
  const TemporaryFolder folder;
  folder.file("hypotheses", joined(sample.outputs));
  for (std::size_t i = 0; i < sample.references.size(); ++i)
    folder.file("references." + std::to_string(i), joined(sample.references[i]));
  const auto output = run_witness("metrics.py", folder.path());
  if (!output) {
    WARN("skipped: no witness sacrebleu");
    return;
  }
  for (const auto& line : by_witness(sample, *output)) compare_metric(line, sample);
}

TEST_CASE("metrics: an output that is its reference has the best figure, another has a worse one",
          "[metrics][metric][property]") {
  for (const auto& kind : metric_kinds()) {
    CAPTURE(kind.name);
    const auto metric = kind.make({});
    const double best = kind.higher_is_better ? (kind.share ? 1 : 100) : 0;
    const std::string line = "the same five words here", other = "the same four words here";
    CHECK_THAT(metric->figure(metric->count(line, {line})), WithinAbs(best, 1e-9));
    const double worse = metric->figure(metric->count(other, {line}));
    CHECK((kind.higher_is_better ? worse < best : worse > best));
  }
}

TEST_CASE("metrics: names are different, and another name is none", "[metrics][metric]") {
  std::set<std::string_view> names;
  for (const auto& kind : metric_kinds()) names.insert(kind.name);
  CHECK(names.size() == metric_kinds().size());
  CHECK(find_metric("chrf++")->title == "chrF++");
  CHECK(find_metric("meteor") == nullptr);
}

TEST_CASE("metrics: bytes that are not UTF-8 count as characters", "[metrics][metric]") {
  const std::string broken = "a \xC3( \xF0\x9F b";
  for (const auto& kind : metric_kinds()) {
    for (const auto& [name, tokenizer] : bleu_tokenizer_names()) {
      CAPTURE(kind.name, name);
      const auto metric = kind.make({.lowercase = false, .bleu_tokenizer = tokenizer});
      const auto same = metric->sentence_figure(metric->count(broken, {broken}));
      CHECK_THAT(same, WithinAbs(kind.higher_is_better ? (kind.share ? 1 : 100) : 0, 1e-9));
    }
  }
}
