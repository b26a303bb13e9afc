#include "seq2seq/run/score.h"

#include <optional>
#include <string>

#include <fmt/format.h>

#include "seq2seq/cli/commands.h"
#include "seq2seq/cli/common.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/core/run_folder.h"
#include "seq2seq/run/task.h"

namespace seq2seq::cli {

namespace {

class Score final : public Command {
 public:
  std::string name() const override { return "score"; }
  std::string about() const override { return "print log-probabilities of given pairs, or add them to n-best lists"; }
  Help help() const override {
    return {.examples = {"score runs/g2p words.txt phonemes.txt", "score runs/g2p words.txt --n-best list.txt"},
            .page = "docs/translating.md"};
  }

  void declare(Arguments& arguments) override {
    run_.declare(arguments, /*searches=*/false);
    arguments.optional(
        "SOURCE", source_,
        "file of sources, one per line, plain or compressed by gzip or Zstandard; for a language model, the text to "
        "score, from standard input if the file is `-` or missing");
    arguments.optional("TARGET", target_, "file of targets, one per line, scored given the source in the same line");
    arguments.option("--n-best", n_best_, "FILE",
                     "instead of TARGET: n-best list in the format of Moses, `sentence ||| text ||| features ||| "
                     "score`; sentences are counted from 0. Writes the list with the added feature `seq2seq= SCORE`");
    arguments.option("--feature", feature_, "NAME",
                     "with --n-best: name of the feature, for the scores of several runs (default: seq2seq)");
    arguments.flag("--per-token", options_.per_token,
                   "also print, after a tab, the score of each token and of the end symbol");
    arguments.flag("--tokens", options_.tokens, "read tokens separated by spaces instead of text");
  }

  int run(const Context& context) override {
    const bool lm = run::task_of_run(run_.folder) == data::Task::lm;
    if (lm) {
      check_text();
    } else {
      check_pairs();
    }
    auto log = run_.common.log(context);
    const auto environment = run_.common.environment(context, log);
    const auto loaded = run_.load(environment);
    auto& out = *context.streams.out;
    run::NBestScoreOptions n_best{.tokens = options_.tokens};
    if (feature_) n_best.feature = *feature_;
    const auto scored = lm        ? score_text(loaded, context, environment)
                        : n_best_ ? run::score_n_best(loaded, *n_best_, source_, out, n_best, environment)
                                  : run::score_files(loaded, source_, target_, out, options_, environment);
    check_written(out);
    if (!out) return Exit::reader_gone;  // a summary would describe pairs that were not received
    if (scored.tokens > 0) {
      log.say(fmt::format("{}, {} with end symbols: log-probability {:.6g}, perplexity {}",
                          format_count(scored.pairs, lm ? "sentence" : "pair"), format_count(scored.tokens, "token"),
                          scored.score, format_figure(scored.perplexity(), 4)));
      if (n_best_) log.say(fmt::format("shared prefixes saved {:.1f} % of the decoder steps", 100 * scored.saved));
    }
    warn_of_unknown(log, scored.unknown_source, "source");
    warn_of_unknown(log, scored.unknown_target, "target");
    return Exit::done;
  }

 private:
  void check_pairs() const {
    check_n_best();
    if (source_.empty()) throw UsageError("missing SOURCE: a file of sources, one per line");
    if (!n_best_ && target_.empty())
      throw UsageError("nothing to score; add a file of targets after SOURCE, or a list with `--n-best FILE`");
  }

  void check_text() const {
    const auto* remedy = "Give only the text: `seq2seq score RUN TEXT`";
    if (n_best_ || feature_)
      throw UsageError(Place{.part = n_best_ ? "--n-best" : "--feature"},
                       "needs a translation model, not a language model", remedy);
    if (!target_.empty())
      throw UsageError(Place{.part = target_}, "is a second file, but a language model (`task: lm`) has no source",
                       remedy);
  }

  run::Scored score_text(const run::LoadedRun& loaded, const Context& context,
                         const run::Environment& environment) const {
    const bool from_stream = source_.empty() || source_ == "-";
    const std::string name = from_stream ? "<stdin>" : source_;
    data::LineReader lines(from_stream ? data::open_bytes(context.streams.in, name) : data::open_bytes(source_), name);
    return run::score_text(loaded, lines, *context.streams.out, options_, environment);
  }

  void check_n_best() const {
    if (!n_best_) {
      if (feature_) throw UsageError(Place{.part = "--feature " + *feature_}, "needs `--n-best`");
      return;
    }
    if (!target_.empty()) throw UsageError(Place{.part = target_}, "cannot be combined with `--n-best`");
    if (options_.per_token) throw UsageError(Place{.part = "--per-token"}, "cannot be combined with `--n-best`");
    if (feature_ && (feature_->empty() || feature_->find_first_of(" \t=|") != std::string::npos))
      throw UsageError(Place{.part = "--feature " + *feature_}, "must be a word without spaces, `=` or `|`");
  }

  RunArguments run_;
  std::string source_, target_;
  std::optional<std::string> n_best_, feature_;
  run::ScoreOptions options_;
};

}  // namespace

std::unique_ptr<Command> score_command() { return std::make_unique<Score>(); }

}  // namespace seq2seq::cli
