#include "seq2seq/run/init/init.h"

#include <memory>
#include <string>

#include <fmt/format.h>

#include "seq2seq/cli/commands.h"
#include "seq2seq/cli/common.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/core/text.h"

namespace seq2seq::cli {

namespace {

class Init final : public Command {
 public:
  std::string name() const override { return "init"; }
  std::string about() const override { return "write a configuration for your own text, and split the text"; }
  Help help() const override {
    return {.examples = {"init first --source text.en --target text.fr",
                         "init dates --pairs dates.tsv --test-pairs test.tsv"},
            .page = "docs/own-data.md"};
  }

  void declare(Arguments& arguments) override {
    arguments.required("FOLDER", folder_, "new folder for config.yaml and the split text");
    declare(arguments, "--", train_, "the text");
    declare(arguments, "--validation-", validation_, "your own validation text");
    declare(arguments, "--test-", test_, "your own test text");
    arguments.flag("--quiet", common_.quiet, "print only warnings and errors");
  }

  int run(const Context& context) override {
    const run::InitText text{files_of("--", train_), files_of("--validation-", validation_),
                             files_of("--test-", test_)};
    if (text.train.corpora() == 0)
      throw UsageError("`--source FILE` and `--target FILE` are missing",
                       "Example: `seq2seq init first --source text.en --target text.fr`, or `--pairs text.tsv`");
    auto log = common_.log(context);
    const auto environment = common_.environment(context, log);
    const auto made = run::init(folder_, text, environment);
    if (made.seen > 0)
      log.warn(
          fmt::format("{} of your validation and test text also {} in the training text, so measurements on them "
                      "look better than on new text",
                      format_count(made.seen, "source"), made.seen == 1 ? "occurs" : "occur"));
    if (log.quiet()) return Exit::done;
    auto& out = *context.streams.out;
    out << fmt::format(
        "{}: {} to train on, {} to validate, {} to test{}\n", folder_, format_count(made.training, "pair"),
        format_count(made.validation), format_count(made.test),
        made.left_out == 0 ? "" : fmt::format("; {} with an empty side left out", format_count(made.left_out)));
    out << fmt::format(R"(
Look at {0}/config.yaml, then:
  {1} train {2} --run {3}
  {1} evaluate {3}
  {1} translate {3} {4}
)",
                       folder_, context.program, below("config.yaml"), below("run"), below("test.source"));
    out.flush();
    check_written(out);
    return Exit::done;
  }

 private:
  struct PartFiles {
    std::vector<std::string> source, target, pairs;
  };

  /// Returns a path in the new folder, as a word of a command.
  std::string below(const char* name) const { return shell_word(folder_ + "/" + name); }

  static void declare(Arguments& arguments, const std::string& prefix, PartFiles& part, const std::string& text) {
    arguments.repeatable(prefix + "source", part.source, "FILE",
                         "sources of " + text + ", one per line, plain or compressed by gzip or Zstandard");
    arguments.repeatable(prefix + "target", part.target, "FILE", "their targets, in the order of the sources");
    arguments.repeatable(prefix + "pairs", part.pairs, "FILE",
                         "file with lines `source<TAB>target`, instead of or in addition to the two");
  }

  static data::TrainFiles files_of(const std::string& prefix, const PartFiles& part) {
    if (part.source.size() != part.target.size())
      throw UsageError(fmt::format("{} of `{}source`, but {} of `{}target`",
                                   format_count(std::ssize(part.source), "file"), prefix, part.target.size(), prefix),
                       "Give one target file for each source file, in the same order");
    return {.source{part.source.begin(), part.source.end()},
            .target{part.target.begin(), part.target.end()},
            .pairs{part.pairs.begin(), part.pairs.end()}};
  }

  std::string folder_;
  PartFiles train_, validation_, test_;
  CommonArguments common_;
};

}  // namespace

std::unique_ptr<Command> init_command() { return std::make_unique<Init>(); }

}  // namespace seq2seq::cli
