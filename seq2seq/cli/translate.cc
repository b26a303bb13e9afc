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
  std::string about() const override { return "write the best outputs of a run for lines of text"; }
  Help help() const override {
    return {.examples = {"translate runs/g2p words.txt --output phonemes.txt",
                         "translate runs/g2p words.txt --n-best 5 --beam 10"},
            .page = "docs/translating.md"};
  }

  void declare(Arguments& arguments) override {
    run_.declare(arguments, /*searches=*/true);
    arguments.optional(
        "INPUT", input_,
        "file of sources, one a line, plain or packed by gzip or Zstandard; from a pipe each is answered "
        "as soon as no other waits (standard input)");
    arguments.option("--output", output_, "FILE", "where the outputs go, whole or not at all (standard output)");
    arguments.option("--n-best", n_best_, "N",
                     "the N best of each, in the format of Moses, with scores; equal texts once");
    arguments.flag("--token-scores", options_.token_scores, "the score of each token too, in that format");
    arguments.option("--alignments", alignments_, "FILE",
                     "for each output the source token that its tokens attend to most, `0-0 2-1` (Pharaoh's format)");
    arguments.option("--attention", attention_, "FILE", "for each output all attention weights, a JSON object a line");
    arguments.flag("--tokens", options_.tokens, "lines in and out are tokens between blanks, used as they are");
  }

  int run(const Context& context) override {
    auto log = run_.common.log(context);
    const auto environment = run_.common.environment(context, log);
    std::vector<config::Override> overrides;
    add_override(overrides, "--n-best", "decode.n_best", n_best_);
    const bool from_stream = input_.empty() || input_ == "-";
    check_files();
    auto bytes = from_stream ? nullptr : data::open_bytes(input_);
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
      log.warn(fmt::format("{} of {} outputs were cut at the longest length (`decode.max_length`)",
                           format_count(translated.cut), format_count(translated.lines)));
    }
    return Exit::done;
  }

 private:
  /// Each of the files can be written, and no two of them are the same.
  void check_files() const {
    using Named = std::pair<const char*, std::optional<std::string>>;
    std::map<std::string, std::string> taken{{input_, "INPUT"}};  // what names each file
    for (const auto& [option, file] :
         {Named("--output", output_), Named("--alignments", alignments_), Named("--attention", attention_)}) {
      if (!file) continue;
      check_writable(*file);
      const auto [other, added] = taken.emplace(*file, option);
      if (!added)
        throw UsageError(Place{.part = fmt::format("{} {}", option, *file)},
                         fmt::format("is the file of `{}`, too", other->second), "Name two files");
    }
  }

  static std::unique_ptr<AtomicText> file(const std::optional<std::string>& path) {
    return path ? std::make_unique<AtomicText>(disk_files(), *path) : nullptr;
  }

  RunArguments run_;
  std::string input_;
  std::optional<std::string> output_, n_best_, alignments_, attention_;
  run::TranslateOptions options_;
};

}  // namespace

std::unique_ptr<Command> translate_command() { return std::make_unique<Translate>(); }

}  // namespace seq2seq::cli
