#include "seq2seq/run/translate.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "seq2seq/core/error.h"
#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/decode/n_best.h"
#include "seq2seq/run/ensemble.h"
#include "seq2seq/run/json_lines.h"
#include "seq2seq/run/minimum_bayes_risk.h"
#include "seq2seq/run/output_words.h"

namespace seq2seq::run {

namespace {

using Outputs = std::vector<std::vector<decode::Hypothesis>>;
using Weights = std::vector<std::vector<decode::AttentionWeights>>;

// Batches read ahead and sorted by length together: more make lengths more alike, fewer reduce the delay of answers.
constexpr int64_t batches_ahead = 32;

/// A line of the input.
struct Request {
  std::string line;                 // as read
  std::string source;               // the sentence in it
  std::vector<std::string> tokens;  // of the source, if attention or copied words need them
  data::CopiedWords copied;         // from the source
  decode::OutputConstraints constraints;
  std::string fault;  // reason why it is not translated; empty: it is
};

/// Searches again, without phrases, for sentences whose best output does not have all of them: no output had, so the
/// search ended where it could not go on.
void replace_unmet(Outputs& found, const decode::Readings& sources,
                   const std::vector<decode::OutputConstraints>& constraints, const LoadedRun& run,
                   const decode::Done& done) {
  std::vector<size_t> unmet;
  for (size_t i = 0; i < constraints.size(); ++i)
    if (!constraints[i].phrases.empty() && !meets(found[i].front().ids, constraints[i])) unmet.push_back(i);
  if (unmet.empty()) return;
  decode::Readings again;
  std::vector<decode::OutputConstraints> prefixes;
  for (const auto& [text, sentences] : sources) {
    again.push_back({.text = text, .sentences = {}});
    for (const size_t i : unmet) again.back().sentences.push_back(sentences[i]);
  }
  for (const size_t i : unmet) prefixes.push_back({.prefix = constraints[i].prefix, .phrases = {}});
  if (std::ranges::none_of(prefixes, &decode::OutputConstraints::any)) prefixes.clear();
  auto replaced = decode::search_all(run.predictor(), again, run.options().decode, done, nullptr, prefixes);
  for (size_t i = 0; i < unmet.size(); ++i) found[unmet[i]] = std::move(replaced[i]);
}

/// Returns the outputs of each source. With that option, an empty source is not searched. `requests`: of the sources.
Outputs outputs_of(const decode::Readings& sources, const std::vector<const Request*>& requests, const LoadedRun& run,
                   const decode::Done& done) {
  const auto& options = run.options().decode;
  const auto& first = sources.front().sentences;
  const auto is_searched = [&](size_t i) {
    return !first[i].empty() || options.empty_source == decode::EmptySource::translate ||
           requests[i]->constraints.any();
  };
  decode::Readings searched;
  for (const auto& [text, sentences] : sources) {
    auto& reading = searched.emplace_back(decode::Reading{.text = text, .sentences = {}});
    for (size_t i = 0; i < first.size(); ++i)
      if (is_searched(i)) reading.sentences.push_back(sentences[i]);
  }
  std::vector<decode::OutputConstraints> constraints;
  std::vector<data::CopiedWords> copied;
  for (size_t i = 0; i < first.size(); ++i) {
    if (!is_searched(i)) continue;
    constraints.push_back(requests[i]->constraints);
    copied.push_back(requests[i]->copied);
  }
  if (std::ranges::none_of(constraints, &decode::OutputConstraints::any)) constraints.clear();
  auto found = decode::search_all(run.predictor(), searched, options, done, nullptr, constraints);
  replace_unmet(found, searched, constraints, run, done);
  order_by_risk(found, *run.text, copied, options, run.options().metrics);
  Outputs outputs;
  size_t next = 0;
  for (size_t i = 0; i < first.size(); ++i)
    outputs.push_back(is_searched(i) ? std::move(found[next++]) : std::vector<decode::Hypothesis>(1));
  return outputs;
}

class Translator {
 public:
  Translator(const LoadedRun& run, data::LineReader& input, std::ostream& output, const TranslateOptions& options)
      : run_(run),
        input_(input),
        output_(output),
        options_(options),
        words_(run.options().decode.unknown, *run.text),
        reader_(run, options.tokens),
        constraints_(run, options.constraints, options.tokens),
        done_(decode::on_small_memory(options.log)) {
    const bool links = options.format == OutputFormat::json && run.others.empty() && run.model->attends();
    shows_links_ = links;
    reads_tokens_ = links || options.alignments.wanted() || run.text->extends_vocabulary() || words_.need_source();
  }

