#include "seq2seq/run/score.h"

#include <optional>
#include <string>

#include <fmt/format.h>

#include "seq2seq/cli/commands.h"
#include "seq2seq/cli/common.h"
#include "seq2seq/core/error.h"

namespace seq2seq::cli {

namespace {

class Score final : public Command {
 public:
  std::string name() const override { return "score"; }
  std::string about() const override { return "print log-probabilities of given pairs, or add them to n-best lists"; }

  void declare(Arguments& arguments) override {
    run_.declare(arguments, /*searches=*/false);
    arguments.required("SOURCE", source_,
                       "file of source sentences, one per line, plain or compressed by gzip or Zstandard");
    arguments.optional("TARGET", target_,
                       "file of targets, one per line; each is scored given the source on the same line");
    arguments.option("--n-best", n_best_, "FILE",
                     "instead of TARGET: n-best list in Moses' format, `sentence ||| text ||| features ||| score`, "
                     "sentences counted from 0; writes it again with the feature `seq2seq= SCORE`");
    arguments.option("--feature", feature_, "NAME",
                     "with --n-best: name of the feature, for the scores of several runs (default: seq2seq)");
    arguments.flag("--per-token", options_.per_token,
                   "also print, after a tab, the score of each token and of the end symbol");
    arguments.flag("--tokens", options_.tokens, "read tokens separated by blanks instead of text");
  }

  int run(const Context& context) override {
    check();
    auto log = run_.common.log(context);
    const auto environment = run_.common.environment(context, log);
    const auto loaded = run_.load(environment);
    auto& out = *context.streams.out;
    run::NBestScoreOptions n_best{.tokens = options_.tokens};
    if (feature_) n_best.feature = *feature_;
    const auto scored = n_best_ ? run::score_n_best(loaded, *n_best_, source_, out, n_best, environment)
                                : run::score_files(loaded, source_, target_, out, options_, environment);
    check_written(out);
    if (!out) return Exit::reader_gone;  // what follows would speak of pairs that nobody got
    if (scored.tokens > 0) {
      log.say(fmt::format("{} pairs, {} tokens with end symbols: log-probability {:.6g}, perplexity {:.4f}",
                          format_count(scored.pairs), format_count(scored.tokens), scored.score, scored.perplexity()));
    }
    warn_of_unknown(log, scored.unknown_source, "source");
    warn_of_unknown(log, scored.unknown_target, "target");
    return Exit::done;
  }

 private:
  void check() const {
    if (!n_best_ && target_.empty())
      throw UsageError("nothing to score; add a file of targets after SOURCE, or a list with `--n-best FILE`");
    if (!n_best_) {
      if (feature_) throw UsageError(Place{.part = "--feature " + *feature_}, "needs `--n-best`");
      return;
    }
    if (!target_.empty()) throw UsageError(Place{.part = target_}, "cannot be combined with `--n-best`");
    if (options_.per_token) throw UsageError(Place{.part = "--per-token"}, "cannot be combined with `--n-best`");
    if (feature_ && (feature_->empty() || feature_->find_first_of(" \t=|") != std::string::npos))
      throw UsageError(Place{.part = "--feature " + *feature_}, "must be a word without blanks, `=` or `|`");
  }

  RunArguments run_;
  std::string source_, target_;
  std::optional<std::string> n_best_, feature_;
  run::ScoreOptions options_;
};

}  // namespace

std::unique_ptr<Command> score_command() { return std::make_unique<Score>(); }

}  // namespace seq2seq::cli
