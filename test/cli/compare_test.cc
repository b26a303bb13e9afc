#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "seq2seq/metrics/metric.h"
#include "seq2seq/run/sentence_groups.h"
#include "test/cli/program.h"
#include "test/metrics/real_text.h"
#include "test/support/catch.h"
#include "test/support/temporary_folder.h"

namespace seq2seq::test {

namespace {

/// Files of a text and two outputs of it, of which the second is nearer to the references.
class ComparedFiles {
 public:
  ComparedFiles() {
    std::mt19937_64 random(4);
    auto references = real_lines();
    std::shuffle(references.begin(), references.end(), random);
    references.resize(80);
    std::vector<std::string> first, second, sources;
    for (const auto& line : references) {
      first.push_back(perturbed(perturbed(line, random), random));
      second.push_back(perturbed(line, random));
      sources.push_back("the source of " + line);
    }
    for (const auto& [name, lines] : {std::pair{"a", first}, {"b", second}, {"r", references}, {"s", sources}})
      folder_.file(name, joined(lines));
  }

  std::string file(const std::string& name) const { return (folder_ / name).string(); }
  std::string file(const std::string& name, const std::string& text) const { return folder_.file(name, text).string(); }
  Ran compare(std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"compare", file("a"),   file("b"), "--reference",
                                   file("r"), "--samples", "100",     "--quiet"};
    words.insert(words.end(), more.begin(), more.end());
    return run_program(words);
  }
  std::vector<std::string> lines(const std::string& name) const { return lines_in(content_of(folder_ / name)); }

