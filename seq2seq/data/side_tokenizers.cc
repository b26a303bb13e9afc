#include "seq2seq/data/side_tokenizers.h"

#include <utility>

#include "seq2seq/core/error.h"
#include "seq2seq/core/interrupt.h"
#include "seq2seq/data/input/line_pairs.h"
#include "seq2seq/text/factors.h"
#include "seq2seq/text/parts.h"

namespace seq2seq::data {
namespace {

std::shared_ptr<text::LineTokenizer> tokenizer_of(const SideOptions& side, const DataOptions& options,
                                                  const SourceForm& form, const text::TokenizerRegistry& tokenizers) {
  std::shared_ptr<text::Tokenizer> cutter = tokenizers.make(side.tokenizer);
  if (form.factors > 0) cutter = std::make_shared<text::FactorsTokenizer>(std::move(cutter));
  if (form.parts > 1) cutter = std::make_shared<text::PartsTokenizer>(std::move(cutter));
  return std::make_shared<text::LineTokenizer>(side.normalize, options.special_symbols, std::move(cutter));
}

enum class Read { source, target, both };

/// The valid lines of the training text, of one side or of both.
class Lines {
 public:
  Lines(const DataOptions& options, Read read) : pairs_(options.train, options.invalid_utf8), read_(read) {}

  bool next(std::string& line) {
    if (read_ == Read::both && target_is_next_) {
      target_is_next_ = false;
      line = pair_.target;
      return true;
    }
    do {
      if (interrupted()) throw Interrupted("interrupted; nothing was written");
      if (!pairs_.next(pair_)) return false;
    } while (!pair_.valid);
    line = read_ == Read::target ? pair_.target : pair_.source;
    target_is_next_ = true;
    return true;
  }

 private:
  LinePairs pairs_;
  Read read_;
  LinePair pair_;
  bool target_is_next_ = false;
};

void learn_from(text::LineTokenizer& tokenizer, const DataOptions& options, Read read) {
  Lines lines(options, read);
  try {
    tokenizer.learn([&lines](std::string& line) { return lines.next(line); });
  } catch (const Interrupted&) {
    throw;
  } catch (const Error& error) {
    if (!error.place().file.empty()) throw;
    throw Error(Place{.part = read == Read::target ? "data.target.tokenizer" : "data.source.tokenizer"}, error.what());
  }
}

void set_model(text::LineTokenizer& tokenizer, const std::string& model, const char* side) {
  if (!tokenizer.learns()) return;
  if (model.empty()) {
    throw FormatError(std::string("the model of the ") + side + " tokenizer is missing",
                      "Restore the file, or run `seq2seq prepare` again");
  }
  tokenizer.set_model(model);
}

}  // namespace

SideTokenizers::SideTokenizers(const DataOptions& options, const text::TokenizerRegistry& tokenizers)
    : source(tokenizer_of(options.source, options, options.source_form, tokenizers)),
      target(tokenizer_of(options.target, options, /*form=*/{}, tokenizers)) {}

void SideTokenizers::set(const TokenizerModels& models) {
  set_model(*source, models.source, "source");
  set_model(*target, models.target, "target");
}

void SideTokenizers::count_pieces(text::VocabularyBuilder& source_words, text::VocabularyBuilder& target_words) const {
  const auto count = [](const text::LineTokenizer& tokenizer, text::VocabularyBuilder& words) {
    if (!tokenizer.samples()) return;
    for (const auto& piece : tokenizer.pieces()) words.add(piece);
  };
  count(*source, source_words);
  count(*target, target_words);
}

void SideTokenizers::learn(const DataOptions& options) {
  if (options.shared_vocabulary && source->learns() && target->learns()) {
    learn_from(*source, options, Read::both);
    target->set_model(source->model());
    return;
  }
  if (source->learns()) learn_from(*source, options, Read::source);
  if (target->learns()) learn_from(*target, options, Read::target);
}

}  // namespace seq2seq::data
