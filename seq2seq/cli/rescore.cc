#include "seq2seq/run/rescore/rescore.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/cli/commands.h"
#include "seq2seq/cli/common.h"
#include "seq2seq/core/atomic_text.h"
#include "seq2seq/core/progress.h"

namespace seq2seq::cli {

namespace {

class Rescore final : public Command {
 public:
  std::string name() const override { return "rescore"; }
  std::string about() const override {
    return "choose outputs from an n-best list of any system with the scores of a run";
  }
  Help help() const override {
    return {.examples = {"rescore runs/wmt source.txt list.txt --output best.txt --reference reference.txt",
                         "rescore runs/wmt source.txt list.txt --with runs/wmt2 --feature-weights total=1,seq2seq=0.5"},
            .page = "docs/translating.md"};
  }

  void declare(Arguments& arguments) override {
    run_.declare(arguments, /*searches=*/false);
    arguments.required("SOURCE", files_.source, "file of sources, one per line");
    arguments.required("LIST", files_.list,
                       "n-best list in the format of Moses, `sentence ||| text ||| features ||| total`; sentences are "
                       "counted from 0");
    arguments.option("--output", output_, "FILE",
                     "output file for the chosen texts, one per line (default: standard output)");
    arguments.repeatable("--reference", files_.references, "FILE",
                         "references, one per line: print BLEU of the list, of the chosen texts, and of the best "
                         "possible choice");
    arguments.option(
        "--feature-weights", feature_weights_, "NAME=W,...",
        "weights of the features: `total`, the last field; `seq2seq`, the run's log-probability; or a feature of the "
        "list (default: total=0.5,seq2seq=0.5)");
    arguments.option("--tune-source", tune_.source, "FILE", "sources of a development list, to tune the weights on it");
    arguments.option("--tune-list", tune_.list, "FILE", "development list of the same system as LIST");
    arguments.repeatable("--tune-reference", tune_.references, "FILE", "references of the development list");
    arguments.flag("--tokens", tokens_, "read tokens separated by spaces instead of text");
  }

  int run(const Context& context) override {
    run::RescoreOptions options{.tokens = tokens_, .development = development()};
    if (feature_weights_) options.weights = run::parse_feature_weights(*feature_weights_, "--feature-weights");
    check_files();
    auto log = run_.common.log(context);
    const auto environment = run_.common.environment(context, log);
    const auto loaded = run_.load(environment);
    run::check_translates(loaded, "cannot rescore translations");
    const auto file = output_ ? std::make_unique<AtomicText>(disk_files(), *output_) : nullptr;
    auto& out = file ? file->stream() : *context.streams.out;
    const auto rescored = run::rescore(loaded, files_.paths(), out, options, environment);
    if (file) file->commit();
    check_written(*context.streams.out);
    if (!*context.streams.out) return Exit::reader_gone;
    report(log, rescored);
    return Exit::done;
  }

 private:
  struct Files {
    std::string source, list;
    std::vector<std::string> references;
    run::ListFiles paths() const { return {source, list, {references.begin(), references.end()}}; }
  };

  void check_files() const {
    std::vector<NamedFile> inputs{{"SOURCE", files_.source}, {"LIST", files_.list}};
    for (const auto& file : files_.references) inputs.push_back({"--reference", file});
    if (!tune_.source.empty()) inputs.push_back({"--tune-source", tune_.source});
    if (!tune_.list.empty()) inputs.push_back({"--tune-list", tune_.list});
    for (const auto& file : tune_.references) inputs.push_back({"--tune-reference", file});
    if (output_) check_outputs(inputs, {{"--output", *output_}});
  }

  std::optional<run::ListFiles> development() const {
    const bool any = !tune_.source.empty() || !tune_.list.empty() || !tune_.references.empty();
    if (!any) return std::nullopt;
    if (tune_.source.empty() || tune_.list.empty() || tune_.references.empty())
      throw UsageError("`--tune-source`, `--tune-list` and `--tune-reference` need each other; give all three or none");
    return tune_.paths();
  }

  static void report(Log& log, const run::Rescored& rescored) {
    log.say(fmt::format("{}, {}; shared prefixes saved {:.1f} % of the decoder steps",
                        format_count(rescored.sentences, "sentence"),
                        format_count(rescored.hypotheses) + (rescored.hypotheses == 1 ? " hypothesis" : " hypotheses"),
                        100 * rescored.saved));
    std::vector<std::string> weights;
    for (const auto& [name, weight] : rescored.weights)
      if (weight != 0) weights.push_back(fmt::format("{}={:.4g}", name, weight));
    log.say(fmt::format("weights {}", fmt::join(weights, ",")));
    if (rescored.without > 0)
      log.warn(fmt::format("{} without a hypothesis got an empty line", format_count(rescored.without, "sentence")));
    if (rescored.at.empty()) return;
    log.say(fmt::format("{:>10}  {:>10}  {:>10}  {:>10}", "hypotheses", "BLEU: list", "rescored", "oracle"));
    for (const auto& each : rescored.at)
      log.say(fmt::format("{:>10}  {:>10.2f}  {:>10.2f}  {:>10.2f}", format_count(each.length), each.list.score,
                          each.rescored.score, each.oracle.score));
  }

  RunArguments run_;
  Files files_, tune_;
  std::optional<std::string> output_, feature_weights_;
  bool tokens_ = false;
};

}  // namespace

std::unique_ptr<Command> rescore_command() { return std::make_unique<Rescore>(); }

}  // namespace seq2seq::cli
