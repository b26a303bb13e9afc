#include "seq2seq/run/translate.h"

#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/cli/commands.h"
#include "seq2seq/cli/common.h"
#include "seq2seq/cli/line_editor.h"
#include "seq2seq/core/atomic_text.h"
#include "seq2seq/core/device.h"
#include "seq2seq/core/error.h"
#include "seq2seq/data/input/line_reader.h"
#include "seq2seq/run/conversation.h"

namespace seq2seq::cli {

namespace {

using run::InputFormat;
using run::OutputFormat;

/// Returns the value with this name. Throws UsageError with the option as typed.
template <class Value>
Value named_value(const std::string& option, const std::string& name,
                  const std::vector<std::pair<std::string, Value>>& values) {
  std::vector<std::string> names;
  for (const auto& [known, value] : values) {
    if (known == name) return value;
    names.push_back(known);
  }
  throw UsageError(Place{.part = option + " " + name}, fmt::format("must be one of {}", fmt::join(names, ", ")));
}

class Translate final : public Command {
 public:
  std::string name() const override { return "translate"; }
  std::string about() const override { return "translate lines of text with a run"; }
  Help help() const override {
    return {.examples = {"translate runs/g2p words.txt --output phonemes.txt",
                         "translate runs/g2p words.txt --n-best 5 --beam 10"},
            .page = "docs/translating.md"};
  }

  void declare(Arguments& arguments) override {
    run_.declare(arguments, /*searches=*/true);
    arguments.optional("INPUT", input_,
                       "file of source sentences, one per line, plain or compressed by gzip or Zstandard; a line from "
                       "a pipe is translated as soon as no other is waiting (default: standard input)");
    arguments.option("--output", output_, "FILE", "output file, written only if complete (default: standard output)");
    arguments.option("--format", format_, "FORMAT",
                     "text: the best output of each line; moses: n-best lists; tsv: tab-separated columns; json: an "
                     "object per line (default: text, or moses with `--n-best`)");
    arguments.option("--input-format", input_format_, "FORMAT",
                     "text, or json: an object per line with the sentence under `source`; other keys are copied to the "
                     "answer. Needs `--format json` (default: text)");
    arguments.flag("--keep-going", options_.keep_going,
                   "with `--format json`: if a line cannot be read, write an object with `error` and continue");
    arguments.option("--n-best", n_best_, "N",
                     "write the N best outputs of each sentence with scores; equal texts appear once");
    arguments.flag("--token-scores", options_.token_scores,
                   "with `--format moses`: also write the score of each token");
    arguments.option("--unknown", unknown_, "WHAT",
                     "allow the unknown word in outputs. keep: write `<unk>`; drop: leave it out; replace: write the "
                     "source word that it attends to most; positional: replace `<unk:d>` by the source word d places "
                     "before its own place (default: as configured)");
    arguments.option(
        "--alignments", alignments_, "FILE",
        "for each output token, write the source token that it attends to most, `0-0 2-1` (Pharaoh's format)");
    arguments.option("--attention", attention_, "FILE", "write all attention weights, one JSON object per output");
    arguments.option("--prefix", prefix_, "FILE",
                     "begin each output with the same line of this file; an empty line: no prefix");
    arguments.option(
        "--constraints", constraints_, "FILE",
        "put all phrases of the same line of this file, separated by tabs, into each output, in any order");
    arguments.flag("--tokens", options_.tokens, "read and write tokens separated by spaces instead of text");
    arguments.flag("--interactive", interactive_,
                   "ask for sentences one by one, with commands for n-best outputs, probabilities, alignment and "
                   "alternatives (`:help`)");
  }

