#include "seq2seq/study/grid/spec.h"

#include <string>
#include <utility>
#include <vector>

#include "test/support/catch.h"

namespace seq2seq::test {

namespace {

const std::string kWhole = R"(question: Does it help?
base: base.yaml
scales:
  paper: {}
  small: {base: ../small.yaml, seeds: [7], set: {train: {updates: 5, optimizer: {learning_rate: 0.1}}}}
seeds: [1, 2, 3]
rows:
  - {name: forward, set: {data.reverse: none}}
  - {name: reversed, set: {data.reverse: source}}
axes:
  - {model.encoder.layers: [1, 2], model.decoder.layers: [1, 2]}
  - {train.label_smoothing: [0, 0.1, "1"]}
reference: reversed
metrics: [perplexity, bleu]
)";

/// Published figures of a row, which is one line of the table.
const std::string kPublished = R"(question: Does it help?
base: base.yaml
seeds: [1, 2, 3]
rows:
  - {name: forward, set: {data.reverse: none}, published: {perplexity: 5.8, bleu: 25.9}}
  - {name: reversed, set: {data.reverse: source}}
metrics: [perplexity, bleu]
published_in: arXiv 1409.3215, section 3.3
)";

study::StudySpec read(const std::string& text) { return study::read_study_text(text, "/studies/paper/table.yaml"); }

/// Returns the text with one part replaced.
std::string with(const std::string& part, const std::string& instead, std::string text = kWhole) {
  REQUIRE(text.find(part) != std::string::npos);
  return text.replace(text.find(part), part.size(), instead);
}

}  // namespace

TEST_CASE("study: a file says question, rows, axes, scales and what they are compared with", "[study][grid]") {
  const auto spec = read(kWhole);
  CHECK(spec.question == "Does it help?");
  CHECK(spec.metrics == std::vector<std::string>{"perplexity", "bleu"});
  CHECK(spec.reference == 1);
  REQUIRE(spec.rows.size() == 2);
  CHECK(spec.rows[0].name == "forward");
  REQUIRE(spec.rows[0].settings.size() == 1);
  CHECK(spec.rows[0].settings[0].key == "data.reverse");
  CHECK(spec.rows[0].settings[0].value == "none");
  CHECK(spec.rows[0].settings[0].option == "/studies/paper/table.yaml:8:27");
  CHECK(spec.rows[0].settings[0].folder == "/studies/paper");

  REQUIRE(spec.scales.size() == 2);
  CHECK(spec.scales[0].name == "paper");
  CHECK(spec.scales[0].base == "/studies/paper/base.yaml");
  CHECK(spec.scales[0].seeds == std::vector<uint64_t>{1, 2, 3});
  CHECK(spec.scales[1].base == "/studies/small.yaml");
  CHECK(spec.scales[1].seeds == std::vector<uint64_t>{7});
  REQUIRE(spec.scales[1].settings.size() == 2);
  CHECK(spec.scales[1].settings[1].key == "train.optimizer.learning_rate");

  REQUIRE(spec.axes.size() == 2);
  REQUIRE(spec.axes[0].points.size() == 2);
  CHECK(spec.axes[0].points[1].name == "model.encoder.layers=2, model.decoder.layers=2");
  CHECK(spec.axes[1].points[2].settings[0].value == "\"1\"");  // a quoted value is still a text
}

TEST_CASE("study: the points of an axis may be given names", "[study][grid]") {
  const auto spec =
      read(with("  - {train.label_smoothing: [0, 0.1, \"1\"]}", "  - {names: [low, high], train.epochs: [1, 9]}"));
  REQUIRE(spec.axes[1].points.size() == 2);
  CHECK(spec.axes[1].points[1].name == "high");
  REQUIRE(spec.axes[1].points[1].settings.size() == 1);
  CHECK(spec.axes[1].points[1].settings[0].value == "9");
}

TEST_CASE("study: without scales the whole is one, without a reference the first row is", "[study][grid]") {
  const auto spec = read("question: q\nbase: b.yaml\nseeds: [4]\nrows: [{name: a}]\nmetrics: perplexity\n");
  REQUIRE(spec.scales.size() == 1);
  CHECK_FALSE(spec.scales[0].named);
  CHECK(spec.scales[0].name == "table");  // relative to the folder
  CHECK(spec.scales[0].seeds == std::vector<uint64_t>{4});
  CHECK(&study::find_scale(spec, "") == &spec.scales[0]);
  REQUIRE_THROWS_WITH(study::find_scale(spec, "paper"),
                      ContainsSubstring("--scale paper: /studies/paper/table.yaml has no scales"));
  CHECK(spec.reference == 0);
}

