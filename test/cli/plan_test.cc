#include <fstream>
#include <regex>

#include <fmt/format.h>

#include "seq2seq/core/progress.h"
#include "seq2seq/parallel/timeline/chrome_trace.h"
#include "test/cli/program.h"
#include "test/support/catch.h"
#include "test/support/temporary_folder.h"
#include "test/support/toy.h"

namespace seq2seq::test {
namespace {

namespace fs = std::filesystem;

const std::string sutskever = SEQ2SEQ_SOURCE_DIR "/configs/sutskever2014.yaml";

std::string contents(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST_CASE("plan: counts the paper's parameters without text or memory, and the bubble of its pipeline", "[cli][plan]") {
  const auto ran = run_program({"plan", sutskever});
  CHECK(ran.code == 0);
  // Words, embeddings, eight layers with two matrices and two biases, the output layer with its bias.
  const int64_t source = 160003, target = 80003, cells = 1000;
  const int64_t layer = 2 * 4 * cells * cells + 2 * 4 * cells;
  const auto parameters = format_count((source + target) * cells + 8 * layer + target * (cells + 1));
  CHECK_THAT(ran.out, ContainsSubstring(parameters + " parameters"));
  CHECK_THAT(ran.out, ContainsSubstring("8 places, schedule wavefront, chunk 1"));
  CHECK_THAT(ran.out, ContainsSubstring(" 5.7 %") && ContainsSubstring(" 23.1 %"));  // 3 of 53, and 3 of 13
}

TEST_CASE("plan: says what does not fit", "[cli][plan]") {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "small.yaml")
      << "name: small\ndevice: {name: toy, count: 8, memory: 1.0e+9, rows: [1], float32: [1.0e+12]}\n";
  const auto ran = run_program({"plan", sutskever, "--hardware", (folder.path() / "small.yaml").string()});
  CHECK(ran.code == 0);
  CHECK_THAT(ran.out,
             ContainsSubstring("device 0 needs ") && ContainsSubstring("but a toy has 1.0 GB: it does not fit"));
  CHECK_THAT(ran.out, !ContainsSubstring("device 1 needs"));
}

TEST_CASE("plan: a trace and a drawing are written, and a measured timeline is drawn below", "[cli][plan]") {
  const TemporaryFolder folder;
  const auto trace = (folder.path() / "t.json").string(), svg = (folder.path() / "t.svg").string();
  CHECK(run_program({"plan", sutskever, "--trace", trace}).code == 0);
  const auto timeline = parallel::read_chrome_trace(contents(trace), {.file = trace});
  CHECK(timeline.places.size() == 8);
  CHECK(run_program({"plan", sutskever, "--svg", svg, "--measured", trace}).code == 0);
  CHECK_THAT(contents(svg), ContainsSubstring(">predicted: ") && ContainsSubstring(">measured: "));
}

TEST_CASE("plan: the search gives plans in order, none slower than one device", "[cli][plan]") {
  const auto ran = run_program({"plan", sutskever, "--search", "--length", "5", "--quiet"});
  CHECK(ran.code == 0);
  std::vector<double> factors;
  const std::regex found("words/s +([0-9.]+) x");
  for (std::sregex_iterator match(ran.out.begin(), ran.out.end(), found), end; match != end; ++match)
    factors.push_back(std::stod((*match)[1]));
  REQUIRE(factors.size() == 11);  // the ten fastest, and `single`
  CHECK(std::is_sorted(factors.rbegin(), factors.rend()));
  CHECK(factors.back() == 1);
  CHECK(ran.err.empty());
}

TEST_CASE("plan: reads the text where only it says how many words there are", "[cli][plan]") {
  Toy toy(copied, /*letters=*/3, /*longest=*/4);
  const auto ran = run_program({"plan", (toy / "toy.yaml").string()});
  CHECK(ran.code == 0);
  CHECK_THAT(ran.out, ContainsSubstring("words 6 and 6"));  // three letters and three specials
  // Most sequences of up to four of three letters have four letters; with the end symbol nearly five steps.
  CHECK_THAT(ran.out, ContainsSubstring("16 sentences of 5 and 5 steps; activations of 5 steps per side"));
  const auto given = run_program({"plan", (toy / "toy.yaml").string(), "--length", "9"});
  CHECK_THAT(given.out, ContainsSubstring("16 sentences of 9 and 9 steps"));
}

/// For training, validation and test.
void write_text(const Toy& toy, const std::string& sources, const std::string& targets) {
  for (const char* name : {"train", "held"}) {
    toy.folder().file(std::string(name) + ".source", sources);
    toy.folder().file(std::string(name) + ".target", targets);
  }
}

TEST_CASE("plan: the factors of a source have tables of the values that the text has", "[cli][plan][factors]") {
  const Toy toy(copied);
  write_text(toy, "a￨x b￨y\nc￨x\n", "a b\nc\n");
  const std::vector<std::string> words{
      "plan",  (toy / "toy.yaml").string(),    "--set", "data.source.factors=1",
      "--set", "model.factors.sizes=[4]",      "--set", "data.source.vocabulary.size=3",
      "--set", "data.target.vocabulary.size=3"};
  const auto ran = run_program(words);
  CHECK(ran.code == 0);
  // 6 words of 4 units and 5 values of 4 instead of 6 words of 8.
  CHECK_THAT(run_program({"plan", (toy / "toy.yaml").string(), "--set", "data.source.vocabulary.size=3", "--set",
                          "data.target.vocabulary.size=3"})
                 .out,
             ContainsSubstring("4,782 parameters"));
  CHECK_THAT(ran.out, ContainsSubstring("4,778 parameters"));
  fs::remove(toy / "train.source");
  const auto missing = run_program(words);
  CHECK(missing.code == 2);
  CHECK_THAT(missing.err, ContainsSubstring("train.source: the text is missing, and only the text has the values"));
}

TEST_CASE("plan: a source of several sentences has the steps of each", "[cli][plan][parts]") {
  const Toy toy(copied);
  write_text(toy, "a b ||| c\nc ||| a b a b\n", "a b\nc\n");  // 5 and 7 steps, as each sentence has an end symbol
  const auto config = (toy / "toy.yaml").string();
  const std::vector<std::string> read{"plan", config, "--set", "data.source.parts=2"};
  CHECK_THAT(run_program(read).out,
             ContainsSubstring("16 sentences of 6 and 3 steps; activations of 7 steps per side"));
  auto given = read;
  given.insert(given.end(), {"--length", "9"});
  CHECK_THAT(run_program(given).out, ContainsSubstring("16 sentences of 18 and 9 steps"));
}

TEST_CASE("plan: one note lists the stages that need all steps at once", "[cli][plan]") {
  const auto ran = run_program({"plan", SEQ2SEQ_SOURCE_DIR "/configs/transformer-small.yaml", "--set",
                                "data.source.vocabulary.size=100", "--set", "data.target.vocabulary.size=100", "--set",
                                "model.encoder.layers=3", "--set", "model.decoder.layers=2"});
  CHECK(ran.code == 0);
  const auto note = ran.out.find("note ");
  REQUIRE(note != std::string::npos);
  CHECK(ran.out.find("note ", note + 1) == std::string::npos);
  CHECK_THAT(ran.out,
             ContainsSubstring("`embeddings.source`, `encoder.0` to `encoder.2`, `embeddings.target`, `decoder.0` to "
                               "`decoder.1` need all steps at once: the wavefront ends before each"));
}

TEST_CASE("plan: costs measured here are a hardware file that plans use", "[cli][plan]") {
  const Toy toy(copied);
  const auto config = (toy / "toy.yaml").string(), costs = (toy / "costs.yaml").string();
  CHECK(run_program({"plan", config, "--measure-costs", costs, "--threads", "1", "--quiet"}).code == 0);
  const auto ran = run_program({"plan", config, "--hardware", costs, "--set", "placement.preset=vocabulary_parallel",
                                "--set", "placement.devices=[cpu,cpu]", "--set", "placement.threads=per_stage"});
  CHECK(ran.code == 0);
  CHECK_THAT(ran.out, ContainsSubstring("measured costs") && ContainsSubstring("2 places"));
}

TEST_CASE("plan: compares machines that train together in powers of two", "[cli][plan]") {
  const auto ran = run_program({"plan", sutskever, "--servers", "5", "--set", "placement.preset=single"});
  CHECK(ran.code == 0);
  std::vector<int> servers;
  const std::regex found("\n +([0-9]+) +[0-9,]+ +[0-9.]+ % ");
  for (std::sregex_iterator match(ran.out.begin(), ran.out.end(), found), end; match != end; ++match)
    servers.push_back(std::stoi((*match)[1]));
  CHECK(servers == std::vector{1, 2, 4});
}

TEST_CASE("plan: bad input gets one error that says what to do", "[cli][plan][error]") {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "bad") << "name: bad\ndevise: {}\n";
  struct Case {
    std::vector<std::string> words;
    int code;
    std::string problem;
  };
  const auto [words, code, problem] =
      GENERATE(Case{{sutskever, "--devices", "4"},
                    2,
                    "--devices 4: too few: the model is spread over 8 devices. "
                    "Use `--devices 8`, or another placement: `--set placement.preset=auto`"},
               Case{{sutskever, "--threads", "2"}, 2, "--threads 2: needs `--measure-costs FILE`"},
               Case{{sutskever, "--devices", "none"}, 2, "--devices none: must be a number"},
               Case{{sutskever, "--length", "0"}, 2, "--length 0: must be a number"},
               Case{{sutskever, "--precision", "int4"}, 2, "--precision int4: unknown precision; use `float32`"},
               Case{{sutskever, "--measured", "x"}, 2, "--measured: needs `--svg FILE`"},
               Case{{sutskever, "--hardware", "x", "--measure-costs", "y"}, 2, "--measure-costs: cannot be combined"},
               Case{{sutskever, "--hardware", "@bad"}, 2, "bad:2:1: unknown key `devise`; did you mean `device`?"},
               Case{{sutskever, "--svg", "@bad.svg", "--measured", "@bad"}, 1, "is damaged"},
               Case{{sutskever, "--svg", "@bad.svg", "--measured", "@bad2"}, 1, "bad2: cannot be read"},
               Case{{sutskever, "--set", "data.source.vocabulary.size=0"}, 2, "the text is missing"},
               Case{{sutskever, "--set", "placement.devices=[cpu]"}, 2, "placement.devices"},
               Case{{"none.yaml"}, 2, "none.yaml"});
  CAPTURE(words);
  auto all = words;
  for (auto& word : all)
    if (word.starts_with("@")) word = (folder.path() / word.substr(1)).string();
  all.insert(all.begin(), "plan");
  const auto ran = run_program(all);
  CHECK(ran.code == code);
  CHECK(ran.out.empty());
  CHECK_THAT(ran.err, ContainsSubstring(problem));
}

}  // namespace
}  // namespace seq2seq::test