  Translated translate_all() {
    if (options_.format == OutputFormat::tsv) output_ << tsv_header() << '\n';
    while (more_ && output_) {
      const auto requests = read();
      answer(requests);
      output_.flush();
      if (fault_) std::rethrow_exception(fault_);
    }
    if (output_) constraints_.finish();
    return translated_;
  }

 private:
  /// Returns the lines that are waiting, at least one unless the input has ended.
  std::vector<Request> read() {
    const int64_t ahead = run_.options().decode.batch * batches_ahead;
    std::vector<Request> requests;
    while (std::ssize(requests) < ahead && (requests.empty() || input_.ready())) {
      Request request;
      const int64_t before = input_.lines();
      try {
        more_ = input_.next(request.line);
        if (!more_) break;
        if (requests.empty()) started_ = std::chrono::steady_clock::now();
        read(request);
      } catch (const Error& fault) {
        if (requests.empty()) started_ = std::chrono::steady_clock::now();  // also for a line that is not UTF-8
        const bool next_line_follows = input_.lines() > before;
        if (!options_.keep_going || !next_line_follows) {
          fault_ = std::current_exception();
          break;
        }
        request.fault = fault.what();
      }
      requests.push_back(std::move(request));
    }
    return requests;
  }

  void read(Request& request) {
    const Place place{.file = input_.file().string(), .line = input_.lines()};
    request.source = options_.input == InputFormat::json ? json_source(request.line, place) : request.line;
    auto line = reader_.read(request.source, place);
    const auto& ids = line.ids.front();
    if (options_.constraints.any()) request.constraints = constraints_.next(std::ssize(ids));
    translated_.unknown.add(ids, *run_.text, text::Side::source, input_.lines());
    request.copied = run_.text->copied_words(line.tokens);
    if (reads_tokens_) request.tokens = line.tokens;
    reader_.add(std::move(line));
  }

  void answer(const std::vector<Request>& requests) {
    const auto sources = reader_.take();
    std::vector<const Request*> searched;
    for (const auto& request : requests)
      if (request.fault.empty()) searched.push_back(&request);
    const auto outputs = outputs_of(sources, searched, run_, done_);
    const auto& ids = sources.front().sentences;
    const auto weights = weights_for(ids, outputs);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
    size_t next = 0;
    for (const auto& request : requests) {
      if (request.fault.empty()) {
        write(request, outputs[next], weights.empty() ? std::vector<decode::AttentionWeights>() : weights[next],
              seconds);
        count(request, outputs[next].front());
        ++next;
      } else {
        write_fault(request);
      }
      ++translated_.lines;
    }
  }

  /// Counts the best output of a line.
  void count(const Request& request, const decode::Hypothesis& best) {
    if (best.cut) ++translated_.cut;
    if (request.constraints.any()) translated_.unmet.add(best.ids, request.constraints, translated_.lines + 1);
    const bool searched = !best.token_scores.empty();
    if (searched && std::ssize(best.ids) < run_.options().decode.min_length) ++translated_.below_minimum;
    if (searched && run_.options().decode.search == decode::SearchKind::exact) translated_.exact.add(best);
  }

  /// Returns the weights of all outputs if alignments are written, otherwise only of outputs with words that depend on
  /// them; empty if there are none.
  Weights weights_for(const decode::Sentences& ids, const Outputs& outputs) const {
    if (shows_links_ || options_.alignments.wanted()) return weights_of(run_, ids, outputs);
    Outputs needing(outputs.size());
    bool any = false;
    for (size_t i = 0; i < outputs.size(); ++i) {
      for (const auto& hypothesis : outputs[i]) {
        if (!words_.needs_attention(hypothesis.ids)) continue;
        any = true;
        needing[i] = outputs[i];
        break;
      }
    }
    return any ? weights_of(run_, ids, needing) : Weights();
  }