TEST_CASE("study: what is wrong in the file is told with line and column", "[study][grid][error]") {
  const auto [part, instead, message] = GENERATE(table<std::string, std::string, std::string>({
      {"reference:", "referense:", "13:1: unknown key `referense`; did you mean `reference`?"},
      {"name: reversed", "name: forward", "9:12: duplicate row `forward`; first on line 8"},
      {"reference: reversed", "reference: back", "13:12: unknown row `back`; the study has `forward`, `reversed`"},
      {"[1, 2, 3]", "[1, 2, 1]", "6:15: `seeds` has the seed 1 twice"},
      {"[1, 2, 3]", "[1, -2]", "6:12: `seeds`: expected a whole number"},
      {"[1, 2, 3]", "[]", "6:8: `seeds` is empty"},
      {"[1, 2, 3]", "2",
       "6:8: `seeds` is a list of seeds, found `2`. Write `[2]` for the seed 2, or `[1, 2]` for 2 seeds"},
      {"[1, 2, 3]", "10", "Write `[10]` for the seed 10, or `[1, ..., 10]` for 10 seeds"},
      {"[1, 2, 3]", "0", "found `0`. Write `[0]` for the seed 0"},
      {"[1, 2, 3]", "two", "found `two`. Write them as in `[1, 2, 3]`"},
      {"seeds: [7]", "seeds: 7", "`scales.small.seeds` is a list of seeds, found `7`"},
      {"decoder.layers: [1, 2]", "decoder.layers: [1]",
       "11:58: the lists of an axis must have the same length: `model.decoder.layers` has 1 value, "
       "`model.encoder.layers` has 2"},
      {"[0, 0.1, \"1\"]", "0.1", "12:29: an axis has a list of values for each key"},
      {"{train.label_smoothing: [0, 0.1, \"1\"]}", "{names: [low, low], train.epochs: [1, 9]}",
       "12:19: two points of the axis have the name `low`"},
      {"{train.label_smoothing: [0, 0.1, \"1\"]}", "{names: [low, ''], train.epochs: [1, 9]}",
       "12:19: the name of a point of an axis must not be empty"},
      {"{train.label_smoothing: [0, 0.1, \"1\"]}", "{names: [low, \"a\\nb\"], train.epochs: [1, 9]}",
       "12:19: the name of a point of an axis must be one line of text"},
      {"[0, 0.1, \"1\"]", "[0, 0.1, 0]", "an axis has the same values twice: `train.label_smoothing=0`"},
      {"train.label_smoothing: [0, 0.1, \"1\"]", "data.reverse: [none, both]",
       "9:5: row `reversed` and an axis both set `data.reverse`"},
      {"name: reversed", "name: ''", "9:12: the name of a row must not be empty"},
      {"name: reversed", "name: \"a\\ttouch b\"", "9:12: the name of a row must be one line of text"},
      {"data.reverse: source", "data.reverse: none", "9:5: row `reversed` sets the same keys as row `forward`"},
      {"  small:", "  ../small:", "5:13: `../small` cannot be the name of a scale"},
      {"  small:", "  .:", "5:6: `.` cannot be the name of a scale"},
      {"{train.label_smoothing: [0, 0.1, \"1\"]}", "{names: [low], train.epochs: [1, 9]}",
       "12:34: the lists of an axis must have the same length: `train.epochs` has 2 values, `names` has 1"},
      {"{train.label_smoothing: [0, 0.1, \"1\"]}", "{names: [low]}", "12:5: expected an axis"},
      {"- {train.label_smoothing: [0, 0.1, \"1\"]}", "- {train.epochs: [1, 9]}\n  - {train.epochs: [2, 3]}",
       "two axes set `train.epochs`"},
      {"metrics: [perplexity, bleu]", "metrics: [perplexity, blue]", "14:10: `metrics`: "},
      {"metrics: [perplexity, bleu]", "metrics: [wer]",
       "14:10: `metrics`: has no metric `wer`; it is `word_error_rate` here; for letters and phonemes, the share of "
       "wrong words is `sequence_error_rate`"},
      {"metrics: [perplexity, bleu]", "metrics: [PPL]", "has no metric `PPL`; it is `perplexity` here"},
      {"reference:", "xyzzy:",
       "13:1: unknown key `xyzzy`. Known are `question`, `metrics`, `base`, `seeds`, `scales`, `rows`, `axes`, "
       "`reference`, `published_in`, `gap`"},
      {"metrics: [perplexity, bleu]", "metrics: [\"a\\nb\"]",
       "14:10: `metrics`: has no metric `a\\nb`; the metrics are "},
      {"metrics: [perplexity, bleu]", "metrics: [bleu, bleu]", "14:10: `metrics` has a duplicate"},
      {"metrics: [perplexity, bleu]", "metrics: []", "14:10: `metrics` is empty. List at least one"},
      {"train.label_smoothing: [0, 0.1, \"1\"]", "train.label_smoothing: []",
       "12:29: an axis has a list of values for each key: `train.label_smoothing` has an empty list. List at least"},
      {"reference:", "question2:", "unknown key `question2`; did you mean `question`?"},
      {"set: {data.reverse: source}", "set: backwards", "9:27: expected keys of a configuration with their values"},
      {"set: {data.reverse: source}", "set: {data.reverse: source, data: {reverse: none}}",
       "9:57: `data.reverse` is set twice here"},
      {"set: {data.reverse: source}", "set: {seed: 5}", "9:28: `seed` cannot be set here; use `seeds`"},
      {"train.label_smoothing: [0, 0.1, \"1\"]", "seed: [4, 5]", "12:6: `seed` cannot be an axis"},
      {"scales:\n  paper: {}\n  small: {base: ../small.yaml, seeds: [7], "
       "set: {train: {updates: 5, optimizer: {learning_rate: 0.1}}}}\n",
       "scales: [small]\n", "3:9: `scales` is a section of"},
      {"question: Does it help?\n", "", "missing key `question`"},
      {"base: base.yaml\n", "", "missing key `base` (the configuration that scale `paper` starts from)"},
      {"  paper: {}\n", "  paper: {sed: [1]}\n",
       "4:11: unknown key `scales.paper.sed`; did you mean `scales.paper.set`?"},
  }));
  CAPTURE(part, instead);
  REQUIRE_THROWS_WITH(read(with(part, instead)),
                      ContainsSubstring("/studies/paper/table.yaml") && ContainsSubstring(message));
}

