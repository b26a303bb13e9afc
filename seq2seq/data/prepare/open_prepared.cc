#include "seq2seq/data/prepare/open_prepared.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "seq2seq/core/checksum.h"
#include "seq2seq/core/error.h"
#include "seq2seq/data/factors.h"

namespace seq2seq::data {
namespace {

constexpr const char* kRemedy = "Run `seq2seq prepare` again";

std::string value_in(const std::vector<std::string>& options, const std::string& key) {
  for (const auto& option : options) {
    if (option.starts_with(key + "=")) return option.substr(key.size() + 1);
  }
  return "(absent)";
}

/// Returns `data.max_length was 50 and is 100, ...`.
std::string differences(const std::vector<std::string>& then, const std::vector<std::string>& now) {
  std::vector<std::string> keys;
  for (const auto* options : {&now, &then}) {
    for (const auto& option : *options) {
      auto key = option.substr(0, option.find('='));
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(std::move(key));
    }
  }
  std::string text;
  for (const auto& key : keys) {
    const auto before = value_in(then, key);
    const auto after = value_in(now, key);
    if (before != after) text += fmt::format("{}`{}` was {} and is {}", text.empty() ? "" : ", ", key, before, after);
  }
  return text;
}

FormatError damaged(const std::filesystem::path& file, const std::string& problem) {
  return {Place{file.string(), 0, 0, {}}, problem, kRemedy};
}

text::Vocabulary open_vocabulary(const std::filesystem::path& file, const std::string& sha256_in_summary) {
  auto vocabulary = text::Vocabulary::load(file);
  if (sha256(vocabulary.serialize()) != sha256_in_summary) {
    throw damaged(file, "has changed since it was prepared (its SHA-256 differs from the summary)");
  }
  return vocabulary;
}

std::string open_model(const std::filesystem::path& file, const SideSummary& summary) {
  if (summary.tokenizer_sha256.empty()) return {};
  auto model = disk_files().read(file);
  if (sha256(model) != summary.tokenizer_sha256) {
    throw damaged(file, "has changed since the tokenizer was trained (its SHA-256 differs from the summary)");
  }
  return model;
}

std::vector<text::Vocabulary> values_of(const PreparedFolder::Side& side, const SideSummary& summary,
                                        const SourceForm& form) {
  if (form.factors == 0) return {};
  FactorCounter values(form);
  const auto tokens = open_words(side, summary);
  for (const auto& token : tokens.words()) values.add(token.text, token.count);
  return values.vocabularies();
}

/// `most_ids`: number of ids in the vocabulary.
TokenStore open_side(const PreparedFolder::Side& side, int64_t pairs, const SideSummary& summary, int64_t most_ids) {
  const auto tokens = TokenStore::open(side.tokens, /*verify=*/true);
  if (tokens.size() != pairs || tokens.tokens() != summary.tokens) {
    throw damaged(side.tokens, fmt::format("has {} sentences with {} tokens, but its summary says {} with {}",
                                           tokens.size(), tokens.tokens(), pairs, summary.tokens));
  }
  const auto ids = TokenStore::open(side.ids, /*verify=*/true);
  if (ids.tokens() != summary.words + text::special_count || ids.largest() >= most_ids ||
      tokens.largest() >= ids.tokens()) {
    throw damaged(
        side.ids,
        fmt::format("has {} words with ids up to {}, but its summary says {} words and a vocabulary of {}",
                    ids.tokens() - text::special_count, ids.largest(), summary.words, summary.vocabulary_words));
  }
  return tokens.renumbered(ids);
}

/// Throws FormatError for a file that is missing.
void check_present(const PreparedFolder& folder, const Summary& summary) {
  std::vector<std::filesystem::path> files;
  for (const auto& [side, facts] : {std::pair{folder.source(), &summary.source}, {folder.target(), &summary.target}}) {
    files.insert(files.end(), {side.tokens, side.words, side.ids, side.vocabulary});
    if (!facts->tokenizer_sha256.empty()) files.push_back(side.tokenizer);
  }
  if (summary.pairs < summary.lines) files.push_back(folder.numbers());
  if (summary.weighted) files.push_back(folder.weights());
  if (summary.aligned) files.push_back(folder.links());
  for (const auto& file : files) {
    std::error_code unknown;
    if (!std::filesystem::exists(file, unknown)) throw damaged(file, "is missing");
  }
}

/// Opens a store with one number per pair.
TokenStore open_numbers(const std::filesystem::path& file, int64_t pairs) {
  auto numbers = TokenStore::open(file, /*verify=*/true);
  if (numbers.tokens() != pairs) {
    throw damaged(file, fmt::format("has {} numbers for {} pairs", numbers.tokens(), pairs));
  }
  return numbers;
}

/// Opens a store with the links of each pair.
TokenStore open_links(const std::filesystem::path& file, int64_t pairs) {
  auto links = TokenStore::open(file, /*verify=*/true);
  if (links.size() != pairs)
    throw damaged(file, fmt::format("holds the links of {} pairs, but there are {}", links.size(), pairs));
  return links;
}

}  // namespace

text::Vocabulary open_words(const PreparedFolder::Side& side, const SideSummary& summary) {
  return open_vocabulary(side.words, summary.words_sha256);
}

std::vector<text::Vocabulary> open_factors(const PreparedFolder& folder, const Summary& summary) {
  SourceForm form;
  for (const auto& [key, number] :
       {std::pair("data.source.factors", &form.factors), {"data.source.parts", &form.parts}}) {
    const auto value = value_in(summary.text_options, key);
    std::from_chars(value.data(), value.data() + value.size(), *number);  // a missing value keeps the default
  }
  return values_of(folder.source(), summary.source, form);
}

bool is_intact(const PreparedFolder& folder, const Summary& summary, const SourceForm& form) {
  try {
    open_words(folder.source(), summary.source);
    open_words(folder.target(), summary.target);
    open_prepared(folder, {summary.text_options, summary.vocabulary_options}, form);
    return true;
  } catch (const Error&) {
    return false;
  }
}

Summary read_summary(const PreparedFolder& folder) {
  std::error_code unknown;
  if (!std::filesystem::exists(folder.summary(), unknown)) {
    throw Error(Place{folder.root.string(), 0, 0, {}}, "is not a folder of prepared text",
                "Run `seq2seq prepare CONFIG`");
  }
  return parse_summary(disk_files().read(folder.summary()), folder.summary());
}

Prepared open_prepared(const PreparedFolder& folder, const PrepareKeys& keys, const SourceForm& form) {
  auto summary = read_summary(folder);
  auto text = differences(summary.text_options, keys.text);
  const auto vocabulary = differences(summary.vocabulary_options, keys.vocabulary);
  if (!text.empty() && !vocabulary.empty()) text += ", ";
  if (text += vocabulary; !text.empty()) {
    throw Error(Place{folder.root.string(), 0, 0, {}}, "was prepared with other options: " + text,
                "Run `seq2seq prepare CONFIG` again, or set `data.prepared` to another folder");
  }
  check_present(folder, summary);
  auto source = open_vocabulary(folder.source().vocabulary, summary.source.vocabulary_sha256);
  auto values = values_of(folder.source(), summary.source, form);
  auto target = open_vocabulary(folder.target().vocabulary, summary.target.vocabulary_sha256);
  Corpus corpus{.source = open_side(folder.source(), summary.pairs, summary.source,
                                    SourceVocabulary(source, values, form.parts).ids()),
                .target = open_side(folder.target(), summary.pairs, summary.target, target.size()),
                .numbers = {},
                .left_out = summary.left_out,
                .pairs_of = summary.pairs_of};
  if (summary.pairs < summary.lines) corpus.numbers = open_numbers(folder.numbers(), summary.pairs);
  if (summary.weighted) corpus.weights = open_numbers(folder.weights(), summary.pairs);
  if (summary.aligned) corpus.links = open_links(folder.links(), summary.pairs);
  const int64_t counted = std::accumulate(summary.pairs_of.begin(), summary.pairs_of.end(), int64_t{0});
  if (counted != summary.pairs) {
    throw damaged(folder.summary(),
                  fmt::format("is damaged: its corpora have {} pairs, but its total is {}", counted, summary.pairs));
  }
  TokenizerModels models{open_model(folder.source().tokenizer, summary.source),
                         open_model(folder.target().tokenizer, summary.target)};
  return {.summary = std::move(summary),
          .corpus = std::move(corpus),
          .source_vocabulary = std::move(source),
          .target_vocabulary = std::move(target),
          .factors = std::move(values),
          .models = std::move(models)};
}

}  // namespace seq2seq::data
