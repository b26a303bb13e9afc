#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/config/keys.h"
#include "seq2seq/text/tokenizer.h"

namespace seq2seq::text {

enum class SubwordKind { unigram, bpe };

/// Random segmentation of the training text in each epoch. Validation and decoding always use the best segmentation.
struct SubwordSampleOptions {
  std::optional<double> alpha;  // unigram; null: no sampling
  double dropout = 0;           // BPE; 0: none
};
void declare(config::Keys& keys, SubwordSampleOptions& options);

struct SentencePieceOptions {
  std::filesystem::path model;  // empty: it is trained
  SubwordKind train = SubwordKind::unigram;
  int64_t size = 8000;
  double character_coverage = 0.9995;
  int64_t training_lines = 1'000'000;
  SubwordSampleOptions sample{};
};
void declare(config::Keys& keys, SentencePieceOptions& options);

/// Subwords of SentencePiece (Kudo and Richardson 2018, arXiv 1808.06226): `▁Subs cript ion`. A model trained here does
/// not change the text, so every line whose only blanks are spaces comes back unchanged. A given model normalizes as it
/// was trained to. A character the model does not know is a token of its own.
class SentencePieceTokenizer final : public Tokenizer {
 public:
  using Options = SentencePieceOptions;
  explicit SentencePieceTokenizer(const Options& options);

  std::vector<std::string> tokenize(std::string_view line) const override;
  std::string detokenize(const std::vector<std::string>& tokens) const override;
  bool inverts() const override { return options_.model.empty(); }
  std::optional<std::string> between_words() const override { return ""; }

  bool learns() const override { return true; }
  /// Trains on a sample of the lines, at most `training_lines`; with a model given, reads that and no line. Throws
  /// Error when the text has too few different pieces or too many characters for `size`, and says what would fit.
  void learn(const NextLine& next_line) override;
  std::string model() const override;
  void set_model(std::string_view bytes) override;

  bool samples() const override { return options_.sample.alpha.has_value() || options_.sample.dropout > 0; }
  std::vector<std::string> sample(std::string_view line, Draws& draws) const override;
  std::vector<std::string> pieces() const override;

 private:
  class Model;
  void load(std::string_view bytes, const std::string& name);
  const Model& loaded() const;

  Options options_;
  std::shared_ptr<const Model> model_;  // never changes, so copies share it; null until it is learned or set
};

}  // namespace seq2seq::text
