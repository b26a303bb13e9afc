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
  std::optional<double> alpha;  // for unigram; null: no sampling
  double dropout = 0;           // for BPE; 0: none
};
void declare(config::Keys& keys, SubwordSampleOptions& options);

struct SentencePieceOptions {
  std::filesystem::path model;  // empty: train a model
  SubwordKind train = SubwordKind::unigram;
  int64_t size = 8000;
  double character_coverage = 0.9995;
  int64_t training_lines = 1'000'000;
  SubwordSampleOptions sample{};
};
void declare(config::Keys& keys, SentencePieceOptions& options);

/// Subwords of SentencePiece (Kudo and Richardson 2018, arXiv 1808.06226): `▁Subs cript ion`. A model trained here does
/// not change the text, so lines with no blanks but spaces are restored exactly. A given model normalizes as in its
/// training. A character unknown to the model is a separate token.
class SentencePieceTokenizer final : public Tokenizer {
 public:
  using Options = SentencePieceOptions;
  explicit SentencePieceTokenizer(const Options& options);

  std::vector<std::string> tokenize(std::string_view line) const override;
  std::string detokenize(const std::vector<std::string>& tokens) const override;
  bool is_lossless() const override { return options_.model.empty(); }
  std::optional<std::string> between_words() const override { return ""; }

  bool learns() const override { return true; }
  /// Trains on a sample of at most `training_lines` lines. If a model is given, reads that and no lines. Throws Error
  /// if the text has too few different pieces or too many characters for `size`; the message says which size would fit.
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
  std::shared_ptr<const Model> model_;  // never changes, so copies share it; null until learned or set
};

}  // namespace seq2seq::text
