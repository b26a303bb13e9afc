#include "seq2seq/run/output_words.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/text.h"
#include "seq2seq/data/input/line_reader.h"
#include "seq2seq/text/factors.h"
#include "seq2seq/text/vocabulary.h"
#include "seq2seq/text/whitespace.h"

namespace seq2seq::run {

namespace {

using Kind = decode::UnknownOptions::Kind;

constexpr std::string_view annotation = "<unk:";  // prefix of a word `<unk:d>`

/// Returns the source token with the largest weight, except for tokens that are not words; no value for an empty
/// source.
std::optional<size_t> most_attended(const std::vector<float>& weights, const std::vector<std::string>& source_tokens,
                                    const data::SourceForm& form) {
  std::optional<size_t> best;
  for (size_t place = 0; place < std::min(weights.size(), source_tokens.size()); ++place) {
    if (form.separates(source_tokens[place])) continue;
    if (!best || weights[place] > weights[*best]) best = place;
  }
  return best;
}

/// Returns the source token for `<unk:d>` at a position of the target: position - d. No value for `<unk:none>`, for a
/// position outside the source and for a separator.
std::optional<size_t> annotated(std::string_view word, size_t position, const std::vector<std::string>& source_tokens,
                                const data::SourceForm& form) {
  word.remove_prefix(annotation.size());
  int64_t distance = 0;
  const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), distance);
  if (fault != std::errc() || std::string_view(end, word.data() + word.size()) != ">") return std::nullopt;
  const auto source = static_cast<int64_t>(position) - distance;
  if (source < 0 || source >= std::ssize(source_tokens)) return std::nullopt;
  const auto place = static_cast<size_t>(source);
  return form.separates(source_tokens[place]) ? std::nullopt : std::optional(place);
}

std::map<std::string, std::vector<std::string>> read_dictionary(const std::filesystem::path& file) {
  std::map<std::string, std::vector<std::string>> dictionary;
  if (file.empty()) return dictionary;
  data::LineReader lines(data::open_bytes(file), file.string());
  const text::WhitespaceTokenizer words({});
  for (std::string line; lines.next(line);) {
    const Place place{.file = file.string(), .line = lines.lines()};
    const auto fields = split(line, '\t');
    if (fields.size() != 2 || fields.front().empty() || words.tokenize(fields.back()).empty())
      throw Error(place, "is not a source word, a tab and its translation", "Correct or remove the line");
    if (!dictionary.emplace(fields.front(), words.tokenize(fields.back())).second)
      throw Error(place, fmt::format("has {} for the second time", quote(fields.front())), "Remove one of the lines");
  }
  return dictionary;
}

}  // namespace

OutputWords::OutputWords(const decode::UnknownOptions& options, const data::TextPipeline& text)
    : kind_(options.kind), text_(&text), dictionary_(read_dictionary(options.dictionary)) {
  const auto annotates = [](const text::Vocabulary::Word& word) { return word.text.starts_with(annotation); };
  if (kind_ == Kind::positional && std::ranges::none_of(text.target_vocabulary().words(), annotates)) {
    throw Error(Place{.part = "decode.unknown.kind: positional"},
                "the target's vocabulary has no word `<unk:d>`, so the model writes none",
                "Train on text that scripts/annotate-unknown has annotated");
  }
}

bool OutputWords::needs_attention(const std::vector<int64_t>& ids) const {
  return kind_ == Kind::replace && std::ranges::find(ids, text::unknown_id) != ids.end();
}

bool OutputWords::is_unknown(int64_t id, const std::string& word) const {
  return kind_ == Kind::positional ? word.starts_with(annotation) : kind_ != Kind::keep && id == text::unknown_id;
}

void OutputWords::append_translation(const std::string& source_token, std::vector<std::string>& words) const {
  auto source =
      text_->options().source_form.factors > 0 ? std::string(text::split_factors(source_token).word) : source_token;
  const auto known = dictionary_.find(source);
  if (known == dictionary_.end()) {
    words.push_back(std::move(source));
  } else {
    words.insert(words.end(), known->second.begin(), known->second.end());
  }
}

OutputWords::Written OutputWords::write(const std::vector<int64_t>& ids, const std::vector<std::string>& source_tokens,
                                        const decode::AttentionWeights& weights) const {
  const auto& form = text_->options().source_form;
  Written written;
  auto words = text_->target_words(ids, text_->copied_words(source_tokens));
  for (size_t i = 0; i < words.size(); ++i) {
    if (!is_unknown(ids[i], words[i])) {
      written.words.push_back(std::move(words[i]));
    } else if (kind_ != Kind::drop) {
      const auto source = kind_ == Kind::replace ? most_attended(weights.at(i), source_tokens, form)
                                                 : annotated(words[i], i, source_tokens, form);
      if (source) {
        append_translation(source_tokens[*source], written.words);
      } else {
        written.words.push_back(text_->target_vocabulary().word(text::unknown_id));
      }
    }
    written.positions.resize(written.words.size(), i);
  }
  return written;
}

std::vector<std::vector<std::string>> words_of_best(const decode::Predictor& predictor, const decode::Reading& sources,
                                                    const std::vector<std::vector<std::string>>& source_tokens,
                                                    const std::vector<std::vector<decode::Hypothesis>>& found,
                                                    const decode::DecodeOptions& options) {
  const OutputWords words(options.unknown, *sources.text);
  decode::Indices needing;
  decode::Sentences outputs;
  for (size_t i = 0; i < found.size(); ++i) {
    if (!words.needs_attention(found[i].front().ids)) continue;
    needing.push_back(static_cast<int64_t>(i));
    outputs.push_back(found[i].front().ids);
  }
  std::vector<decode::AttentionWeights> weights(found.size());
  auto asked =
      decode::attention_all(predictor, decode::pick(sources.sentences, needing), outputs, *sources.text, options.batch);
  for (size_t i = 0; i < needing.size(); ++i) weights[static_cast<size_t>(needing[i])] = std::move(asked.at(i));
  std::vector<std::vector<std::string>> all;
  for (size_t i = 0; i < found.size(); ++i)
    all.push_back(words.write(found[i].front().ids, source_tokens[i], weights[i]).words);
  return all;
}

}  // namespace seq2seq::run
