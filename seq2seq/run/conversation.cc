#include "seq2seq/run/conversation.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/core/text.h"
#include "seq2seq/decode/alternatives.h"
#include "seq2seq/run/alignments.h"
#include "seq2seq/run/ensemble.h"
#include "seq2seq/run/line_tokenizer.h"
#include "seq2seq/run/minimum_bayes_risk.h"
#include "seq2seq/run/unknown_tokens.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::run {

namespace {

constexpr const char* help =
    "a sentence            translate it\n"
    ":n-best N             show the N best outputs from now on, with their scores\n"
    ":tokens [K]           tokens of output K, each with its probability\n"
    ":alignment [K]        for each token of output K the source token that it attends to most, with its weight\n"
    ":alternatives P [N]   the N most probable tokens at position P of the first output, counted from 1\n"
    ":help                 this list\n"
    ":quit, :q             end; so does Ctrl-D\n";

constexpr int64_t usual_alternatives = 5;

/// Returns the number in an argument, or `usual` if it is missing. Throws UsageError unless it is a number of at least
/// 1.
int64_t number_in(const std::vector<std::string_view>& arguments, size_t place, int64_t usual) {
  if (arguments.size() <= place) return usual;
  const auto text = arguments[place];
  int64_t number = 0;
  const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault == std::errc() && stop == text.data() + text.size() && number >= 1) return number;
  throw UsageError(fmt::format("{} is not a number of at least 1", quote(text)), "`:help` lists the commands");
}

/// Returns `0.9731  the`: a probability and a word.
std::string probability_line(double log_probability, const std::string& word) {
  return fmt::format("{:.4f}  {}\n", std::exp(log_probability), word);
}

}  // namespace

Conversation::Conversation(LoadedRun& run, bool tokens)
    : run_(&run), tokens_(tokens), beam_(run.options().decode.beam), words_(run.options().decode.unknown, *run.text) {}

std::optional<std::string> Conversation::answer(const std::string& line) {
  ++lines_;
  if (const auto fault = find_text_fault(line))
    throw Error(Place{.file = "<terminal>", .line = lines_, .column = static_cast<int64_t>(fault->offset) + 1},
                fault->problem);
  if (!line.starts_with(':')) return translate(line);
  std::vector<std::string_view> words = split(line, ' ');
  std::erase(words, "");
  const auto command = words.front();
  words.erase(words.begin());
  if ((command == ":quit" || command == ":q") && words.empty()) return {};
  return follow(command, words);
}

std::string Conversation::follow(std::string_view command, const std::vector<std::string_view>& arguments) {
  const auto count = arguments.size();
  if (command == ":help" && count == 0) return help;
  if (command == ":n-best" && count == 1) return n_best(number_in(arguments, 0, 1));
  if (command == ":tokens" && count <= 1) return tokens(number_in(arguments, 0, 1));
  if (command == ":alignment" && count <= 1) return alignment(number_in(arguments, 0, 1));
  if (command == ":alternatives" && (count == 1 || count == 2))
    return alternatives(number_in(arguments, 0, 1), number_in(arguments, 1, usual_alternatives));
  const bool known = std::string_view(help).find(fmt::format("{} ", command)) != std::string_view::npos;
  throw UsageError(
      known ? fmt::format("{} does not take {}", quote(command), format_count(std::ssize(arguments), "argument"))
            : fmt::format("unknown command {}", quote(command)),
      "`:help` lists the commands");
}

