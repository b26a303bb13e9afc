#include "seq2seq/run/states.h"

#include <sstream>

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include "seq2seq/core/error.h"
#include "seq2seq/data/batch.h"
#include "seq2seq/decode/reading.h"
#include "test/support/catch.h"
#include "test/support/piecewise_source.h"
#include "test/support/toy.h"
#include "test/support/witness.h"

namespace seq2seq::test {

namespace {

run::States states_of(const run::LoadedRun& run, const std::string& text, const run::StatesOptions& options = {}) {
  auto lines = line_reader(text);
  return run::encoder_states(run, lines, options);
}

/// Returns the numbers of one sentence.
std::vector<float> row(const run::States& states, size_t sentence) {
  const auto width = std::ssize(states.columns);
  const auto first = states.values.begin() + static_cast<std::ptrdiff_t>(sentence) * width;
  return {first, first + width};
}

}  // namespace

TEST_CASE("states: every layer's state at the sentence's own last step, alone and among others",
          "[run][states][batch]") {
  Toy toy(turned);
  const bool bidirectional = GENERATE(false, true);
  toy.train("run", {"train.updates=5", bidirectional ? "model.encoder.bidirectional=first" : "seed=2",
                    bidirectional ? "model.bridge.kind=linear" : "seed=2"});
  const auto run = toy.load("run", "last", {"decode.batch=2"});
  const std::string text = "a b c\nc\nb b b b\n";
  const auto all = states_of(run, text, {.part = run::StatePart::all});
  CHECK(all.sentences == lines_in(text));
  REQUIRE(all.values.size() == 3 * all.columns.size());

  for (size_t i = 0; i < 3; ++i) {
    CAPTURE(i);
    const auto alone = states_of(run, all.sentences[i] + "\n", {.part = run::StatePart::all});
    const auto one = row(alone, 0), among = row(all, i);
    for (size_t j = 0; j < one.size(); ++j) CHECK_THAT(one[j], WithinAbs(among[j], 1e-6));
    // The columns of a layer and a part equal those of the whole file.
    size_t next = 0;
    for (const int64_t layer : {1, 2}) {
      for (const auto part : {run::StatePart::hidden, run::StatePart::cell}) {
        const auto single = states_of(run, text, {.layer = layer, .part = part});
        for (size_t j = 0; j < single.columns.size(); ++j, ++next) {
          CHECK(single.columns[j] == all.columns[next]);
          CHECK(row(single, i)[j] == among[next]);
        }
      }
    }
    CHECK(next == all.columns.size());
  }
  CHECK(all.columns.front() == "layer1.h.0");
  CHECK(all.columns.back() == "layer2.c.11");
}

TEST_CASE("states: the top layer's hidden state is what that layer gives for the last word it reads", "[run][states]") {
  Toy toy(turned);
  const std::string reverse = GENERATE("none", "source");
  toy.train("run", {"train.updates=5", "data.reverse=" + reverse});
  const auto run = toy.load("run");
  const std::string text = "a b c\nc\nb b a b\n";
  const auto states = states_of(run, text, {.layer = 2});

  decode::Sentences sentences;
  for (const auto& line : lines_in(text))
    sentences.push_back(run.text->source_ids(run.text->source_tokenizer().tokenize(line)));
  const at::NoGradGuard no_gradient;
  const auto memory = run.model->encode(data::make_sources(sentences, {0, 1, 2}, *run.text), nullptr);
  const auto& layout = *memory.states.layout;
  for (int64_t i = 0; i < layout.rows(); ++i) {
    const auto sentence = layout.owner[i].item<int64_t>();
    if (layout.position[i].item<int64_t>() + 1 < layout.lengths[static_cast<size_t>(sentence)]) continue;
    const auto found = row(states, static_cast<size_t>(sentence));
    for (int64_t unit = 0; unit < 12; ++unit)
      CHECK_THAT(found[static_cast<size_t>(unit)], WithinAbs(memory.states.rows[i][unit].item<float>(), 1e-6));
  }
}

TEST_CASE("states: NumPy reads the array that the text says", "[run][states][witness]") {
  Toy toy(turned);
  toy.train("run", {"train.updates=5"});
  const auto states = states_of(toy.load("run"), "a b c\nc\tb\n");
  std::ostringstream array, table;
  run::write_npy(states, array);
  run::write_tsv(states, table);
  toy.folder().file("states.npy", array.str());
  toy.folder().file("states.tsv", table.str());
  const auto header = lines_in(table.str()).front();
  CHECK(header.starts_with("sentence\tlayer1.h.0\tlayer1.h.1\t"));
  CHECK(lines_in(table.str())[2].starts_with("c b\t"));
  const auto said = run_witness("numpy_array.py", toy.path());
  if (!said) {
    WARN("skipped: no witness numpy");
    return;
  }
  CHECK(*said == "float32 (2, 24) equal\n");
}

TEST_CASE("states: what a model does not have is refused", "[run][states][error]") {
  Toy toy(turned);
  toy.train("gru", {"train.updates=1", "model.encoder.kind=gru", "model.decoder.kind=gru"});
  const auto gru = toy.load("gru");
  CHECK_THAT(message_of<UsageError>([&] { states_of(gru, "a\n", {.part = run::StatePart::cell}); }),
             ContainsSubstring("no cell state"));
  CHECK_THAT(message_of<UsageError>([&] { states_of(gru, "a\n", {.layer = 3}); }),
             ContainsSubstring("--layer 3: the encoder has 2 layers"));
  CHECK(states_of(gru, "a\n", {.part = run::StatePart::all}).columns.size() == 24);
  CHECK_THAT(message_of<Error>([&] { states_of(gru, ""); }), ContainsSubstring("is empty"));
  Toy other(turned);
  other.folder().file(
      "toy.yaml",
      "data: {train: {source: train.source, target: train.target}, validation: {source: held.source, "
      "target: held.target}}\nmodel: {architecture: transformer, width: 8, heads: 2, feed_forward: 8, encoder: "
      "{layers: 1}, decoder: {layers: 1}}\ntrain: {batch: {sentences: 8}, updates: 1}\n");
  other.train("run");
  CHECK_THAT(message_of<UsageError>([&] { states_of(other.load("run"), "a\n"); }), ContainsSubstring("no final state"));
}

}  // namespace seq2seq::test
