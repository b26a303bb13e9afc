#include "seq2seq/run/ensemble.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "seq2seq/core/progress.h"
#include "seq2seq/core/text.h"
#include "seq2seq/data/input/line_reader.h"
#include "seq2seq/decode/ensemble.h"
#include "seq2seq/decode/fused_predictor.h"
#include "seq2seq/run/length_limits.h"
#include "seq2seq/run/line_tokenizer.h"

namespace seq2seq::run {

namespace {

/// Returns the first difference between the targets of two runs, or an empty string.
std::string difference(const LoadedRun& first, const LoadedRun& other) {
  if (first.text->extends_vocabulary() || other.text->extends_vocabulary())
    return "`model.output.extended_vocabulary` adds the words of each source to its vocabulary";
  if (first.options().data.task != other.options().data.task)
    return fmt::format("its `task` differs from that of {}", first.folder.root().string());
  const auto& words = first.text->target_vocabulary();
  const auto& others = other.text->target_vocabulary();
  const int64_t both = std::min(words.size(), others.size());
  for (int64_t id = 0; id < both; ++id) {
    if (words.word(id) == others.word(id)) continue;
    return fmt::format("word {} of its target vocabulary is {}, but {} in {}", id, quote(others.word(id)),
                       quote(words.word(id)), first.folder.root().string());
  }
  if (words.size() != others.size())
    return fmt::format("its target vocabulary has {}, but that of {} has {}", format_count(others.size(), "word"),
                       first.folder.root().string(), format_count(words.size()));
  const auto order = [](const LoadedRun& run) { return decode::writes_backwards(*run.text) ? "reversed" : "in order"; };
  if (decode::writes_backwards(*first.text) != decode::writes_backwards(*other.text))
    return fmt::format("it writes targets {}, but {} writes them {}", order(other), first.folder.root().string(),
                       order(first));
  return {};
}

}  // namespace

std::vector<double> parse_weights(const std::string& text, size_t runs, const std::string& option) {
  std::vector<double> weights;
  for (size_t start = 0; start <= text.size();) {
    const size_t comma = std::min(text.find(',', start), text.size());
    double weight = 0;
    const char* end = text.data() + comma;
    const auto [stop, fault] = std::from_chars(text.data() + start, end, weight);
    if (fault != std::errc() || stop != end || !std::isfinite(weight) || weight <= 0)
      throw UsageError(Place{.part = option + " " + text}, "must be numbers above 0, separated by commas",
                       "Give one per run, as in `1,1,0.5`");
    weights.push_back(weight);
    start = comma + 1;
  }
  if (!std::isfinite(std::accumulate(weights.begin(), weights.end(), 0.0)))
    throw UsageError(Place{.part = option + " " + text}, "have a sum that is too large", "Give smaller weights");
  if (weights.size() != runs)
    throw UsageError(Place{.part = option + " " + text},
                     fmt::format("has {}, but there are {}", format_count(std::ssize(weights), "weight"),
                                 format_count(static_cast<int64_t>(runs), "run")),
                     "Give one per run, RUN's first");
  return weights;
}

void join(LoadedRun& first, std::vector<LoadedRun> others, const std::vector<double>& weights) {
  std::vector<Error> faults;
  for (const auto& other : others) {
    const auto found = difference(first, other);
    if (!found.empty())
      faults.emplace_back(Place{.file = other.folder.root().string()}, "cannot join the ensemble: " + found,
                          "All runs of an ensemble need the same target vocabulary (`data.target.vocabulary.file`)");
  }
  if (!faults.empty()) throw UsageError(faults);
  if (first.options().decode.coverage_penalty > 0)
    throw UsageError(Place{.part = "decode.coverage_penalty"},
                     "an ensemble has no attention of its own: its models may cut the source into different tokens",
                     "Use 0");
  first.others = std::move(others);
  std::vector<decode::EnsembleMember> members;
  for (const auto* run : members_of(first))
    members.push_back(
        {.predictor = run->model_predictor.get(), .weight = weights.empty() ? 1 : weights.at(members.size())});
  const auto& options = first.options().decode;
  if (options.unknown.kind == decode::UnknownOptions::Kind::replace)
    throw UsageError(Place{.part = "decode.unknown.kind"},
                     "`replace` needs alignments, which an ensemble does not have: its models may cut the source into "
                     "different tokens",
                     "Use `keep` or `drop`");
  auto ensemble =
      std::make_unique<decode::EnsemblePredictor>(std::move(members), options.ensemble, options.allow_unknown);
  if (first.language_model == nullptr) {
    first.joint_predictor = std::move(ensemble);
    return;
  }
  first.joint_predictor = std::make_unique<decode::FusedPredictor>(
      std::move(ensemble), first.language_model, options.language_model.weight, options.allow_unknown);
}

LoadedRun load_joined(size_t count, const std::function<LoadedRun(size_t index)>& load,
                      const std::vector<double>& weights) {
  auto first = load(0);
  std::vector<LoadedRun> others;
  for (size_t index = 1; index < count; ++index) {
    others.push_back(load(index));
    others.back().joint_predictor.reset();
    others.back().language_model.reset();
  }
  if (!others.empty()) join(first, std::move(others), weights);
  return first;
}

std::vector<const LoadedRun*> members_of(const LoadedRun& run) {
  std::vector<const LoadedRun*> members{&run};
  for (const auto& other : run.others) members.push_back(&other);
  return members;
}

void check_target_length(const LoadedRun& run, int64_t tokens, const Place& place) {
  for (const auto* member : members_of(run))
    LengthLimits(*member->model, member->options().data).check_target(tokens, place);
}

SourceText read_sources(const std::filesystem::path& file, const LoadedRun& run, bool tokens, UnknownTokens& unknown) {
  SourceReader reader(run, tokens);
  SourceText text;
  data::LineReader lines(data::open_bytes(file), file.string());
  for (std::string line; lines.next(line);) {
    auto read = reader.read(line, {.file = file.string(), .line = lines.lines()});
    unknown.add(read.ids.front(), *run.text, text::Side::source, lines.lines());
    text.copied.push_back(run.text->copied_words(read.tokens));
    reader.add(std::move(read));
  }
  text.readings = reader.take();
  return text;
}

void add_other_readings(EvaluationSet& set, const data::FilePair& files, const LoadedRun& run) {
  if (run.others.empty()) return;
  SourceReader reader(run, /*tokens=*/false);
  for (int64_t pair = 0; pair < set.corpus.pairs(); ++pair) {
    const Place place{.file = files.source.string(), .line = set.corpus.number(pair) + 1};
    reader.add(reader.read(set.source_lines[static_cast<size_t>(pair)], place));
    check_target_length(run, set.corpus.target.length(pair), place);
  }
  set.others = reader.take();
  set.others.erase(set.others.begin());
}

SourceReader::SourceReader(const LoadedRun& run, bool tokens) : members_(members_of(run)), tokens_(tokens) {
  for (const auto* member : members_) readings_.push_back({.text = member->text.get(), .sentences = {}});
}

SourceLine SourceReader::read(const std::string& line, const Place& place) const {
  SourceLine read;
  for (const auto* member : members_) {
    auto tokens = line_tokenizer(member->text->source_tokenizer(), tokens_).tokenize(line);
    data::check_source(tokens, member->text->options().source_form, line, place);
    read.ids.push_back(member->text->source_ids(tokens));
    LengthLimits(*member->model, member->options().data).check_source(std::ssize(read.ids.back()), place);
    if (member == members_.front()) read.tokens = std::move(tokens);
  }
  return read;
}

void SourceReader::add(SourceLine line) {
  for (size_t i = 0; i < readings_.size(); ++i) readings_[i].sentences.push_back(std::move(line.ids[i]));
}

decode::Readings SourceReader::take() {
  auto taken = readings_;
  for (auto& reading : readings_) reading.sentences.clear();
  return taken;
}

}  // namespace seq2seq::run
