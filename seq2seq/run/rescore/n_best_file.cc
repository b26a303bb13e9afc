#include "seq2seq/run/rescore/n_best_file.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/core/text.h"
#include "seq2seq/data/input/line_reader.h"
#include "seq2seq/decode/n_best.h"
#include "seq2seq/run/ensemble.h"
#include "seq2seq/run/line_tokenizer.h"

namespace seq2seq::run {

namespace {

// Number of hypotheses of several sources that are scored together.
constexpr int64_t hypotheses_at_once = 1024;

/// Parses a text that consists of a number, except for blanks around it.
template <class Number>
std::optional<Number> read_number(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  Number number{};
  const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return number;
}

void check_finite(const std::string& what, double value, const Place& place) {
  if (std::isfinite(value)) return;
  throw Error(place, fmt::format("{} is {}, which cannot be added to other scores", what, value),
              "Write a very low finite number instead, such as -1e6");
}

ListedHypothesis read_line(const std::string& line, const Place& place, size_t sentences) {
  const auto fields = decode::split_n_best(line);
  const auto sentence = fields ? read_number<size_t>(fields->sentence) : std::nullopt;
  const auto total = fields ? read_number<double>(fields->score) : std::nullopt;
  if (!sentence || !total) {
    throw Error(place, fmt::format("expected `sentence ||| text ||| features ||| score`, found {}", quote(line)),
                "The first and the last field of an n-best list are numbers");
  }
  check_finite("the last field", *total, place);
  if (*sentence >= sentences) {
    throw Error(place,
                fmt::format("has sentence {} (counted from 0), but the source has {}", *sentence,
                            format_count(static_cast<int64_t>(sentences), "line")),
                "Name the source that the list was made from");
  }
  return {
      .line = line, .text = std::string(fields->text), .total = *total, .sentence = *sentence, .number = place.line};
}

struct NamedValue {
  std::string name;
  double value;
};

/// `lm= 1 2 d= 3` -> lm[0] 1, lm[1] 2, d 3
std::vector<NamedValue> features_of(const ListedHypothesis& hypothesis, const Place& place) {
  struct Group {
    std::string name;
    std::vector<double> values;
  };
  std::vector<Group> groups;
  const auto features = decode::split_n_best(hypothesis.line)->features;
  for (const auto word : split(features, ' ')) {
    if (word.empty()) continue;
    if (word.ends_with('=')) {
      groups.push_back({.name = std::string(word.substr(0, word.size() - 1)), .values = {}});
      continue;
    }
    const auto value = read_number<double>(word);
    if (groups.empty() || !value)
      throw Error(place, fmt::format("expected features as in `lm= -1.5 length= 7`, found {}", quote(features)));
    check_finite(fmt::format("feature `{}`", groups.back().name), *value, place);
    groups.back().values.push_back(*value);
  }
  std::vector<NamedValue> all;
  for (const auto& [name, values] : groups) {
    if (name == "tokens" || name == "cut") continue;
    for (size_t i = 0; i < values.size(); ++i)
      all.push_back({.name = values.size() == 1 ? name : fmt::format("{}[{}]", name, i), .value = values[i]});
  }
  return all;
}

}  // namespace

NBestFile read_n_best_file(const std::filesystem::path& path, size_t sentences) {
  NBestFile list{.path = path, .lines = {}, .by_sentence = std::vector<std::vector<size_t>>(sentences)};
  data::LineReader lines(data::open_bytes(path), path.string());
  for (std::string line; lines.next(line);) {
    auto hypothesis = read_line(line, {.file = path.string(), .line = lines.lines()}, sentences);
    auto& of_sentence = list.by_sentence[hypothesis.sentence];
    hypothesis.place = of_sentence.size();
    of_sentence.push_back(list.lines.size());
    list.lines.push_back(std::move(hypothesis));
  }
  return list;
}

ListedFeatures read_features(const NBestFile& list) {
  ListedFeatures features;
  for (size_t i = 0; i < list.lines.size(); ++i) {
    const Place place{.file = list.path.string(), .line = list.lines[i].number};
    std::vector<std::string> names;
    auto& values = features.of_line.emplace_back();
    for (auto& [name, value] : features_of(list.lines[i], place)) {
      names.push_back(std::move(name));
      values.push_back(value);
    }
    if (i == 0) features.names = names;
    if (names == features.names) continue;
    throw Error(place,
                fmt::format("has the features `{}`, but line {} has `{}`", fmt::join(names, " "),
                            list.lines.front().number, fmt::join(features.names, " ")),
                "Every line of a list has the same features");
  }
  return features;
}

ListScored score_list(const LoadedRun& run, const NBestFile& list, const SourceText& sources, bool tokens,
                      const Environment& environment) {
  ListScored scored;
  const auto& tokenizer = line_tokenizer(run.text->target_tokenizer(), tokens);
  std::vector<decode::Sentences> targets(list.by_sentence.size());
  for (const auto& hypothesis : list.lines) {
    auto ids = run.text->target_ids(tokenizer.tokenize(hypothesis.text), sources.copied[hypothesis.sentence]);
    check_target_length(run, std::ssize(ids), {.file = list.path.string(), .line = hypothesis.number});
    scored.unknown.add(ids, *run.text, text::Side::target, hypothesis.number);
    targets[hypothesis.sentence].push_back(std::move(ids));
  }
  Progress progress(*environment.log, "scoring", "hypotheses", static_cast<double>(list.lines.size()),
                    environment.progress);
  auto done = decode::on_small_memory(environment.log);
  done.finished = [&progress](int64_t hypotheses) { progress.update(static_cast<double>(hypotheses)); };
  scored.scores = decode::score_lists(run.predictor(), sources.readings, targets, hypotheses_at_once, done);
  progress.finish();
  return scored;
}

}  // namespace seq2seq::run