TEST_CASE("study: a published figure belongs to a line of the table, a metric and a source", "[study][grid][error]") {
  CHECK(read(kPublished).rows[0].published == std::map<std::string, double>{{"bleu", 25.9}, {"perplexity", 5.8}});
  const auto [part, instead, message] = GENERATE(table<std::string, std::string, std::string>({
      {"metrics: [perplexity, bleu]", "metrics: [perplexity]", "`published` has `bleu`, which is not one of the"},
      {"published_in: arXiv 1409.3215, section 3.3\n", "",
       "5:5: row `forward` has published figures, but the study has "},
      {"perplexity: 5.8", "perplexity: low", "5:72: `rows[1].published.perplexity`: expected a number"},
      {"metrics:", "axes: [{train.epochs: [1, 2]}]\nmetrics:",
       "5:5: row `forward` has published figures, but axes give it several lines in the table"},
  }));
  CAPTURE(part, instead);
  REQUIRE_THROWS_WITH(read(with(part, instead, kPublished)), ContainsSubstring(message));
}

TEST_CASE("study: an empty file is called so", "[study][grid][error]") {
  const std::string text = GENERATE("", "# nothing\n");
  REQUIRE_THROWS_WITH(read(text), ContainsSubstring("/studies/paper/table.yaml: is empty"));
}

TEST_CASE("study: everything that is wrong is told at once", "[study][grid][error]") {
  try {
    read("question: q\nrows:\n  - {nam: a}\nseeds: [x]\nmetrics: [perplexity]\n");
    FAIL("nothing was thrown");
  } catch (const UsageError& error) {
    const std::string message = error.what();
    CHECK_THAT(message, ContainsSubstring("missing key `rows[1].name`"));
    CHECK_THAT(message, ContainsSubstring("unknown key `rows[1].nam`; did you mean `rows[1].name`?"));
    CHECK_THAT(message, ContainsSubstring("4:9: `seeds`: "));
    CHECK_THAT(message, ContainsSubstring("missing key `base`"));
  }
}

TEST_CASE("study: empty lists of rows and axes are called so, and a duplicate row is one error",
          "[study][grid][error]") {
  const std::string head = "question: q\nbase: b.yaml\nseeds: [4]\nmetrics: perplexity\n";
  const auto lines = [](const std::string& text) -> std::string {
    try {
      read(text);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  CHECK_THAT(lines(head + "rows: []\n"), ContainsSubstring("5:7: `rows` is a list of {name: ..., set: {...}}, found an "
                                                           "empty list. A study has at least one row"));
  CHECK_THAT(lines(head + "rows: [{name: a}]\naxes: []\n"), ContainsSubstring("6:7: `axes` is empty"));
  const auto twice = lines(head + "rows: [{name: a}, {name: a}]\n");
  CHECK_THAT(twice, ContainsSubstring("duplicate row `a`"));
  CHECK(twice.find('\n') == std::string::npos);
}

}  // namespace seq2seq::test
