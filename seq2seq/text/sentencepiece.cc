#include "seq2seq/text/sentencepiece.h"

#include <algorithm>
#include <sentencepiece_processor.h>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/files.h"
#include "seq2seq/core/text.h"
#include "seq2seq/text/subwords/blanks.h"
#include "seq2seq/text/subwords/pieces.h"
#include "seq2seq/text/subwords/sample.h"
#include "seq2seq/text/subwords/train.h"

namespace seq2seq::text {
namespace {

using sentencepiece::SentencePieceProcessor;
using subwords::blank_mark;

/// Returns SentencePiece's name of a byte: `<0x0A>`. Only models with `byte_fallback` have such pieces.
std::string byte_piece(char byte) { return fmt::format("<0x{:02X}>", static_cast<unsigned char>(byte)); }

std::optional<char> byte_of(std::string_view piece) {
  if (piece.size() != 6 || !piece.starts_with("<0x") || !piece.ends_with('>')) return std::nullopt;
  const auto digit = [](char character) { return std::string_view("0123456789ABCDEF").find(character); };
  const auto high = digit(piece[3]), low = digit(piece[4]);
  if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
  return static_cast<char>(high * 16 + low);
}

}  // namespace

/// Properties of a loaded model.
class SentencePieceTokenizer::Model {
 public:
  Model(std::string_view bytes, const std::string& name) : bytes_(bytes) {
    const auto status = processor_.LoadFromSerializedProto(bytes);
    if (!status.ok()) {
      throw FormatError(Place{name, 0, 0, {}}, "is not a SentencePiece model, or is damaged",
                        "Name a file `*.model` that SentencePiece wrote");
    }
    std::vector<subwords::Pieces::Piece> pieces;
    for (int id = 0; id < processor_.GetPieceSize(); ++id) {
      byte_fallback_ = byte_fallback_ || processor_.IsByte(id);
      if (processor_.IsByte(id) || processor_.IsControl(id) || processor_.IsUnknown(id) || processor_.IsUnused(id)) {
        continue;
      }
      pieces.push_back({processor_.IdToPiece(id), processor_.GetScore(id)});
    }
    pieces_ = subwords::Pieces(std::move(pieces));
    const auto probe = encode("a");
    blank_first_ = !probe.empty() && probe.front().starts_with(blank_mark);
    blank_last_ = !probe.empty() && probe.back().ends_with(blank_mark);
  }

  const std::string& bytes() const { return bytes_; }
  const subwords::Pieces& pieces() const { return pieces_; }

  /// Detects the kind of model: only unigram models rank several segmentations.
  bool is_unigram() const {
    std::vector<std::vector<std::string>> ranked;
    return processor_.NBestEncode("a", 1, &ranked).ok() && !ranked.empty() && !ranked.front().empty();
  }

  std::vector<std::string> encode(std::string_view text) const {
    std::vector<std::string> parts;
    const auto status = processor_.Encode(text, &parts);
    if (!status.ok()) throw Error("sentencepiece: a line cannot be tokenized: " + status.ToString());
    return parts;
  }

  /// Returns the text as the model sees it: normalized, blanks marked.
  std::string normalized(std::string_view text) const {
    std::string result;
    for (const auto& part : encode(text)) append_text(result, part);
    return result;
  }

  /// Appends `part` to `tokens`: as a piece, or otherwise character by character, as bytes if the model has them.
  void append_tokens(std::vector<std::string>& tokens, std::string_view part) const {
    if (pieces_.find(part) != nullptr || (byte_fallback_ && byte_of(part))) {
      tokens.emplace_back(part);
      return;
    }
    for (; !part.empty(); part.remove_prefix(first_characters(part, 1).size())) {
      const auto character = first_characters(part, 1);
      if (!byte_fallback_) {
        tokens.emplace_back(character);
        continue;
      }
      for (const char byte : character) tokens.push_back(byte_piece(byte));
    }
  }

  std::string decode(const std::vector<std::string>& tokens) const {
    std::string text;
    for (const auto& token : tokens) append_text(text, token);
    std::string_view rest = text;
    if (blank_first_ && rest.starts_with(blank_mark)) rest.remove_prefix(blank_mark.size());
    if (blank_last_ && rest.ends_with(blank_mark)) rest.remove_suffix(blank_mark.size());
    return subwords::unescape_blanks(rest);
  }

 private:
  void append_text(std::string& text, std::string_view part) const {
    if (const auto byte = byte_fallback_ ? byte_of(part) : std::nullopt) {
      text += *byte;
    } else {
      text += part;
    }
  }

  std::string bytes_;
  SentencePieceProcessor processor_;
  subwords::Pieces pieces_;
  bool byte_fallback_ = false;
  bool blank_first_ = false, blank_last_ = false;  // where it adds a blank that is not in the text
};

SentencePieceTokenizer::SentencePieceTokenizer(const Options& options) : options_(options) {}

const SentencePieceTokenizer::Model& SentencePieceTokenizer::loaded() const {
  if (!model_) throw std::logic_error("a sentencepiece tokenizer was used before it had its model");
  return *model_;
}

void SentencePieceTokenizer::load(std::string_view bytes, const std::string& name) {
  auto model = std::make_shared<const Model>(bytes, name);
  if (samples() && model->is_unigram() != options_.sample.alpha.has_value()) {
    throw model->is_unigram()
        ? Error(Place{name, 0, 0, {}}, "is a unigram model, which `sample.dropout` cannot sample", "Set `sample.alpha`")
        : Error(Place{name, 0, 0, {}}, "is not a unigram model, so `sample.alpha` cannot sample it",
                "Set `sample.dropout`");
  }
  model_ = std::move(model);
}

void SentencePieceTokenizer::learn(const NextLine& next_line) {
  if (options_.model.empty()) {
    load(subwords::train(options_, next_line), "sentencepiece");
  } else {
    load(disk_files().read(options_.model), options_.model.string());
  }
}

std::string SentencePieceTokenizer::model() const { return loaded().bytes(); }

void SentencePieceTokenizer::set_model(std::string_view bytes) { load(bytes, "sentencepiece"); }

std::vector<std::string> SentencePieceTokenizer::tokenize(std::string_view line) const {
  std::vector<std::string> tokens;
  for (const auto& part : loaded().encode(subwords::escape_blanks(line))) loaded().append_tokens(tokens, part);
  return tokens;
}

std::vector<std::string> SentencePieceTokenizer::sample(std::string_view line, Draws& draws) const {
  if (!samples()) return tokenize(line);
  const auto text = loaded().normalized(subwords::escape_blanks(line));
  const auto parts = options_.sample.alpha
                         ? subwords::sample_unigram(text, loaded().pieces(), *options_.sample.alpha, draws)
                         : subwords::merge_with_dropout(text, loaded().pieces(), options_.sample.dropout, draws);
  std::vector<std::string> tokens;
  for (const auto part : parts) loaded().append_tokens(tokens, part);
  return tokens;
}

std::string SentencePieceTokenizer::detokenize(const std::vector<std::string>& tokens) const {
  return loaded().decode(tokens);
}

std::vector<std::string> SentencePieceTokenizer::pieces() const {
  std::vector<std::string> pieces;
  for (const auto& piece : loaded().pieces().all()) pieces.push_back(piece.text);
  return pieces;
}

}  // namespace seq2seq::text