  int run(const Context& context) override {
    auto log = run_.common.log(context);
    const auto environment = run_.common.environment(context, log);
    std::vector<config::Override> overrides;
    add_override(overrides, "--n-best", "decode.n_best", n_best_);
    if (unknown_) {
      add_override(overrides, "--unknown", "decode.unknown.kind", unknown_);
      if (*unknown_ != "positional")
        add_override(overrides, {.option = "--unknown " + *unknown_, .key = "decode.allow_unknown", .value = "true"});
    }
    set_formats();
    if (interactive_) return converse(context, environment, std::move(overrides));
    const bool from_stream = input_.empty() || input_ == "-";
    check_files();
    auto bytes = from_stream ? nullptr : data::open_bytes(input_);
    const auto prefixes = lines_of(prefix_), phrases = lines_of(constraints_);
    options_.constraints = {.prefixes = prefixes.get(), .phrases = phrases.get()};
    const auto loaded = run_.load(environment, std::move(overrides));
    run::check_translates(loaded, "cannot translate");
    refuse_unused(loaded.options().decode);
    if (from_stream) bytes = data::open_bytes(context.streams.in, "<stdin>");

    options_.list = n_best_.has_value() || loaded.options().decode.n_best > 1;
    options_.log = &log;
    data::LineReader lines(std::move(bytes), from_stream ? "<stdin>" : input_);
    const auto text = file(output_), links = file(alignments_), weights = file(attention_);
    if (links) options_.alignments.links = &links->stream();
    if (weights) options_.alignments.weights = &weights->stream();
    const auto translated = run::translate(loaded, lines, text ? text->stream() : *context.streams.out, options_);
    if (!output_) check_written(*context.streams.out);
    if (!*context.streams.out) return Exit::reader_gone;  // other files and the summary would be of unread lines
    for (const auto& written : {text.get(), links.get(), weights.get()})
      if (written != nullptr) written->commit();
    return report(translated, log);
  }

 private:
  void set_formats() {
    const bool listed = n_best_ || options_.token_scores;
    options_.format = named_value<OutputFormat>("--format", format_.value_or(listed ? "moses" : "text"),
                                                {{"text", OutputFormat::text},
                                                 {"moses", OutputFormat::moses},
                                                 {"tsv", OutputFormat::tsv},
                                                 {"json", OutputFormat::json}});
    options_.input = named_value<InputFormat>("--input-format", input_format_,
                                              {{"text", InputFormat::text}, {"json", InputFormat::json}});
    const bool json = options_.format == OutputFormat::json;
    if (options_.format == OutputFormat::text && n_best_)
      throw UsageError(Place{.part = "--format text"}, "cannot show the outputs of `--n-best`",
                       "Use moses, tsv or json");
    if (options_.token_scores && options_.format != OutputFormat::moses)
      throw UsageError(Place{.part = "--token-scores"}, "needs `--format moses`",
                       "Leave it out; `--format json` always writes them");
    if (options_.input == InputFormat::json && !json)
      throw UsageError(Place{.part = "--input-format json"}, "needs `--format json`",
                       "Other formats cannot return the keys of a request");
    if (options_.keep_going && (prefix_ || constraints_))
      throw UsageError(Place{.part = "--keep-going"}, "cannot be combined with `--prefix` and `--constraints`",
                       "After a line that cannot be read, their lines would belong to other sentences");
    if (options_.keep_going && !json)
      throw UsageError(Place{.part = "--keep-going"}, "needs `--format json`", "Other formats cannot show an error");
  }

  int converse(const Context& context, const run::Environment& environment, std::vector<config::Override> overrides) {
    const bool writes = output_ || format_ || alignments_ || attention_ || options_.token_scores;
    if (!input_.empty() || writes || prefix_ || constraints_)
      throw UsageError(Place{.part = "--interactive"}, "reads from the terminal and writes to it",
                       "Leave out INPUT and options for files and formats");
    auto loaded = run_.load(environment, std::move(overrides));
    run::check_translates(loaded, "cannot translate");
    refuse_unused(loaded.options().decode);
    environment.log->say(fmt::format("{}, checkpoint {}. `:help` lists the commands, Ctrl-D quits",
                                     loaded.folder.root().string(), loaded.update));
    run::Conversation conversation(loaded, options_.tokens);
    LineEditor editor(context.streams);
    std::string line;
    while (*context.streams.out) {
      try {
        if (!editor.next(line)) break;
        const auto answer = conversation.answer(line);
        if (!answer) break;
        *context.streams.out << *answer << std::flush;
      } catch (const Error& fault) {  // of the present line
        if (editor.failed()) throw;
        *context.streams.err << "error: " << fault.what() << std::endl;
      } catch (const std::exception&) {
        if (!is_out_of_memory(std::current_exception())) throw;
        *context.streams.err << "error: out of memory. Ask for fewer outputs (`:n-best 1`)" << std::endl;
      }
    }
    check_written(*context.streams.out);
    return Exit::done;
  }

