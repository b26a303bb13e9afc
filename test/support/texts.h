#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "seq2seq/data/text_pipeline.h"
#include "seq2seq/decode/search.h"
#include "seq2seq/run/evaluation_set.h"
#include "seq2seq/text/sentencepiece.h"
#include "test/metrics/real_text.h"
#include "test/support/scripted_predictor.h"
#include "test/support/temporary_folder.h"

namespace seq2seq::test {

/// Returns real lines that a normal form or lower case changes: ligatures, combining accents, letters of several cases.
inline std::vector<std::string> cased_lines() {
  auto lines = real_lines();
  for (const std::string line :
       {"The O\uFB03ce of \u212Bngstr\u00F6m, A\u030Angstro\u0308m & Co. paid \uFF11\uFF10 %",
        "\u039F\u0394\u039F\u03A3 and \u0130stanbul: \u01C5 stays.", "don't, won't -- can 't ( see [1] ) !"})
    lines.insert(lines.end(), 3, line);
  return lines;
}

/// A text pipeline learned from lines, files of references, and a predictor that writes given lines by this pipeline:
/// outputs to measure without a model.
class Texts {
 public:
  Texts(const TemporaryFolder& folder, const std::string& tokenizer, const text::NormalizeOptions& normalize,
        const std::vector<std::string>& outputs, const std::vector<std::vector<std::string>>& references)
      : text(learned(folder, tokenizer, normalize, outputs, references)),
        set(run::read_evaluation_set(files(folder, references), text)),
        predictor(ids(outputs)) {
    decode.beam = 1;
    decode.max_length.ratio = 1000;
    decode.max_length.limit = 100'000;
  }

  /// Returns the outputs as `translate` writes them.
  std::vector<std::string> written() const {
    std::vector<std::string> lines;
    for (const auto& output : predictor.outputs())
      lines.push_back(text.target_tokenizer().detokenize(text.target_words(output)));
    return lines;
  }

  data::TextPipeline text;
  run::EvaluationSet set;
  ScriptedPredictor predictor;
  decode::DecodeOptions decode;

 private:
  static data::TextPipeline learned(const TemporaryFolder& folder, const std::string& tokenizer,
                                    const text::NormalizeOptions& normalize, const std::vector<std::string>& outputs,
                                    const std::vector<std::vector<std::string>>& references) {
    std::string train = joined(outputs);
    for (const auto& lines : references) train += joined(lines);
    const auto file = folder.file("train", train);
    data::DataOptions options;
    options.train = {.source = {file}, .target = {file}, .pairs = {}};
    options.clean.max_length = 100'000;
    options.target.normalize = normalize;
    options.target.tokenizer.kind = tokenizer;
    if (tokenizer == "sentencepiece") {
      const text::SentencePieceOptions subwords{.train = text::SubwordKind::bpe, .size = 400};
      options.target.tokenizer.options = std::make_shared<text::SentencePieceOptions>(subwords);
    }
    return data::TextPipeline::from_training_text(options, text::builtin_tokenizers());
  }

  static data::FilePair files(const TemporaryFolder& folder, const std::vector<std::vector<std::string>>& references) {
    std::string source;
    for (size_t i = 0; i < references.front().size(); ++i) source += "source\n";
    data::FilePair files{folder.file("source", source), {}};
    for (size_t i = 0; i < references.size(); ++i)
      files.target.push_back(folder.file("references." + std::to_string(i), joined(references[i])));
    return files;
  }

  std::vector<std::vector<int64_t>> ids(const std::vector<std::string>& outputs) const {
    std::vector<std::vector<int64_t>> all;
    for (const auto& line : outputs) all.push_back(text.target_ids(text.target_tokenizer().tokenize(line)));
    return all;
  }
};

}  // namespace seq2seq::test
