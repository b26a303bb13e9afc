#include "seq2seq/run/evaluate.h"

#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "seq2seq/cli/commands.h"
#include "seq2seq/cli/common.h"
#include "seq2seq/core/atomic_file.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/files.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/core/run_folder.h"
#include "seq2seq/metrics/metric.h"
#include "seq2seq/metrics/perplexity.h"
#include "seq2seq/run/ensemble.h"
#include "seq2seq/run/task.h"

namespace seq2seq::cli {

namespace {

std::string references_text(const run::Evaluation& evaluation, bool lowercase) {
  const std::string compared = lowercase ? "; compared in lower case" : "";
  if (evaluation.sentences_with_several == 0) return "one per sentence" + compared;
  return fmt::format("1 to {} per sentence ({} have several); the nearest counts{}", evaluation.most_references,
                     format_count(evaluation.sentences_with_several), compared);
}

std::string kind_of_search(const decode::DecodeOptions& decode) {
  const bool by_risk = decode.minimum_bayes_risk != decode::no_metric;
  if (decode.search == decode::SearchKind::exact)
    return fmt::format("exact, starting from beam {}, at most {}", decode.beam,
                       format_count(decode.exact_nodes, "partial output"));
  if (decode.search == decode::SearchKind::sample)
    return by_risk ? fmt::format("the sample of {} with the least risk by {}", decode.n_best, decode.minimum_bayes_risk)
                   : fmt::format("the most probable of {}", format_count(decode.n_best, "sample"));
  const auto& groups = decode.diverse_beam;
  return groups.groups > 1 ? fmt::format("beam {} in {} groups", decode.beam, groups.groups)
                           : fmt::format("beam {}", decode.beam);
}

std::string kind_of_choice(decode::ListChoice choice) {
  switch (choice) {
    case decode::ListChoice::weighted_sum:
      return "the highest weighted sum of features";
    case decode::ListChoice::total:
      return "the highest total";
    case decode::ListChoice::oracle:
      return "the highest BLEU of the sentence";
  }
  return {};
}

std::string search_text(const run::Evaluation& evaluation, const decode::DecodeOptions& decode) {
  if (decode.rescore.any())
    return fmt::format("none; from the list {}, {}", decode.rescore.list.string(),
                       kind_of_choice(decode.rescore.choose));
  const auto& fusion = decode.language_model;
  auto search = kind_of_search(decode);
  if (fusion.any()) search += fmt::format(" with {:g} x the language model {}", fusion.weight, fusion.run.string());
  if (decode.oracle_length) return fmt::format("{}, each output as long as its first reference", search);
  return fmt::format("{}, longest output {:g} x source + {}, at most {}; {} cut there", search, decode.max_length.ratio,
                     decode.max_length.plus, format_count(decode.max_length.limit),
                     format_count(evaluation.outputs.cut));
}

void print_perplexities(std::ostream& out, const run::Perplexity& perplexity) {
  const auto figures = run::named(perplexity);
  for (const auto& [name, title] : {std::pair("perplexity", "perplexity"),
                                    {"word_perplexity", "perplexity per word"},
                                    {"character_perplexity", "perplexity per character"}})
    out << fmt::format("{:<38} {:>9}\n", title, format_figure(figures.at(name), 4));
}

void print_table(std::ostream& out, const run::Evaluation& evaluation, const run::LoadedRun& run,
                 const std::string& source) {
  const auto figure = [&out](std::string_view name, double value, const char* unit) {
    out << fmt::format("{:<38} {:>9}{}\n", name, format_figure(value, 2), unit);
  };
  const auto line = [&out](const char* name, const std::string& text) {
    out << fmt::format("{:<11} {}\n", name, text);
  };
  const auto& rates = evaluation.outputs.rates;
  print_perplexities(out, evaluation.perplexity);
  figure("exact match", 100 * rates.exact_match(), " %");
  figure(metrics::sequence_error_rate_name, 100 * rates.sequence_error_rate(), " %");
  figure(metrics::token_error_rate_name, 100 * rates.token_error_rate(), " %");
  const bool no_four_grams = metrics::lacks_four_grams(evaluation.outputs.bleu.counts, evaluation.sentences);
  figure("BLEU", evaluation.outputs.bleu.score, no_four_grams ? " (no 4-grams, see below)" : "");
  train::Figures figures;
  run::add(figures, evaluation.outputs);
  for (const auto& kind : metrics::metric_kinds()) {
    const auto found = evaluation.outputs.lines.find(std::string(kind.name));
    if (found == evaluation.outputs.lines.end()) continue;
    figure(kind.title, (kind.share ? 100 : 1) * figures.at(found->first), kind.share ? " %" : "");
  }
  out << '\n';
  for (const auto* member : run::members_of(run))
    line(member == &run ? "run" : "with",
         fmt::format("{}, checkpoint {}", member->folder.root().string(), member->update));
  line("text", fmt::format("{}: {}, {}", source, format_count(evaluation.sentences, "sentence"),
                           format_count(evaluation.target_tokens, "target token")));
  if (evaluation.empty_target + evaluation.invalid > 0) {
    line("left out", fmt::format("{} without a reference, {} not UTF-8", format_count(evaluation.empty_target),
                                 format_count(evaluation.invalid)));
  }
  line("unknown", fmt::format("{:.2f} % of source tokens, {:.2f} % of target tokens", 100 * evaluation.unknown_source,
                              100 * evaluation.unknown_target));
  line("references", references_text(evaluation, run.options().metrics.lowercase));
  line("search", search_text(evaluation, run.options().decode));
  if (evaluation.outputs.exact.sentences > 0) line("exact", run::describe(evaluation.outputs.exact));
  for (const std::string name : {"bleu", "chrf", "chrf++", "ter"})
    line(std::string(metrics::find_metric(name)->title).c_str(), evaluation.signatures.at(name));
  if (no_four_grams) line("", fmt::format("BLEU: {}", metrics::without_four_grams));
  line("time", format_duration(evaluation.seconds));
}

void print_json(std::ostream& out, const run::Evaluation& evaluation, const run::LoadedRun& run,
                const std::string& source) {
  auto figures = run::named(evaluation.perplexity);
  run::add(figures, evaluation.outputs);
  const auto& decode = run.options().decode;
  auto others = nlohmann::ordered_json::array();
  for (const auto& other : run.others)
    others.push_back(
        {{"run", other.folder.root().string()}, {"checkpoint", other.update}, {"digest", other.description.digest}});
  nlohmann::ordered_json json{
      {"figures", figures},
      {"run", run.folder.root().string()},
      {"checkpoint", run.update},
      {"digest", run.description.digest},
      {"others", others},
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
       {{"description", search_text(evaluation, decode)},
        {"beam", decode.beam},
        {"ratio", decode.max_length.ratio},
        {"plus", decode.max_length.plus},
        {"limit", decode.max_length.limit},
        {"oracle_length", decode.oracle_length},
        {"cut", evaluation.outputs.cut}}},
      {"bleu_signature", evaluation.outputs.bleu.signature},
      {"signatures", evaluation.signatures},
      {"seconds", evaluation.seconds}};
  if (const auto& exact = evaluation.outputs.exact; exact.sentences > 0) {
    json["search"]["exact"] = {{"nodes", decode.exact_nodes},
                               {"sentences", exact.sentences},
                               {"unproven", exact.unproven},
                               {"missed", exact.missed},
                               {"empty", exact.empty}};
  }
  if (const auto& fusion = decode.language_model; fusion.any())
    json["search"]["language_model"] = {{"run", fusion.run.string()}, {"weight", fusion.weight}};
  out << json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
}

/// Prints figures and facts of a language model.
void print_perplexity(std::ostream& out, const run::Evaluation& evaluation, const run::LoadedRun& run,
                      const std::string& text) {
  print_perplexities(out, evaluation.perplexity);
  out << '\n';
  out << fmt::format("{:<11} {}, checkpoint {}\n", "run", run.folder.root().string(), run.update);
  const auto ends = evaluation.sentences;
  out << fmt::format("{:<11} {}: {}, {}, {}, {}\n", "text", text, format_count(ends, "sentence"),
                     format_count(evaluation.target_tokens, "token"),
                     format_count(evaluation.perplexity.words - ends, "word"),
                     format_count(evaluation.perplexity.characters - ends, "character"));
  if (evaluation.empty_target + evaluation.invalid > 0) {
    out << fmt::format("{:<11} {} empty, {} not UTF-8\n", "left out", format_count(evaluation.empty_target),
                       format_count(evaluation.invalid));
  }
  out << fmt::format("{:<11} {:.2f} % of tokens\n", "unknown", 100 * evaluation.unknown_target);
  out << fmt::format("{:<11} {}\n", "time", format_duration(evaluation.seconds));
}

void print_perplexity_json(std::ostream& out, const run::Evaluation& evaluation, const run::LoadedRun& run,
                           const std::string& text) {
  const auto figures = run::named(evaluation.perplexity);
  const nlohmann::ordered_json json{
      {"figures", figures},
      {"run", run.folder.root().string()},
      {"checkpoint", run.update},
      {"digest", run.description.digest},
      {"text", text},
      {"sentences", evaluation.sentences},
      {"target_tokens", evaluation.target_tokens},
      {"words", evaluation.perplexity.words - evaluation.sentences},
      {"characters", evaluation.perplexity.characters - evaluation.sentences},
      {"left_out", {{"empty_target", evaluation.empty_target}, {"invalid", evaluation.invalid}}},
      {"unknown", {{"target", evaluation.unknown_target}}},
      {"seconds", evaluation.seconds}};
  out << json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
}

std::vector<NamedFile> test_files(const data::FilePair& test) {
  std::vector<NamedFile> files{{"data.test.source", test.source.string()}};
  for (const auto& target : test.target) files.push_back({"data.test.target", target.string()});
  return files;
}

std::string lines_text(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + '\n';
  return text;
}

class Evaluate final : public Command {
 public:
  std::string name() const override { return "evaluate"; }
  std::string about() const override { return "measure a run on its test set or on other files"; }
  Help help() const override {
    return {.examples = {"evaluate runs/g2p",
                         "evaluate runs/first --source test.en --reference test.fr --bleu-tokenizer 13a"},
            .page = "docs/metrics.md"};
  }