  /// Throws UsageError for keys on the command line that only commands that measure outputs read.
  void refuse_unused(const decode::DecodeOptions& options) const {
    for (const auto& each : run_.common.overrides()) {
      if (each.key.starts_with("decode.rescore"))
        throw UsageError(Place{.part = each.option}, "has no effect: `translate` searches for its outputs",
                         "Choose outputs from a list with `seq2seq rescore`, or measure them with `seq2seq evaluate`");
      if (each.key.starts_with("metrics.") && options.minimum_bayes_risk == decode::no_metric)
        throw UsageError(Place{.part = each.option},
                         "has no effect: `translate` compares outputs only with `decode.minimum_bayes_risk`",
                         "Leave it out");
    }
  }

  void check_files() const {
    std::vector<NamedFile> inputs{{"INPUT", input_}}, outputs;
    if (prefix_) inputs.push_back({"--prefix", *prefix_});
    if (constraints_) inputs.push_back({"--constraints", *constraints_});
    if (output_) outputs.push_back({"--output", *output_});
    if (alignments_) outputs.push_back({"--alignments", *alignments_});
    if (attention_) outputs.push_back({"--attention", *attention_});
    check_outputs(inputs, outputs);
  }

  static int report(const run::Translated& translated, Log& log) {
    warn_of_unknown(log, translated.unknown, "source");
    if (translated.cut > 0) {
      log.warn(fmt::format("{} of {} {} cut at the maximum length (`decode.max_length`)", format_count(translated.cut),
                           format_count(translated.lines, "output"), translated.cut == 1 ? "was" : "were"));
    }
    warn_of_short(log, translated.below_minimum, translated.lines);
    if (translated.unmet.outputs > 0) {
      log.warn(
          fmt::format("{} of {} {} not meet `--prefix` or `--constraints`, the first on line {}: `decode.max_length` "
                      "leaves no room, or `decode.no_repeat_ngram` forbids them",
                      format_count(translated.unmet.outputs), format_count(translated.lines, "output"),
                      translated.unmet.outputs == 1 ? "does" : "do", translated.unmet.first_line));
    }
    if (translated.exact.sentences > 0) log.say("exact search: " + run::describe(translated.exact));
    if (translated.failed == 0) return Exit::done;
    log.warn(fmt::format("{} of {} could not be read; {} the key `error`", format_count(translated.failed),
                         format_count(translated.lines, "line"),
                         translated.failed == 1 ? "its answer has" : "their answers have"));
    return Exit::failed;
  }

  static std::unique_ptr<AtomicText> file(const std::optional<std::string>& path) {
    return path ? std::make_unique<AtomicText>(disk_files(), *path) : nullptr;
  }

  /// Null if there is no file.
  static std::unique_ptr<data::LineReader> lines_of(const std::optional<std::string>& path) {
    return path ? std::make_unique<data::LineReader>(data::open_bytes(*path), *path) : nullptr;
  }

  RunArguments run_;
  std::string input_, input_format_ = "text";
  std::optional<std::string> output_, format_, n_best_, unknown_, alignments_, attention_, prefix_, constraints_;
  bool interactive_ = false;
  run::TranslateOptions options_;
};

}  // namespace

std::unique_ptr<Command> translate_command() { return std::make_unique<Translate>(); }

}  // namespace seq2seq::cli
