// A program of your own around a trained model. It reads sentences from standard input and writes the three best
// outputs of each, with their log-probabilities.

#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/run/load.h"

using namespace seq2seq;

namespace {

void translate(const std::string& folder) {
  const run::Registries registries = run::builtin_registries();
  Log log(std::cerr);
  const run::Environment environment{.registries = &registries, .log = &log};
  const run::LoadedRun run = run::load_run(folder, "best", {config::parse_override("decode.n_best=3")}, environment);
  const data::TextPipeline& text = *run.text;

  decode::Sentences sources;
  for (std::string line; std::getline(std::cin, line);)
    sources.push_back(text.source_ids(text.source_tokenizer().tokenize(line)));

  // Searches sentences of similar length together; the results are in the order of the sources.
  const auto found = decode::search_all(run.predictor(), sources, text, run.options().decode);

  for (const auto& outputs : found)
    for (const decode::Hypothesis& output : outputs) {
      const auto words = text.target_tokenizer().detokenize(text.target_words(output.ids));
      std::printf("%.4f\t%s\n", output.score, words.c_str());
    }
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) {
    std::fprintf(stderr, "usage: %s RUN < sources\n", words[0]);
    return 2;
  }
  try {
    translate(words[1]);
  } catch (const std::exception& error) {  // a seq2seq::Error says what is wrong, where, and what to do
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