  void declare(Arguments& arguments) override {
    run_.declare(arguments, /*searches=*/true);
    arguments.option("--source", source_, "FILE", "sources, one per line (default: the run's test set)");
    arguments.repeatable("--reference", references_, "FILE",
                         "references, one per line; repeatable. With several files, an empty line means no reference "
                         "in that file. For a language model: the text, without `--source`");
    arguments.option(
        "--bleu-tokenizer", bleu_tokenizer_, "NAME",
        "sacreBLEU's tokenizer for BLEU: none (split at whitespace), 13a (sacreBLEU's default, for untokenized text), "
        "intl, zh or char (default: `metrics.bleu_tokenizer` of the run; the default of `compare` is 13a)");
    arguments.flag("--lowercase", lowercase_, "compare outputs and references in lower case");
    arguments.option("--output", output_, "FILE", "write the outputs that were measured, one per line of the sources");
    arguments.flag("--json", json_, "print figures and protocol as JSON");
  }

  int run(const Context& context) override {
    const bool lm = run::task_of_run(run_.folder) == data::Task::lm;
    check_files(lm);
    if (output_) {
      std::vector<NamedFile> inputs{{"--source", source_.value_or("")}};
      for (const auto& file : references_) inputs.push_back({"--reference", file});
      check_outputs(inputs, {{"--output", *output_}});
    }
    std::vector<config::Override> overrides;
    add_override(overrides, "--bleu-tokenizer", "metrics.bleu_tokenizer", bleu_tokenizer_);
    if (lowercase_) add_override(overrides, {.option = "--lowercase", .key = "metrics.lowercase", .value = "true"});
    auto log = run_.common.log(context);
    const auto environment = run_.common.environment(context, log);
    const auto loaded = run_.load(environment, std::move(overrides));
    std::optional<data::FilePair> files;
    if (!references_.empty()) files = data::FilePair{source_.value_or(""), {references_.begin(), references_.end()}};
    if (output_ && !files) check_outputs(test_files(loaded.options().data.test), {{"--output", *output_}});
    const auto evaluation = run::evaluate(loaded, files, environment);
    warn_of_short(log, evaluation.outputs.below_minimum, evaluation.sentences);
    if (output_) write_atomically(disk_files(), *output_, lines_text(evaluation.lines));
    const auto& measured = files ? *files : loaded.options().data.test;
    const auto text = (lm ? measured.target.front() : measured.source).string();
    const auto print = lm ? (json_ ? print_perplexity_json : print_perplexity) : (json_ ? print_json : print_table);
    print(*context.streams.out, evaluation, loaded, text);
    context.streams.out->flush();
    check_written(*context.streams.out);
    return Exit::done;
  }

 private:
  void check_files(bool lm) const {
    if (!lm) {
      if (source_.has_value() != !references_.empty())
        throw UsageError("`--source` and `--reference` need each other; give both or neither");
      return;
    }
    if (output_)
      throw UsageError(Place{.part = "--output " + *output_}, "a language model (`task: lm`) has no outputs");
    if (source_)
      throw UsageError(Place{.part = "--source " + *source_}, "a language model (`task: lm`) has no source",
                       "Give only the text, with `--reference`");
    if (references_.size() > 1)
      throw UsageError(Place{.part = "--reference " + references_[1]},
                       "is a second text, but a language model (`task: lm`) is measured on one text",
                       "Evaluate each text in a call of its own");
  }

  RunArguments run_;
  std::optional<std::string> source_, output_;
  std::vector<std::string> references_;
  std::optional<std::string> bleu_tokenizer_;
  bool lowercase_ = false, json_ = false;
};

}  // namespace

std::unique_ptr<Command> evaluate_command() { return std::make_unique<Evaluate>(); }

}  // namespace seq2seq::cli