  void write(const Request& request, const std::vector<decode::Hypothesis>& outputs,
             const std::vector<decode::AttentionWeights>& weights, double seconds) {
    std::set<std::string> written;
    std::vector<Output> shown;
    for (size_t i = 0; i < outputs.size(); ++i) {
      const auto& hypothesis = outputs[i];
      const auto& looked = weights.empty() ? no_weights_ : weights[i];
      auto [words, positions] = words_.write(hypothesis.ids, request.tokens, looked);
      auto text =
          options_.tokens ? fmt::format("{}", fmt::join(words, " ")) : run_.text->target_tokenizer().detokenize(words);
      if (!written.insert(text).second) continue;  // same text with other tokens; the best one came first
      auto& output =
          shown.emplace_back(Output{.text = std::move(text), .hypothesis = hypothesis, .tokens = {}, .links = {}});
      if (options_.format == OutputFormat::json)
        output.tokens = run_.text->target_words(hypothesis.ids, request.copied);
      if (shows_links_) output.links = links_of(looked, std::ssize(request.tokens), std::ssize(hypothesis.ids));
      if (options_.alignments.wanted())
        write_alignment(run_, {translated_.lines, request.tokens, hypothesis.ids, std::move(positions), looked},
                        options_.alignments);
      const bool only_best =
          options_.format == OutputFormat::text || (options_.format == OutputFormat::json && !options_.list);
      if (only_best) break;
    }
    write_in_format(request, shown, seconds);
  }

  void write_in_format(const Request& request, const std::vector<Output>& outputs, double seconds) {
    const auto& decode = run_.options().decode;
    switch (options_.format) {
      case OutputFormat::text:
        output_ << outputs.front().text << '\n';
        break;
      case OutputFormat::moses:
        for (const auto& output : outputs)
          output_ << decode::n_best_line(translated_.lines, output.text, output.hypothesis, options_.token_scores,
                                         decode.language_model.any() ? "fused" : "logprob")
                  << '\n';
        break;
      case OutputFormat::tsv:
        for (const auto& output : outputs) output_ << tsv_line(translated_.lines, request.source, output) << '\n';
        break;
      case OutputFormat::json: {
        const bool normalized = decode.length_normalization.kind != decode::LengthNormalization::Kind::none;
        const JsonFormat format{.list = options_.list, .normalized = normalized};
        output_ << joined_objects(asked(request), json_answer(outputs, seconds, format)) << '\n';
      }
    }
  }

  void write_fault(const Request& request) {
    ++translated_.failed;
    const auto answer = dumped({{"error", request.fault}});
    // The answer repeats the keys of a line that is an object, because its sender may need them, such as an id.
    output_ << (is_json_object(request.line) ? joined_objects(request.line, answer) : answer) << '\n';
  }

  bool is_json_object(const std::string& line) const {
    if (options_.input != InputFormat::json) return false;
    const auto object = nlohmann::json::parse(line, /*cb=*/nullptr, /*allow_exceptions=*/false);
    return object.is_object() && !object.contains("error");
  }

  static std::string dumped(const nlohmann::ordered_json& object) {
    return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  }

  /// Returns the request as an object.
  std::string asked(const Request& request) const {
    return options_.input == InputFormat::json ? request.line : dumped({{"source", request.source}});
  }

  const LoadedRun& run_;
  data::LineReader& input_;
  std::ostream& output_;
  const TranslateOptions& options_;
  const OutputWords words_;
  SourceReader reader_;
  ConstraintReader constraints_;
  decode::Done done_;
  const decode::AttentionWeights no_weights_{};
  bool shows_links_ = false, reads_tokens_ = false;
  bool more_ = true;
  std::exception_ptr fault_;  // error of a line; nothing is read after it
  std::chrono::steady_clock::time_point started_;
  Translated translated_;
};

}  // namespace

Translated translate(const LoadedRun& run, data::LineReader& input, std::ostream& output,
                     const TranslateOptions& options) {
  if (options.keep_going && options.constraints.any())
    throw UsageError(
        "lines that cannot be read are skipped, so files of prefixes or constraints would not fit the rest",
        "Turn `keep_going` off, or leave them out");
  if (options.alignments.wanted()) check_attends(run);
  return Translator(run, input, output, options).translate_all();
}

}  // namespace seq2seq::run
