#include "seq2seq/run/translate/answer_writer.h"

#include <algorithm>
#include <chrono>
#include <ostream>
#include <set>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "seq2seq/decode/n_best.h"
#include "seq2seq/run/json_lines.h"
#include "seq2seq/run/line_tokenizer.h"

namespace seq2seq::run {

namespace {

std::string dumped(const nlohmann::ordered_json& object) {
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

/// Returns the request as an object.
std::string object_of(const Request& request, InputFormat input) {
  return input == InputFormat::json ? request.line : dumped({{"source", request.source}});
}

/// Returns true if an answer can repeat the keys of the line.
bool has_keys(const std::string& line) {
  const auto object = nlohmann::json::parse(line, /*cb=*/nullptr, /*allow_exceptions=*/false);
  return object.is_object() && !object.contains("error");
}

}  // namespace

AnswerWriter::AnswerWriter(const LoadedRun& run, std::ostream& output, const TranslateOptions& options)
    : run_(run),
      output_(output),
      options_(options),
      words_(run.options().decode.unknown, *run.text),
      shows_links_(options.format == OutputFormat::json && run.others.empty() && run.model->attends()) {}

void AnswerWriter::begin() {
  if (options_.format == OutputFormat::tsv) output_ << tsv_header() << '\n';
}

void AnswerWriter::write(const RequestBatch& batch, const Outputs& outputs) {
  const auto weights = weights_for(batch.sources.front().sentences, outputs);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - batch.started).count();
  size_t next = 0;
  for (const auto& request : batch.requests) {
    if (request.fault.empty()) {
      write_answer(request, outputs[next], weights[next], seconds);
      ++next;
    } else {
      write_fault(request);
    }
  }
}

/// Returns the weights of all outputs if alignments are written, otherwise only of sources that have an output with
/// words that depend on them; empty weights for the others.
std::vector<AnswerWriter::Weights> AnswerWriter::weights_for(const decode::Sentences& sources,
                                                             const Outputs& outputs) const {
  const bool all = shows_links_ || options_.alignments.wanted();
  Outputs needing(outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto needs = [this](const auto& hypothesis) { return words_.needs_attention(hypothesis.ids); };
    if (all || std::ranges::any_of(outputs[i], needs)) needing[i] = outputs[i];
  }
  auto weights = std::ranges::all_of(needing, [](const auto& each) { return each.empty(); })
                     ? std::vector<Weights>(outputs.size())
                     : weights_of(run_, sources, needing);
  for (size_t i = 0; i < outputs.size(); ++i) weights[i].resize(outputs[i].size());
  return weights;
}

void AnswerWriter::write_answer(const Request& request, const std::vector<decode::Hypothesis>& found,
                                const Weights& weights, double seconds) {
  const auto& decode = run_.options().decode;
  const auto outputs = outputs_to_write(request, found, weights);
  switch (options_.format) {
    case OutputFormat::text:
      output_ << outputs.front().text << '\n';
      break;
    case OutputFormat::moses:
      for (const auto& output : outputs)
        output_ << decode::n_best_line(request.number, output.text, output.hypothesis, options_.token_scores,
                                       decode.language_model.any() ? "fused" : "logprob")
                << '\n';
      break;
    case OutputFormat::tsv:
      for (const auto& output : outputs) output_ << tsv_line(request.number, request.source, output) << '\n';
      break;
    case OutputFormat::json: {
      const bool normalized = decode.length_normalization.kind != decode::LengthNormalization::Kind::none;
      const JsonFormat format{.list = options_.list, .normalized = normalized};
      output_ << joined_objects(object_of(request, options_.input), json_answer(outputs, seconds, format)) << '\n';
    }
  }
}

/// Returns the outputs that the format has, each text once, and writes their alignments.
std::vector<Output> AnswerWriter::outputs_to_write(const Request& request, const std::vector<decode::Hypothesis>& found,
                                                   const Weights& weights) const {
  const bool json = options_.format == OutputFormat::json;
  const bool only_best = options_.format == OutputFormat::text || (json && !options_.list);
  const auto& tokenizer = line_tokenizer(run_.text->target_tokenizer(), options_.tokens);
  std::set<std::string> texts;
  std::vector<Output> outputs;
  for (size_t i = 0; i < found.size() && !(only_best && i > 0); ++i) {
    const auto& ids = found[i].ids;
    auto [words, positions] = words_.write(ids, request.tokens, weights[i]);
    auto text = tokenizer.detokenize(words);
    if (!texts.insert(text).second) continue;  // same text with other tokens; the best one came first
    auto& output =
        outputs.emplace_back(Output{.text = std::move(text), .hypothesis = found[i], .tokens = {}, .links = {}});
    if (json) output.tokens = run_.text->target_words(ids, request.copied);
    if (shows_links_) output.links = links_of(weights[i], std::ssize(request.tokens), std::ssize(ids));
    if (options_.alignments.wanted())
      write_alignment(run_, {request.number, request.tokens, ids, std::move(positions), weights[i]},
                      options_.alignments);
  }
  return outputs;
}

void AnswerWriter::write_fault(const Request& request) {
  const auto answer = dumped({{"error", request.fault}});
  // The answer repeats the keys of a line that is an object, because its sender may need them, such as an id.
  const bool repeats = options_.input == InputFormat::json && has_keys(request.line);
  output_ << (repeats ? joined_objects(request.line, answer) : answer) << '\n';
}

}  // namespace seq2seq::run
