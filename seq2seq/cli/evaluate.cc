#include "seq2seq/run/evaluate.h"

#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "seq2seq/cli/commands.h"
#include "seq2seq/cli/common.h"
#include "seq2seq/core/error.h"

namespace seq2seq::cli {

namespace {

std::string references_text(const run::Evaluation& evaluation, bool lowercase) {
  const std::string compared = lowercase ? "; compared in lower case" : "";
  if (evaluation.sentences_with_several == 0) return "one a sentence" + compared;
  return fmt::format("1 to {} per sentence ({} have several); the nearest counts{}", evaluation.most_references,
                     format_count(evaluation.sentences_with_several), compared);
}

std::string search_text(const run::Evaluation& evaluation, const decode::DecodeOptions& decode) {
  if (decode.oracle_length) return fmt::format("beam {}, each output as long as its first reference", decode.beam);
  return fmt::format("beam {}, longest output {:g} x source + {}, at most {}; {} cut there", decode.beam,
                     decode.max_length.ratio, decode.max_length.plus, format_count(decode.max_length.limit),
                     format_count(evaluation.outputs.cut));
}

void print_table(std::ostream& out, const run::Evaluation& evaluation, const run::LoadedRun& run,
                 const std::string& source) {
  const auto figure = [&out](std::string_view name, double value, const char* unit) {
    out << fmt::format("{:<38} {:>9.2f}{}\n", name, value, unit);
  };
  const auto line = [&out](const char* name, const std::string& text) {
    out << fmt::format("{:<11} {}\n", name, text);
  };
  const auto& rates = evaluation.outputs.rates;
  out << fmt::format("{:<38} {:>9.4f}\n", "perplexity", evaluation.perplexity.value());
  figure("exact match", 100 * rates.exact_match(), " %");
  figure(metrics::sequence_error_rate_name, 100 * rates.sequence_error_rate(), " %");
  figure(metrics::token_error_rate_name, 100 * rates.token_error_rate(), " %");
  figure("BLEU", evaluation.outputs.bleu.score, "");
  out << '\n';
  line("run", fmt::format("{}, checkpoint {}", run.folder.root().string(), run.update));
  line("text", fmt::format("{}: {} sentences, {} target tokens", source, format_count(evaluation.sentences),
                           format_count(evaluation.target_tokens)));
  if (evaluation.empty_target + evaluation.invalid > 0) {
    line("left out", fmt::format("{} without a reference, {} not UTF-8", format_count(evaluation.empty_target),
                                 format_count(evaluation.invalid)));
  }
  line("unknown", fmt::format("{:.2f} % of source tokens, {:.2f} % of target tokens", 100 * evaluation.unknown_source,
                              100 * evaluation.unknown_target));
  line("references", references_text(evaluation, run.options().metrics.lowercase));
  line("search", search_text(evaluation, run.options().decode));
  line("BLEU", evaluation.outputs.bleu.signature);
  line("time", format_duration(evaluation.seconds));
}

void print_json(std::ostream& out, const run::Evaluation& evaluation, const run::LoadedRun& run,
                const std::string& source) {
  auto figures = run::named(evaluation.perplexity);
  run::add(figures, evaluation.outputs);
  const auto& decode = run.options().decode;
  const nlohmann::ordered_json json{
      {"figures", figures},
      {"run", run.folder.root().string()},
      {"checkpoint", run.update},
      {"digest", run.description.digest},
      {"source", source},
      {"sentences", evaluation.sentences},
      {"target_tokens", evaluation.target_tokens},
      {"left_out", {{"empty_target", evaluation.empty_target}, {"invalid", evaluation.invalid}}},
      {"unknown", {{"source", evaluation.unknown_source}, {"target", evaluation.unknown_target}}},
      {"references",
       {{"most", evaluation.most_references},
        {"sentences_with_several", evaluation.sentences_with_several},
        {"lowercase", run.options().metrics.lowercase}}},
      {"search",
       {{"beam", decode.beam},
        {"ratio", decode.max_length.ratio},
        {"plus", decode.max_length.plus},
        {"limit", decode.max_length.limit},
        {"oracle_length", decode.oracle_length},
        {"cut", evaluation.outputs.cut}}},
      {"bleu_signature", evaluation.outputs.bleu.signature},
      {"seconds", evaluation.seconds}};
  out << json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
}

class Evaluate final : public Command {
 public:
  std::string name() const override { return "evaluate"; }
  std::string about() const override { return "measure a run on its test set or on other files"; }

  void declare(Arguments& arguments) override {
    run_.declare(arguments, /*searches=*/true);
    arguments.option("--source", source_, "FILE",
                     "file of source sentences, one per line (default: the run's test set)");
    arguments.repeatable(
        "--reference", references_, "FILE",
        "file of references, one per line, as text; repeatable. An empty line: no reference in this file");
    arguments.option("--bleu-tokenizer", bleu_tokenizer_, "NAME",
                     "tokenization for BLEU: none, at blanks; 13a, sacreBLEU's default, for text that is not tokenized "
                     "(default: as configured)");
    arguments.flag("--lowercase", lowercase_, "compare outputs and references in lower case");
    arguments.flag("--json", json_, "print figures and protocol as JSON");
  }

  int run(const Context& context) override {
    if (source_.has_value() != !references_.empty())
      throw UsageError("`--source` and `--reference` need each other; give both or neither");
    std::vector<config::Override> overrides;
    add_override(overrides, "--bleu-tokenizer", "metrics.bleu_tokenizer", bleu_tokenizer_);
    if (lowercase_) add_override(overrides, {.option = "--lowercase", .key = "metrics.lowercase", .value = "true"});
    auto log = run_.common.log(context);
    const auto environment = run_.common.environment(context, log);
    const auto loaded = run_.load(environment, std::move(overrides));
    std::optional<data::FilePair> files;
    if (source_) files = data::FilePair{*source_, {references_.begin(), references_.end()}};
    const auto evaluation = run::evaluate(loaded, files, environment);
    const auto source = source_.value_or(loaded.options().data.test.source.string());
    (json_ ? print_json : print_table)(*context.streams.out, evaluation, loaded, source);
    context.streams.out->flush();
    check_written(*context.streams.out);
    return Exit::done;
  }

 private:
  RunArguments run_;
  std::optional<std::string> source_;
  std::vector<std::string> references_;
  std::optional<std::string> bleu_tokenizer_;
  bool lowercase_ = false, json_ = false;
};

}  // namespace

std::unique_ptr<Command> evaluate_command() { return std::make_unique<Evaluate>(); }

}  // namespace seq2seq::cli
