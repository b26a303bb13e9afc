#include "seq2seq/run/score.h"

#include <fmt/format.h>

#include "seq2seq/cli/commands.h"
#include "seq2seq/cli/common.h"

namespace seq2seq::cli {

namespace {

class Score final : public Command {
 public:
  std::string name() const override { return "score"; }
  std::string about() const override { return "print the natural log-probability of given pairs, one a line"; }

  void declare(Arguments& arguments) override {
    run_.declare(arguments, /*searches=*/false);
    arguments.required("SOURCE", source_, "file of sources, one a line");
    arguments.required("TARGET", target_, "file of targets, one a line");
    arguments.flag("--per-token", options_.per_token, "after a tab, the score of each token and of the end symbol");
    arguments.flag("--tokens", options_.tokens, "lines are tokens between blanks, used as they are");
  }

  int run(const Context& context) override {
    auto log = run_.common.log(context);
    const auto environment = run_.common.environment(context, log);
    const auto loaded = run_.load(environment);
    const auto scored = run::score_files(loaded, source_, target_, *context.streams.out, options_, environment);
    check_written(*context.streams.out);
    if (scored.tokens > 0) {
      log.say(fmt::format("{} pairs, {} tokens with end symbols: log-probability {:.6g}, perplexity {:.4f}",
                          format_count(scored.pairs), format_count(scored.tokens), scored.score, scored.perplexity()));
    }
    return Exit::done;
  }

 private:
  RunArguments run_;
  std::string source_, target_;
  run::ScoreOptions options_;
};

}  // namespace

std::unique_ptr<Command> score_command() { return std::make_unique<Score>(); }

}  // namespace seq2seq::cli
