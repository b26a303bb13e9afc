#include "seq2seq/data/options.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "seq2seq/data/bucket.h"

namespace seq2seq::data {
namespace {

struct SourceSide {
  SideOptions& side;
  SourceEnd& end;
  const text::TokenizerRegistry& tokenizers;
};

struct TargetSide {
  SideOptions& side;
  const text::TokenizerRegistry& tokenizers;
};

/// Bound to what it cleans but for `max_length`, which stands beside the section.
struct CleanSection {
  CleanOptions& clean;
};

void declare(config::Keys& keys, CleanSection& section) {
  auto& clean = section.clean;
  keys.add("max_ratio", clean.max_ratio,
           "pairs with more tokens on one side to one of the other are left out; 0: any ratio will do")
      .unit("tokens to one")
      .at_least(0);
  keys.add("drop_empty_source", clean.drop_empty_source, "whether pairs with an empty source are left out");
  keys.add("drop_control_characters", clean.drop_control_characters,
           "whether pairs with control characters other than a tab are left out");
  keys.add("drop_duplicates", clean.drop_duplicates,
           "whether of pairs with the same tokens only the first is kept; takes 16 bytes of memory a pair");
}

void declare_text(config::Keys& keys, SideOptions& side, const text::TokenizerRegistry& tokenizers) {
  keys.section("normalize", side.normalize, "what is made of a line before it is cut");
  keys.select("tokenizer", side.tokenizer, tokenizers, "what cuts a line into tokens");
  keys.section("vocabulary", side.vocabulary, "which words of the training text get an id");
}

void declare(config::Keys& keys, SourceSide& source) {
  declare_text(keys, source.side, source.tokenizers);
  keys.add("end", source.end,
           {{"none", SourceEnd::none}, {"after", SourceEnd::after}, {"reversed", SourceEnd::reversed}},
           "where the source's end symbol stands: nowhere, after the words, or turned with them and so first");
}

void declare(config::Keys& keys, TargetSide& target) { declare_text(keys, target.side, target.tokenizers); }

/// Wrong when a list says something of each corpus, and there are not as many.
template <class Item>
std::string wrong_count(const TrainFiles& files, const std::vector<Item>& items) {
  if (items.empty() || items.size() == files.corpora()) return "";
  return fmt::format("has {} entries for {} corpora (each pair of files is one, and each file of pairs)", items.size(),
                     files.corpora());
}

std::string wrong_tag(const TrainFiles& files) {
  for (const auto& tag : files.tags) {
    if (tag.find_first_of(" \t") != std::string::npos) return fmt::format("`{}` is no token: it holds a blank", tag);
    if (text::is_special(tag)) return fmt::format("`{}` is a special symbol, which no text can hold", tag);
  }
  return wrong_count(files, files.tags);
}

std::string wrong_repeat(const TrainFiles& files) {
  const bool nothing = !files.repeat.empty() &&
                       std::all_of(files.repeat.begin(), files.repeat.end(), [](double copies) { return copies == 0; });
  return nothing ? "leaves nothing to train on" : wrong_count(files, files.repeat);
}

}  // namespace

// Paths change no result: what identifies a result is the digest of what lies in the files (`content_digest`).
void declare(config::Keys& keys, TrainFiles& files) {
  keys.add("source", files.source, "file of source sentences, one a line, or several, read one after another")
      .changes_no_result();
  keys.add("target", files.target, "their targets, line by line, in as many files").changes_no_result();
  keys.add("pairs", files.pairs, "file, or several, of lines `source<TAB>target`").changes_no_result();
  keys.add("repeat", files.repeat,
           "how often an epoch has the pairs of each corpus, in the order of the files; of a fraction's pairs an epoch "
           "has that share, drawn anew each time; empty: once")
      .unit("copies")
      .at_least(0);
  keys.add("tags", files.tags,
           "token that is put before each source sentence of a corpus, in the order of the files; an empty one: none");
  keys.add("weights", files.weights,
           "file of each corpus, in the order of the files, with a number a line, by which the losses of that pair are "
           "multiplied; an empty one: none");
  keys.rule("repeat", [&files] { return wrong_repeat(files); });
  keys.rule("tags", [&files] { return wrong_tag(files); });
  keys.add("alignment", files.alignment,
           "file of each corpus, in the order of the files, with the links of its tokens a line, `0-0 1-2`, for "
           "`train.guided_alignment`; an empty one: none");
  keys.rule("weights", [&files] { return wrong_count(files, files.weights); });
  keys.rule("alignment", [&files] { return wrong_count(files, files.alignment); });
  keys.rule("source", [&files] {
    const auto unnamed = [](const auto& list) {
      return std::any_of(list.begin(), list.end(), [](const auto& file) { return file.empty(); });
    };
    if (unnamed(files.source) || unnamed(files.target) || unnamed(files.pairs))
      return "a file of `source`, `target` or `pairs` has no name";
    return files.source.empty() && files.pairs.empty() ? "is missing: name `source` and `target`, or `pairs`" : "";
  });
  keys.rule("target", [&files] {
    if (files.source.size() == files.target.size()) return std::string();
    return files.target.empty() ? "is missing, but `source` is given"
                                : fmt::format("names {} files, but `source` {}; the nth belongs to the nth",
                                              files.target.size(), files.source.size());
  });
}

void declare(config::Keys& keys, FilePair& files) {
  keys.add("source", files.source, "file of source sentences, one a line").changes_no_result();
  keys.add("target", files.target,
           "file of their references, line by line; of several, an empty line means that the sentence has no such "
           "reference, and the first one it has is scored")
      .changes_no_result();
  keys.rule("source", [&files] {
    return files.source.empty() && !files.target.empty() ? "is missing, but `target` is given" : "";
  });
  keys.rule("target", [&files] {
    return files.target.empty() && !files.source.empty() ? "is missing, but `source` is given" : "";
  });
}

void declare(config::Keys& keys, DataOptions& options, const text::TokenizerRegistry& tokenizers) {
  keys.section("train", options.train, "the pairs that are trained on");
  keys.section("validation", options.validation, "the pairs that progress is measured on; may be left out");
  keys.section("test", options.test, "the pairs that `evaluate` measures on; may be left out");
  keys.add("prepared", options.prepared,
           "folder that `seq2seq prepare` makes of the training text, and from which training then reads; empty: "
           "training reads the text itself, into memory")
      .changes_no_result();
  SourceSide source{options.source, options.source_end, tokenizers};
  keys.section("source", source, "the text of the source side");
  TargetSide target{options.target, tokenizers};
  keys.section("target", target, "the text of the target side");
  keys.add("shared_vocabulary", options.shared_vocabulary,
           "whether both sides have one vocabulary, of the words of both, by the options of `source.vocabulary`");
  keys.add("reverse", options.reverse,
           {{"none", Reverse::none}, {"source", Reverse::source}, {"target", Reverse::target}, {"both", Reverse::both}},
           "the side whose words are turned round (Sutskever et al. 2014: source)");
  keys.add("max_length", options.clean.max_length, "training pairs with a longer side are left out, counted")
      .unit("tokens")
      .at_least(1);
  CleanSection clean{options.clean};
  keys.section("clean", clean, "which other pairs are left out of training, counted");
  keys.add("invalid_utf8", options.invalid_utf8, {{"error", InvalidUtf8::error}, {"drop", InvalidUtf8::drop}},
           "what becomes of pairs that are not UTF-8: an error with its place, or left out, counted");
  text::declare_special_symbols(keys, options.special_symbols);
  keys.rule("prepared", [&options, &tokenizers] {
    const auto samples = [&](const SideOptions& side) { return tokenizers.make(side.tokenizer)->samples(); };
    const bool needed = samples(options.source) || samples(options.target);
    return needed && options.prepared.empty() ? "must name a folder where a tokenizer samples" : "";
  });
  keys.rule("train.alignment", [&options, &tokenizers] {
    const auto samples = [&](const SideOptions& side) { return tokenizers.make(side.tokenizer)->samples(); };
    return !options.train.alignment.empty() && (samples(options.source) || samples(options.target))
               ? "links tokens, and a tokenizer that samples cuts others in each epoch. Turn `sample` off, or leave "
                 "the alignment out"
               : "";
  });
  keys.rule("source.end", [&options] {
    const bool reversed = options.reverse == Reverse::source || options.reverse == Reverse::both;
    return options.source_end == SourceEnd::reversed && !reversed ? "`reversed` needs `reverse: source` or `both`" : "";
  });
}

void declare(config::Keys& keys, BatchOptions& options) {
  keys.add("sentences", options.sentences, "pairs a batch; 0: not limited by pairs").unit("pairs").at_least(0);
  keys.add("tokens", options.tokens,
           "tokens a batch, both sides with their end symbols; a single longer pair is a batch of its own; 0: not "
           "limited by tokens")
      .unit("tokens")
      .at_least(0);
  keys.add("pool", options.pool,
           "batches that are sorted by length together: larger makes lengths more alike, smaller mixes more")
      .unit("batches")
      .at_least(1);
  keys.add("draw", options.draw,
           {{"each_once", EpochDraw::each_once}, {"with_replacement", EpochDraw::with_replacement}},
           "whether an epoch has every pair once, or as many pairs, each drawn from all of them");
  keys.add("prefetch", options.prefetch,
           "updates whose batches are made ahead on another thread; 0: each when it is needed")
      .unit("updates")
      .at_least(0)
      .changes_no_result();
  keys.rule("sentences", [&options] {
    return (options.sentences > 0) == (options.tokens > 0) ? "exactly one of `sentences` and `tokens` must be above 0"
                                                           : "";
  });
}

}  // namespace seq2seq::data
