#include "seq2seq/run/translate.h"

#include <cerrno>
#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>

#include <fmt/format.h>

#include "seq2seq/cli/commands.h"
#include "seq2seq/cli/common.h"
#include "seq2seq/core/atomic_file.h"
#include "seq2seq/core/error.h"

namespace seq2seq::cli {

namespace {

class Translate final : public Command {
 public:
  std::string name() const override { return "translate"; }
  std::string about() const override { return "write the best outputs of a run for lines of text"; }

  void declare(Arguments& arguments) override {
    run_.declare(arguments, /*searches=*/true);
    arguments.optional("INPUT", input_, "file of sources, one a line (standard input)");
    arguments.option("--output", output_, "FILE", "where the outputs go, whole or not at all (standard output)");
    arguments.option("--n-best", n_best_, "N", "the N best of each, in the format of Moses, with scores");
    arguments.flag("--token-scores", options_.token_scores, "the score of each token too, in that format");
    arguments.flag("--tokens", options_.tokens, "lines in and out are tokens between blanks, used as they are");
  }

  int run(const Context& context) override {
    auto log = run_.common.log(context);
    const auto environment = run_.common.environment(context, log);
    std::vector<config::Override> overrides;
    add_override(overrides, "--n-best", "decode.n_best", n_best_);
    const bool from_stream = input_.empty() || input_ == "-";
    std::ifstream file;
    if (!from_stream) open(file);
    if (output_) check_writable(*output_);
    const auto loaded = run_.load(environment, std::move(overrides));

    options_.n_best_format = n_best_ || options_.token_scores;
    options_.answer_at_once = from_stream && context.streams.terminal.in;
    run::LineSource lines(from_stream ? *context.streams.in : file, from_stream ? "<stdin>" : input_);
    const auto translated =
        output_ ? to_file(loaded, lines) : run::translate(loaded, lines, *context.streams.out, options_);
    if (!output_) check_written(*context.streams.out);
    if (translated.cut > 0) {
      log.warn(fmt::format("{} of {} outputs were cut at the longest length (`decode.max_length`)",
                           format_count(translated.cut), format_count(translated.lines)));
    }
    return Exit::done;
  }

 private:
  void open(std::ifstream& file) const {
    if (std::filesystem::is_directory(input_))
      throw Error(Place{.file = input_}, "is a folder; a text file is expected");
    file.open(input_, std::ios::binary);
    if (!file) throw Error(Place{.file = input_}, "cannot be read: " + std::generic_category().message(errno));
  }

  run::Translated to_file(const run::LoadedRun& loaded, run::LineSource& lines) const {
    std::ostringstream text;
    const auto translated = run::translate(loaded, lines, text, options_);
    write_atomically(disk_files(), *output_, text.str());
    return translated;
  }

  RunArguments run_;
  std::string input_;
  std::optional<std::string> output_, n_best_;
  run::TranslateOptions options_;
};

}  // namespace

std::unique_ptr<Command> translate_command() { return std::make_unique<Translate>(); }

}  // namespace seq2seq::cli
