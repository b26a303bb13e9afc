#include "seq2seq/data/options.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "seq2seq/core/progress.h"
#include "seq2seq/text/factors.h"
#include "seq2seq/text/parts.h"

namespace seq2seq::data {
namespace {

struct SourceSide {
  SideOptions& side;
  SourceEnd& end;
  SourceForm& form;
  const text::TokenizerRegistry& tokenizers;
};

struct TargetSide {
  SideOptions& side;
  const text::TokenizerRegistry& tokenizers;
};

/// Refers to all options of cleaning except `max_length`, which is a key outside the section.
struct CleanSection {
  CleanOptions& clean;
};

void declare(config::Keys& keys, CleanSection& section) {
  auto& clean = section.clean;
  keys.add("max_ratio", clean.max_ratio,
           "leave out pairs whose longer side has more than this many tokens per token of the other; 0: no limit")
      .unit("tokens to one")
      .at_least(0);
  keys.add("drop_empty_source", clean.drop_empty_source, "leave out pairs with an empty source");
  keys.add("drop_control_characters", clean.drop_control_characters,
           "leave out pairs with control characters other than tab");
  keys.add("drop_duplicates", clean.drop_duplicates,
           "keep only the first of pairs with equal tokens; costs about 50 bytes of memory per pair");
}

void declare_text(config::Keys& keys, SideOptions& side, const text::TokenizerRegistry& tokenizers) {
  keys.section("normalize", side.normalize, "normalization of lines before tokenization; the defaults change nothing");
  keys.select("tokenizer", side.tokenizer, tokenizers, "tokenizer");
  keys.section("vocabulary", side.vocabulary, "words of the training text that get an id");
}

void declare(config::Keys& keys, SourceSide& source) {
  declare_text(keys, source.side, source.tokenizers);
  keys.add("end", source.end,
           {{"none", SourceEnd::none}, {"after", SourceEnd::after}, {"reversed", SourceEnd::reversed}},
           "end symbol of the source. none: no symbol; after: after the words; reversed: reversed with the words, so "
           "it is first");
  keys.add(
          "factors", source.form.factors,
          fmt::format("number of factors of each source token, such as its part of speech, written after the word with "
                      "U+FFE8 before each: `word{}factor` (arXiv 1606.02892)",
                      text::factor_mark))
      .at_least(0)
      .at_most(16);
  keys.add("parts", source.form.parts,
           fmt::format(
               "number of sentences in each source line, such as one sentence in several languages, separated by "
               "the token `{}`; each has its own encoder (arXiv 1601.00710)",
               text::part_separator))
      .at_least(1)
      .at_most(16);
}

void declare(config::Keys& keys, TargetSide& target) { declare_text(keys, target.side, target.tokenizers); }

/// Returns an error message if a list with one entry per corpus has a different number of entries.
template <class Item>
std::string wrong_count(const TrainFiles& files, const std::vector<Item>& items) {
  if (items.empty() || items.size() == files.corpora()) return "";
  return fmt::format("needs {}, one for each corpus (a pair of files, or a file of pairs), and has {}",
                     format_count(static_cast<int64_t>(files.corpora()), "value"), items.size());
}

std::string wrong_factors(const DataOptions& options, const text::TokenizerRegistry& tokenizers) {
  if (options.source_form.factors == 0) return "";
  if (!tokenizers.make(options.source.tokenizer)->between_words())
    return fmt::format(
        "needs a tokenizer that cuts each word by itself, but `data.source.tokenizer: {}` also looks at neighbouring "
        "words. Cut the text beforehand, and use `whitespace`, `character` or `sentencepiece`",
        options.source.tokenizer.kind);
  if (options.source.normalize.form == text::NormalForm::nfkc)
    return "does not work with `data.source.normalize.form: nfkc`, which replaces the mark U+FFE8. Use nfc";
  return "";
}

std::string wrong_parts(const DataOptions& options) {
  if (options.source_form.parts == 1) return "";
  if (options.source_end != SourceEnd::after)
    return "needs the end symbol after each part. Set `data.source.end: after`";
  return std::ranges::all_of(options.train.alignment, [](const auto& file) { return file.empty(); })
             ? ""
             : "does not work with `data.train.alignment`: each part has attention weights of its own that sum to 1";
}

std::string wrong_tag(const TrainFiles& files) {
  for (const auto& tag : files.tags) {
    if (tag.find_first_of(" \t") != std::string::npos)
      return fmt::format("`{}` is not a token: it contains whitespace", tag);
    if (text::is_special(tag)) return fmt::format("`{}` is a special symbol, which cannot occur in text", tag);
  }
  return wrong_count(files, files.tags);
}

std::string wrong_repeat(const TrainFiles& files) {
  const bool nothing = !files.repeat.empty() &&
                       std::all_of(files.repeat.begin(), files.repeat.end(), [](double copies) { return copies == 0; });
  return nothing ? "leaves nothing to train on" : wrong_count(files, files.repeat);
}

}  // namespace

// Paths do not change results. The digest of the files' contents (`content_digest`) identifies a result.
void declare(config::Keys& keys, TrainFiles& files) {
  keys.add("source", files.source, "file of source sentences, one per line; a list of files is read in order")
      .changes_no_result();
  keys.add("target", files.target, "files of targets, in the same order and with the same lines as `source`")
      .changes_no_result();
  keys.add("pairs", files.pairs,
           "file, or list of files, with lines `source<TAB>target`, instead of or in addition to `source` and `target`")
      .changes_no_result();
  keys.add("repeat", files.repeat,
           "how often an epoch contains each corpus, in the order of the files; a fraction takes that share of its "
           "pairs, drawn anew each epoch; empty: once")
      .unit("copies")
      .at_least(0)
      .at_most(1e6);
  keys.add("tags", files.tags,
           "token added before each source sentence of a corpus, in the order of the files; an empty string adds none");
  keys.add("weights", files.weights,
           "file for each corpus, in the order of the files, with one number per line that multiplies the losses of "
           "the pair; an empty string: all 1");
  keys.rule("repeat", [&files] { return wrong_repeat(files); });
  keys.rule("tags", [&files] { return wrong_tag(files); });
  keys.add(
      "alignment", files.alignment,
      "file for each corpus, in the order of the files, with the word alignment of a pair per line, `0-0 1-2`, for "
      "`train.guided_alignment`; an empty string: none");
  keys.rule("weights", [&files] { return wrong_count(files, files.weights); });
  keys.rule("alignment", [&files] { return wrong_count(files, files.alignment); });
  keys.rule("source", [&files] {
    const auto unnamed = [](const auto& list) {
      return std::any_of(list.begin(), list.end(), [](const auto& file) { return file.empty(); });
    };
    if (unnamed(files.source) || unnamed(files.target) || unnamed(files.pairs))
      return "a file of `source`, `target` or `pairs` has no name";
    return files.source.empty() && files.pairs.empty() ? "is missing; set `source` and `target`, or `pairs`" : "";
  });
  keys.rule("target", [&files] {
    if (files.source.size() == files.target.size()) return std::string();
    return files.target.empty() ? "is missing, but `source` is given"
                                : fmt::format("has {}, but `source` has {}; give the same number in the same order",
                                              format_count(std::ssize(files.target), "file"), files.source.size());
  });
}

void declare(config::Keys& keys, FilePair& files) {
  keys.add("source", files.source, "file of source sentences, one per line").changes_no_result();
  keys.add("target", files.target,
           "file of references, one per line, or a list of files; an empty line means no reference in that file. "
           "Log-probabilities and perplexity use the first reference of a sentence")
      .changes_no_result();
  keys.rule("source", [&files] {
    return files.source.empty() && !files.target.empty() ? "is missing, but `target` is given" : "";
  });
  keys.rule("target", [&files] {
    return files.target.empty() && !files.source.empty() ? "is missing, but `source` is given" : "";
  });
}

namespace {

struct TextToTrainOn {
  TrainFiles& files;
};
void declare(config::Keys& keys, TextToTrainOn& text) {
  auto& files = text.files;
  keys.add("target", files.target, "file of sentences, one per line; a list of files is read in order")
      .changes_no_result();
  keys.add("repeat", files.repeat,
           "how often an epoch contains each file, in the order of the files; a fraction takes that share of its "
           "sentences, drawn anew each epoch; empty: once")
      .unit("copies")
      .at_least(0)
      .at_most(1e6);
  keys.rule("repeat", [&files] { return wrong_repeat(files); });
  keys.rule("target", [&files] {
    const auto unnamed = [](const auto& file) { return file.empty(); };
    if (files.target.empty()) return "is missing; give a file of text";
    return std::any_of(files.target.begin(), files.target.end(), unnamed) ? "names a file without a name" : "";
  });
}

struct TextToMeasureOn {
  FilePair& files;
};
void declare(config::Keys& keys, TextToMeasureOn& text) {
  keys.add("target", text.files.target, "file of sentences, one per line").changes_no_result();
}

struct CleanText {
  CleanOptions& clean;
};
void declare(config::Keys& keys, CleanText& section) {
  keys.add("drop_control_characters", section.clean.drop_control_characters,
           "leave out sentences with control characters other than tab");
  keys.add("drop_duplicates", section.clean.drop_duplicates,
           "keep only the first of sentences with equal tokens; costs about 50 bytes of memory per sentence");
}

/// Declares the keys for a language model's text.
void declare_one_sided(config::Keys& keys, DataOptions& options, const text::TokenizerRegistry& tokenizers) {
  TextToTrainOn train{options.train};
  keys.section("train", train, "training text");
  TextToMeasureOn validation{options.validation}, test{options.test};
  keys.section("validation", validation, "validation text; optional");
  keys.section("test", test, "test text for `evaluate` and studies; optional");
  TargetSide target{options.target, tokenizers};
  keys.section("target", target, "tokenization and vocabulary");
  keys.add("max_length", options.clean.max_length, "leave out longer training sentences; they are counted")
      .unit("tokens")
      .at_least(1)
      .at_most(1e9);
  CleanText clean{options.clean};
  keys.section("clean", clean, "more filters for training sentences; left-out sentences are counted");
  keys.add("invalid_utf8", options.invalid_utf8, {{"error", InvalidUtf8::error}, {"drop", InvalidUtf8::drop}},
           "error: stop at text that is not UTF-8, with file and line; drop: leave out such lines and count them");
  text::declare_special_symbols(keys, options.special_symbols);
  keys.rule("target.tokenizer", [&options, &tokenizers] {
    return tokenizers.make(options.target.tokenizer)->samples()
               ? "subword sampling does not work with `task: lm`. Leave out `data.target.tokenizer.sample`"
               : "";
  });
}

}  // namespace

void declare(config::Keys& keys, DataOptions& options, const text::TokenizerRegistry& tokenizers) {
  if (options.task == Task::lm) return declare_one_sided(keys, options, tokenizers);
  keys.section("train", options.train, "training pairs");
  keys.section("validation", options.validation, "validation pairs; optional");
  keys.section("test", options.test, "test pairs for `evaluate` and studies; optional");
  keys.add("prepared", options.prepared,
           "folder of prepared text, made by `seq2seq prepare` (or by `train` if missing) and mapped into memory; not "
           "set: every start reads the text into memory. Set it for large texts and for subword sampling")
      .changes_no_result();
  SourceSide source{options.source, options.source_end, options.source_form, tokenizers};
  keys.section("source", source, "tokenization and vocabulary of the source");
  TargetSide target{options.target, tokenizers};
  keys.section("target", target, "tokenization and vocabulary of the target");
  keys.add("shared_vocabulary", options.shared_vocabulary,
           "use one vocabulary for both sides, with the options of `source.vocabulary`; needed by shared embeddings");
  keys.add("reverse", options.reverse,
           {{"none", Reverse::none}, {"source", Reverse::source}, {"target", Reverse::target}, {"both", Reverse::both}},
           "side whose words are reversed (Sutskever et al. 2014: source); with attention, use none");
  keys.add("max_length", options.clean.max_length, "leave out training pairs with a longer side; they are counted")
      .unit("tokens")
      .at_least(1)
      .at_most(1e9);
  CleanSection clean{options.clean};
  keys.section("clean", clean, "more filters for training pairs; left-out pairs are counted");
  keys.add("invalid_utf8", options.invalid_utf8, {{"error", InvalidUtf8::error}, {"drop", InvalidUtf8::drop}},
           "error: stop at text that is not UTF-8, with file and line; drop: leave out such pairs and count them");
  text::declare_special_symbols(keys, options.special_symbols);
  const auto samples = [&options, &tokenizers] {
    return tokenizers.make(options.source.tokenizer)->samples() || tokenizers.make(options.target.tokenizer)->samples();
  };
  keys.rule("prepared", [&options, samples] {
    return samples() && options.prepared.empty()
               ? "must be set for subword sampling: name a folder for the prepared text"
               : "";
  });
  keys.rule("train.alignment", [&options, samples] {
    return !options.train.alignment.empty() && samples()
               ? "links tokens, but subword sampling produces different tokens in each epoch. Turn `sample` off, or "
                 "leave the alignment out"
               : "";
  });
  keys.rule("source.factors", [&options, &tokenizers] { return wrong_factors(options, tokenizers); });
  keys.rule("source.parts", [&options] { return wrong_parts(options); });
  keys.rule("source.end", [&options] {
    const bool reversed = options.reverse == Reverse::source || options.reverse == Reverse::both;
    return options.source_end == SourceEnd::reversed && !reversed ? "`reversed` needs `reverse: source` or `both`" : "";
  });
}

}  // namespace seq2seq::data