std::string Conversation::translate(const std::string& line) {
  if (line.find_first_not_of(" \t") == std::string::npos) return {};
  SourceReader reader(*run_, tokens_);
  auto source = reader.read(line, {.file = "<terminal>", .line = lines_});
  reader.add(source);
  Shown shown{.sources = reader.take(), .source_tokens = std::move(source.tokens), .outputs = {}};
  const auto& decode = run_->options().decode;
  auto lists = decode::search_all(run_->predictor(), shown.sources, decode);
  order_by_risk(lists, *run_->text, {run_->text->copied_words(shown.source_tokens)}, decode, run_->options().metrics);
  const auto& found = lists.front();
  const bool looks = std::ranges::any_of(found, [this](const auto& each) { return words_.needs_attention(each.ids); });
  const auto weights = looks ? weights_of(*run_, shown.sources.front().sentences, {found}).front()
                             : std::vector<decode::AttentionWeights>(found.size());
  const auto& tokenizer = line_tokenizer(run_->text->target_tokenizer(), tokens_);
  std::set<std::string> written;
  std::string text;
  for (size_t i = 0; i < found.size(); ++i) {
    const auto words = words_.write(found[i].ids, shown.source_tokens, weights[i]).words;
    const auto output = tokenizer.detokenize(words);
    if (!written.insert(output).second) continue;
    shown.outputs.push_back(found[i]);
    text += decode.n_best == 1 ? output + "\n"
                               : fmt::format("{}  {:.4f}  {}\n", written.size(), found[i].ranking_score, output);
  }
  last_ = std::move(shown);
  return text + not_known();
}

std::string Conversation::not_known() const {
  std::vector<std::string> words;
  const auto& ids = last_->sources.front().sentences.front();
  for (size_t i = 0; i < ids.size(); ++i)
    if (unknown_among({ids[i]}, *run_->text, text::Side::source) > 0) words.push_back(last_->source_tokens[i]);
  return words.empty() ? "" : fmt::format("(not in the vocabulary: {})\n", fmt::join(words, " "));
}

std::vector<std::string> Conversation::target_words(const std::vector<int64_t>& ids) const {
  return run_->text->target_words(ids, run_->text->copied_words(last_->source_tokens));
}

std::string Conversation::n_best(int64_t count) {
  constexpr int64_t most = 1'000'000;
  if (count > most) throw UsageError(fmt::format("at most {} can be shown", format_count(most, "output")));
  auto& decode = run_->configuration->options.decode;
  decode.n_best = count;
  const int64_t groups = decode.diverse_beam.groups;
  decode.beam = std::max(beam_, (count + groups - 1) / groups * groups);  // groups are equally wide
  return {};
}

const decode::Hypothesis& Conversation::output(int64_t number) const {
  if (!last_) throw UsageError("no sentence has been translated yet", "Type one");
  if (number <= std::ssize(last_->outputs)) return last_->outputs[static_cast<size_t>(number - 1)];
  throw UsageError(fmt::format("the last sentence has {}", format_count(std::ssize(last_->outputs), "output")),
                   fmt::format("`:n-best {}` asks for more", number));
}

std::string Conversation::tokens(int64_t number) const {
  const auto& shown = output(number);
  auto words = target_words(shown.ids);
  if (!shown.cut) words.push_back(run_->text->target_words({text::end_id}).front());
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) text += probability_line(shown.token_scores[i], words[i]);
  return text;
}

std::string Conversation::alignment(int64_t number) const {
  check_attends(*run_);
  const auto& shown = output(number);
  const auto weights = weights_of(*run_, last_->sources.front().sentences, {{shown}}).front().front();
  const auto words = target_words(shown.ids);
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    const auto& row = weights[i];
    const auto place = std::ranges::max_element(row) - row.begin();
    const bool end = place >= std::ssize(last_->source_tokens);
    text += fmt::format(
        "{:.4f}  {}  {}\n", row[static_cast<size_t>(place)], words[i],
        end ? run_->text->target_words({text::end_id}).front() : last_->source_tokens[static_cast<size_t>(place)]);
  }
  return text;
}

std::string Conversation::alternatives(int64_t position, int64_t count) const {
  const auto& shown = output(1);
  const auto words = std::ssize(shown.ids);
  if (position > words + 1)
    throw UsageError(fmt::format("the first output has {}", format_count(words, "token")),
                     fmt::format("Positions are 1 to {}; the last is the end of the output", words + 1));
  const auto& text = *run_->text;
  auto written = text.decoder_ids(shown.ids);
  // A model that writes backwards has already written the words after the position.
  const bool backwards = decode::writes_backwards(text) && position <= words;
  written.resize(static_cast<size_t>(backwards ? words - position : position - 1));
  std::string lines;
  for (const auto& [word, score] :
       decode::alternatives(run_->predictor(), decode::Sources(decode::packed(last_->sources, {0})), written, count))
    lines += probability_line(score, target_words({word}).front());
  return lines;
}

}  // namespace seq2seq::run
