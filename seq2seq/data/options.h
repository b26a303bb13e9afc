#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "seq2seq/config/keys.h"
#include "seq2seq/text/escape.h"
#include "seq2seq/text/normalize.h"
#include "seq2seq/text/tokenizer.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::data {

/// Files to measure on, line n of the one belonging to line n of the other. `target` may name several files of
/// references, where an empty line means that this sentence has no such reference; the first that a sentence has is
/// scored.
struct FilePair {
  std::filesystem::path source;
  std::vector<std::filesystem::path> target;
};
void declare(config::Keys& keys, FilePair& files);

/// Text to train on: files of either side, the nth beside the nth, then files of both sides in columns parted by a tab.
/// Read one after another as one text. What is said of each corpus (a pair of files, or a file of pairs) is said in
/// this order, or of none.
struct TrainFiles {
  std::vector<std::filesystem::path> source, target, pairs;
  std::vector<double> repeat{};                    // copies of its pairs in an epoch; a fraction is that share of them
  std::vector<std::string> tags{};                 // token before each of its sources; empty: none
  std::vector<std::filesystem::path> alignment{};  // file with links of tokens a line (Pharaoh); empty: none
  std::vector<std::filesystem::path> weights{};  // file with a number a line, by which losses are multiplied; empty: 1
  std::size_t corpora() const { return source.size() + pairs.size(); }
};
void declare(config::Keys& keys, TrainFiles& files);

enum class Reverse { none, source, target, both };
enum class SourceEnd { none, after, reversed };  // reversed: the end symbol is turned with the words and comes first
enum class InvalidUtf8 { error, drop };

/// One side's text: how lines become tokens, and tokens ids.
struct SideOptions {
  text::NormalizeOptions normalize;
  Selection tokenizer{.kind = "whitespace", .options = nullptr};
  text::VocabularyOptions vocabulary;
};

/// Which pairs are no good to train on. Each that is left out is counted, with its reason.
struct CleanOptions {
  int64_t max_length = 100;              // tokens a side
  double max_ratio = 0;                  // tokens of the longer side to one of the shorter; 0: any
  bool drop_empty_source = false;        // an empty target is always left out
  bool drop_control_characters = false;  // U+0000 to U+001F but tab, U+007F to U+009F
  bool drop_duplicates = false;          // of pairs with the same tokens the first is kept
};

struct DataOptions {
  TrainFiles train;
  FilePair validation, test;
  std::filesystem::path prepared;  // what `seq2seq prepare` makes of the training text; empty: it is read anew
  SideOptions source, target;
  bool shared_vocabulary = false;  // one of both sides' words, by the options of the source
  SourceEnd source_end = SourceEnd::after;
  Reverse reverse = Reverse::source;
  CleanOptions clean;
  InvalidUtf8 invalid_utf8 = InvalidUtf8::error;
  text::SpecialSymbols special_symbols = text::SpecialSymbols::unknown;
};
/// `data.train`, ..., `data.source.tokenizer`, `data.source.end`, `data.reverse`, ... as in docs/configuration.md.
/// `tokenizers` must outlive `keys`.
void declare(config::Keys& keys, DataOptions& options, const text::TokenizerRegistry& tokenizers);

}  // namespace seq2seq::data
