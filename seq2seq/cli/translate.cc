#include "seq2seq/run/translate.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "seq2seq/cli/commands.h"
#include "seq2seq/cli/common.h"
#include "seq2seq/core/atomic_text.h"
#include "seq2seq/data/input/line_reader.h"

namespace seq2seq::cli {

namespace {

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
                       "file of source sentences, one per line, plain or compressed by gzip or Zstandard; from a pipe "
                       "each is answered as soon as no other waits (standard input)");
    arguments.option("--output", output_, "FILE", "output file, written only if complete (default: standard output)");
    arguments.option("--n-best", n_best_, "N",
                     "write the N best outputs of each sentence with scores, in Moses' format; equal texts once");
    arguments.flag("--token-scores", options_.token_scores, "with --n-best: also write the score of each token");
    arguments.option(
        "--alignments", alignments_, "FILE",
        "for each output token, write the source token that it attends to most, `0-0 2-1` (Pharaoh's format)");
    arguments.option("--attention", attention_, "FILE", "write all attention weights, one JSON object per output");
    arguments.option("--prefix", prefix_, "FILE",
                     "each output begins with the same line of this file; an empty line leaves it free");
    arguments.option("--constraints", constraints_, "FILE",
                     "each output has all phrases of the same line of this file, separated by tabs, in any order");
    arguments.flag("--tokens", options_.tokens, "read and write tokens separated by blanks instead of text");
  }

  int run(const Context& context) override {
    auto log = run_.common.log(context);
    const auto environment = run_.common.environment(context, log);
    std::vector<config::Override> overrides;
    add_override(overrides, "--n-best", "decode.n_best", n_best_);
    const bool from_stream = input_.empty() || input_ == "-";
    check_files();
    auto bytes = from_stream ? nullptr : data::open_bytes(input_);
    const auto prefixes = lines_of(prefix_), constraints = lines_of(constraints_);
    options_.demands = {.prefixes = prefixes.get(), .constraints = constraints.get()};
    const auto loaded = run_.load(environment, std::move(overrides));
    run::check_translates(loaded, "translates nothing");
    if (from_stream) bytes = data::open_bytes(context.streams.in, "<stdin>");

    options_.n_best_format = n_best_ || options_.token_scores;
    data::LineReader lines(std::move(bytes), from_stream ? "<stdin>" : input_);
    const auto text = file(output_), links = file(alignments_), weights = file(attention_);
    if (links) options_.alignments.links = &links->stream();
    if (weights) options_.alignments.weights = &weights->stream();
    const auto translated = run::translate(loaded, lines, text ? text->stream() : *context.streams.out, options_);
    for (const auto& written : {text.get(), links.get(), weights.get()})
      if (written != nullptr) written->commit();
    if (!output_) check_written(*context.streams.out);
    if (!*context.streams.out) return Exit::reader_gone;  // what follows would speak of lines that nobody got
    warn_of_unknown(log, translated.unknown, "source");
    if (translated.cut > 0) {
      log.warn(fmt::format("{} of {} outputs were cut at the maximum length (`decode.max_length`)",
                           format_count(translated.cut), format_count(translated.lines)));
    }
    if (translated.unmet.outputs > 0) {
      log.warn(fmt::format(
          "{} of {} outputs lack what `--prefix` or `--constraints` asks for, the first of line {}; a "
          "larger `decode.max_length` leaves more room",
          format_count(translated.unmet.outputs), format_count(translated.lines), translated.unmet.first_line));
    }
    if (translated.exact.sentences > 0) log.say("exact search: " + run::describe(translated.exact));
    return Exit::done;
  }

 private:
  /// Each of the files can be written, and no two of them are the same.
  void check_files() const {
    using Named = std::pair<const char*, std::optional<std::string>>;
    std::map<std::string, std::string> taken{{input_, "INPUT"}};  // what names each file
    if (prefix_) taken.emplace(*prefix_, "--prefix");
    if (constraints_) taken.emplace(*constraints_, "--constraints");
    for (const auto& [option, file] :
         {Named("--output", output_), Named("--alignments", alignments_), Named("--attention", attention_)}) {
      if (!file) continue;
      check_writable(*file);
      const auto [other, added] = taken.emplace(*file, option);
      if (!added)
        throw UsageError(Place{.part = fmt::format("{} {}", option, *file)},
                         fmt::format("is also the file of `{}`", other->second), "Use two different files");
    }
  }

  static std::unique_ptr<AtomicText> file(const std::optional<std::string>& path) {
    return path ? std::make_unique<AtomicText>(disk_files(), *path) : nullptr;
  }

  /// Null without a file.
  static std::unique_ptr<data::LineReader> lines_of(const std::optional<std::string>& path) {
    return path ? std::make_unique<data::LineReader>(data::open_bytes(*path), *path) : nullptr;
  }

  RunArguments run_;
  std::string input_;
  std::optional<std::string> output_, n_best_, alignments_, attention_, prefix_, constraints_;
  run::TranslateOptions options_;
};

}  // namespace

std::unique_ptr<Command> translate_command() { return std::make_unique<Translate>(); }

}  // namespace seq2seq::cli