 private:
  TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("compare: figures are those of the metrics, in table and JSON", "[cli][compare]") {
  const ComparedFiles files;
  const auto ran = files.compare({"--json"});
  REQUIRE(ran.code == 0);
  CHECK(ran.err.empty());
  const auto json = nlohmann::json::parse(ran.out);
  CHECK(json.at("sentences") == 80);
  const auto table = files.compare();
  for (const auto& kind : metrics::metric_kinds()) {
    CAPTURE(kind.name);
    const auto metric = kind.make({.lowercase = false, .bleu_tokenizer = metrics::BleuTokenizer::mteval_13a});
    const auto& found = json.at("metrics").at(std::string(kind.name));
    for (const auto* output : {"a", "b"}) {
      metrics::Counts sums(metric->size());
      const auto outputs = files.lines(output), references = files.lines("r");
      for (size_t i = 0; i < outputs.size(); ++i) {
        const auto counts = metric->count(outputs[i], {references[i]});
        for (size_t at = 0; at < sums.size(); ++at) sums[at] += counts[at];
      }
      CHECK_THAT(found.at(output).at("value").get<double>(), WithinRel(metric->figure(sums), 1e-12));
      CHECK(found.at(output).at("text") == metric->text(sums));
      CHECK_THAT(table.out, ContainsSubstring(fmt::format("{:.2f}", (kind.share ? 100 : 1) * metric->figure(sums))));
    }
    const double difference = found.at("difference").at("value");
    CHECK((difference > 0) == kind.higher_is_better);
    CHECK(found.at("bootstrap").at("b_better") > 0.9);
  }
  CHECK_THAT(table.out, ContainsSubstring("BLEU: nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:"));
  CHECK(files.compare({"--json"}).out == ran.out);
  CHECK(files.compare({"--json", "--seed", "2"}).out != ran.out);
}

TEST_CASE("compare: one output has figures and intervals", "[cli][compare]") {
  const ComparedFiles files;
  const auto ran = run_program({"compare", files.file("a"), "--reference", files.file("r"), "--metric", "chrf++"});
  CHECK(ran.code == 0);
  CHECK_THAT(ran.out, ContainsSubstring("chrF++") && !ContainsSubstring("BLEU") && !ContainsSubstring("B - A"));
  const auto two = nlohmann::json::parse(files.compare({"--json", "--metric", "chrf++"}).out);
  CHECK_THAT(ran.out, ContainsSubstring(
                          fmt::format("{:.2f}", two.at("metrics").at("chrf++").at("a").at("value").get<double>())));
}

TEST_CASE("compare: the sentences that an output wins by most are shown with their lines", "[cli][compare]") {
  const ComparedFiles files;
  const auto first = files.file("first", "a b c d\nx y\nq\na b\n"),
             second = files.file("second", "a b c e\nz z\nq\nc d\n"),
             reference = files.file("reference", "a b c e\nx y\nq\nc d\n");
  const auto ran = run_program({"compare", first, second, "--reference", reference, "--metric", "word_error_rate",
                                "--samples", "10", "--examples", "1", "--json"});
  const auto json = nlohmann::json::parse(ran.out);
  const auto& examples = json.at("examples");
  REQUIRE(examples.at("b_better").size() == 1);
  CHECK(examples.at("b_better").at(0).at("line") == 4);  // from all words wrong to none
  CHECK(examples.at("b_better").at(0).at("a").at("text") == "a b");
  CHECK(examples.at("a_better").at(0).at("line") == 2);
  const auto& sentences = json.at("metrics").at("word_error_rate").at("sentences");
  CHECK(sentences.at("a_better") == 1);
  CHECK(sentences.at("b_better") == 2);
  CHECK(sentences.at("equal") == 1);
}

TEST_CASE("compare: by length and rank every sentence is in one group", "[cli][compare]") {
  const ComparedFiles files;
  const auto ran = files.compare(
      {"--json", "--by", "length", "--by", "rank", "--groups", "4", "--source", files.file("s"), "--metric", "bleu"});
  const auto json = nlohmann::json::parse(ran.out);
  REQUIRE(json.at("by").size() == 2);
  for (const auto& grouped : json.at("by")) {
    CHECK(grouped.at("of") == "source");
    int sentences = 0;
    double last = 0;
    for (const auto& group : grouped.at("groups")) {
      sentences += group.at("sentences").get<int>();
      CHECK(group.at("from").get<double>() >= last);
      CHECK(group.at("mean").get<double>() >= group.at("from").get<double>());
      last = group.at("to").get<double>();
      CHECK(group.at("metrics").at("bleu").contains("difference"));
    }
    CHECK(sentences == 80);
  }
  const auto whole = files.compare({"--json", "--by", "length", "--groups", "1", "--metric", "bleu"});
  const auto one = nlohmann::json::parse(whole.out);
  CHECK(one.at("by").at(0).at("groups").at(0).at("metrics").at("bleu").at("b") == [&] {
    auto figure = one.at("metrics").at("bleu").at("b");
    figure.erase("text");
    return figure;
  }());
  CHECK_THAT(files.compare({"--by", "length"}).out, ContainsSubstring("BLEU, by words of the reference"));
}

TEST_CASE("compare: ranks are places by frequency", "[cli][compare]") {
  const ComparedFiles files;
  run::WordRanks ranks;
  for (const auto* line : {"a b", "a", "c a unseen", ""}) ranks.add_line(line);
  // Frequencies in the lines themselves: a 3 times, then b, c and unseen in the order of their first use.
  CHECK(ranks.mean_ranks(std::nullopt) == std::vector<double>{1.5, 1, (3 + 1 + 4) / 3.0, 0});
  // Frequencies in another text: c, b, a; a word that it lacks comes after them.
  CHECK(ranks.mean_ranks(files.file("text", "c c c b\nb a\n")) == std::vector<double>{2.5, 3, (1 + 3 + 4) / 3.0, 0});
}

TEST_CASE("compare: groups are of about as many sentences, and part no equal ones", "[cli][compare]") {
  using Groups = std::vector<std::vector<int64_t>>;
  CHECK(run::group_by({5, 1, 3, 2, 4, 6}, 3) == Groups{{1, 3}, {2, 4}, {0, 5}});
  CHECK(run::group_by({1, 1, 1, 2}, 2) == Groups{{0, 1, 2}, {3}});
  CHECK(run::group_by({7, 7}, 8) == Groups{{0, 1}});
}

TEST_CASE("compare: of several references an empty line is none", "[cli][compare]") {
  const ComparedFiles files;
  const auto output = files.file("output", "a b\nc d\n"), first = files.file("first", "\nx y\n"),
             second = files.file("second", "a b\nc d\n");
  const auto json = nlohmann::json::parse(
      run_program({"compare", output, "--reference", first, "--reference", second, "--json", "--samples", "5"}).out);
  CHECK(json.at("metrics").at("exact_match").at("a").at("value") == 1);
  CHECK(json.at("most_references") == 2);
  CHECK_THAT(json.at("metrics").at("bleu").at("signature").get<std::string>(), ContainsSubstring("nrefs:var|"));
}

TEST_CASE("compare: bad input is one line that says what and where", "[cli][compare][error]") {
  const ComparedFiles files;
  const auto a = files.file("a"), r = files.file("r");
  const auto refused = [](const std::vector<std::string>& words, int code, const std::string& text) {
    const auto ran = run_program(words);
    CAPTURE(words, ran.err);
    CHECK(ran.code == code);
    CHECK(ran.out.empty());
    CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
    CHECK_THAT(ran.err, ContainsSubstring(text));
  };
  const auto shorter = files.file("shorter", "one\ntwo\n"), empty = files.file("empty", "");
  refused({"compare", a, shorter, "--reference", r}, 1, "shorter: has 2 lines, but " + a + " has 80 lines");
  refused({"compare", a, "--reference", r, "--reference", shorter}, 1, "shorter: has 2 lines");
  refused({"compare", a, "--reference", r, "--source", empty}, 1, "empty: has 0 lines");
  refused({"compare", empty, "--reference", empty}, 1, "empty: is empty");
  refused({"compare", files.file("absent"), "--reference", r}, 1, "absent");
  refused({"compare", files.file("bad", "fine\nnot \xC3(\n"), "--reference", r}, 1, "bad:2:5: byte 0xC3");
  refused({"compare", a}, 2, "give a file of them with `--reference FILE`");
  refused({"compare", a, "--reference", r, "--metric", "chrff"}, 2, "--metric chrff: is unknown; did you mean `chrf`?");
  refused({"compare", a, "--reference", r, "--metric", "WER"}, 2,
          "--metric WER: is unknown; did you mean `word_error_rate`?");
  refused({"compare", a, "--reference", r, "--metric", "ter", "--metric", "ter"}, 2, "--metric ter: is given twice");
  refused({"compare", a, "--reference", r, "--by", "size"}, 2, "--by size: must be one of `length`, `rank`");
  refused({"compare", a, "--reference", r, "--samples", "0"}, 2, "--samples 0: must be a number from 1");
  refused({"compare", a, "--reference", r, "--bleu-tokenizer", "14"}, 2, "--bleu-tokenizer 14");
  refused({"compare", a, "--reference", r, "--frequencies", r}, 2, "needs `--by rank`");
}

}  // namespace seq2seq::test
