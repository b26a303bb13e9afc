#include "seq2seq/run/output_words.h"

#include <algorithm>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/text.h"
#include "seq2seq/data/factors.h"
#include "seq2seq/data/input/line_reader.h"
#include "seq2seq/text/vocabulary.h"
#include "seq2seq/text/whitespace.h"

namespace seq2seq::run {

namespace {

using Kind = decode::UnknownOptions::Kind;

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
    : kind_(options.kind), text_(&text), dictionary_(read_dictionary(options.dictionary)) {}

bool OutputWords::needs_attention(const std::vector<int64_t>& ids) const {
  return kind_ == Kind::replace && std::ranges::find(ids, text::unknown_id) != ids.end();
}

std::vector<std::string> OutputWords::words(const std::vector<int64_t>& ids,
                                            const std::vector<std::string>& source_tokens,
                                            const decode::AttentionWeights& weights) const {
  auto words = text_->target_words(ids, text_->copied_words(source_tokens));
  if (kind_ == Kind::keep || std::ranges::find(ids, text::unknown_id) == ids.end()) return words;
  std::vector<std::string> changed;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] != text::unknown_id || (kind_ == Kind::replace && source_tokens.empty())) {
      changed.push_back(std::move(words[i]));
    } else if (kind_ == Kind::replace) {
      const auto& row = weights.at(i);
      const auto& form = text_->options().source_form;
      size_t best = 0;
      for (size_t place = 1; place < std::min(row.size(), source_tokens.size()); ++place)
        if (row[place] > row[best] && !form.separates(source_tokens[place])) best = place;
      const auto& token = source_tokens[best];
      const auto source = form.factors > 0 ? std::string(data::split_factors(token).word) : token;
      const auto known = dictionary_.find(source);
      if (known == dictionary_.end()) {
        changed.push_back(source);
      } else {
        changed.insert(changed.end(), known->second.begin(), known->second.end());
      }
    }
  }
  return changed;
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
    all.push_back(words.words(found[i].front().ids, source_tokens[i], weights[i]));
  return all;
}

}  // namespace seq2seq::run
