#include "seq2seq/run/compare.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/cli/commands.h"
#include "seq2seq/cli/common.h"
#include "seq2seq/cli/compare_report.h"
#include "seq2seq/config/nearest.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/run/metric_names.h"

namespace seq2seq::cli {

namespace {

/// Throws unless the value of an option is one of `names`.
void require_known(const std::string& option, const std::string& value, const std::vector<std::string>& names) {
  if (std::find(names.begin(), names.end(), value) != names.end()) return;
  const auto hint = run::metric_elsewhere(value).name;  // word_error_rate for `wer`
  const bool known = std::find(names.begin(), names.end(), hint) != names.end();
  const auto near = known ? hint : config::nearest(value, names);
  throw UsageError(Place{.part = option + " " + value},
                   near.empty() ? fmt::format("must be one of `{}`", fmt::join(names, "`, `"))
                                : fmt::format("is unknown; did you mean `{}`?", near));
}

std::vector<std::string> metric_names() {
  std::vector<std::string> names;
  for (const auto& kind : metrics::metric_kinds()) names.emplace_back(kind.name);
  return names;
}

class Compare final : public Command {
 public:
  std::string name() const override { return "compare"; }
  std::string about() const override { return "measure an output, or two of the same text, against references"; }
  Help help() const override {
    return {.examples = {"compare ours.txt theirs.txt --reference reference.txt",
                         "compare ours.txt --reference reference.txt --by length"},
            .page = "docs/comparing.md"};
  }

  void declare(Arguments& arguments) override {
    arguments.required("A", first_, "file of outputs, one per line, plain or compressed by gzip or Zstandard");
    arguments.optional("B", second_, "second output of the same text, compared with A");
    arguments.repeatable("--reference", references_, "FILE",
                         "references, one per line; with several files, an empty line means no reference in that file");
    arguments.option("--source", source_, "FILE", "sources, shown with examples and used by `--by`");
    arguments.repeatable("--metric", metrics_, "NAME",
                         "metric to measure, repeatable; examples and `--by` use the first (default: all): " +
                             fmt::format("{}", fmt::join(metric_names(), ", ")));
    arguments.repeatable(
        "--by", orders_, "ORDER",
        "also measure groups of sentences. length: by number of words; rank: by mean frequency rank of the words; in "
        "the source if it is given, otherwise in the reference");
    arguments.option("--groups", groups_, "N", "groups for `--by`, of about equal size (default: 8)");
    arguments.option("--frequencies", frequencies_, "FILE",
                     "text that ranks words for `--by rank`, such as the training text (default: the measured text)");
    arguments.option("--samples", samples_, "N",
                     "number of resampled sets, and of exchanges, for intervals and p-values (default: 1000)");
    arguments.option("--seed", seed_, "N", "seed of the samples (default: 1)");
    arguments.option("--examples", examples_, "N",
                     "number of sentences to show on which B is better than A, and A better than B (default: 3)");
    arguments.option(
        "--bleu-tokenizer", tokenizer_, "NAME",
        "sacreBLEU's tokenizer for BLEU: none, 13a, intl, zh or char (default: 13a; the default of `evaluate` "
        "is `metrics.bleu_tokenizer` of its run)");
    arguments.flag("--lowercase", lowercase_, "compare in lower case");
    arguments.flag("--json", json_, "print all figures as JSON, for programs and for scripts/plot");
    arguments.flag("--quiet", quiet_, "print only warnings and errors");
  }

  int run(const Context& context) override {
    const auto files = this->files();
    const auto options = this->options();
    Log log(*context.streams.err, quiet_ ? Log::Level::quiet : Log::Level::normal);
    Progress progress(log, "comparing", "lines", 0,
                      {.terminal = context.streams.terminal.err, .columns = context.streams.terminal.columns});
    const auto comparison =
        run::compare(files, options, [&progress](int64_t lines) { progress.update(static_cast<double>(lines)); });
    progress.finish();
    (json_ ? print_comparison_json : print_comparison)(*context.streams.out, comparison, files, options);
    context.streams.out->flush();
    check_written(*context.streams.out);
    return Exit::done;
  }

 private:
  run::CompareFiles files() const {
    if (references_.empty()) throw UsageError("no references; give a file of them with `--reference FILE`");
    run::CompareFiles files{.first = first_,
                            .second = std::nullopt,
                            .references = {references_.begin(), references_.end()},
                            .source = source_,
                            .frequencies = frequencies_};
    if (!second_.empty()) files.second = second_;
    return files;
  }

  run::CompareOptions options() const {
    constexpr int64_t most = 1'000'000;
    run::CompareOptions options{.metrics = metrics_.empty() ? metric_names() : metrics_,
                                .options = {.lowercase = lowercase_, .bleu_tokenizer = tokenizer()},
                                .resampling = {.samples = parse_number<int64_t>("--samples", samples_, 1, most),
                                               .seed = parse_number<uint64_t>("--seed", seed_, 0, UINT64_MAX)},
                                .orders = {},
                                .groups = parse_number<int64_t>("--groups", groups_, 1, most),
                                .examples = parse_number<int64_t>("--examples", examples_, 0, most)};
    for (std::size_t i = 0; i < metrics_.size(); ++i) {
      require_known("--metric", metrics_[i], metric_names());
      if (std::find(metrics_.begin(), metrics_.begin() + static_cast<std::ptrdiff_t>(i), metrics_[i]) !=
          metrics_.begin() + static_cast<std::ptrdiff_t>(i))
        throw UsageError(Place{.part = "--metric " + metrics_[i]}, "is given twice");
    }
    for (const auto& order : orders_) {
      require_known("--by", order, {"length", "rank"});
      options.orders.push_back(order == "length" ? run::SentenceOrder::length : run::SentenceOrder::rank);
    }
    if (frequencies_ && std::find(orders_.begin(), orders_.end(), "rank") == orders_.end())
      throw UsageError(Place{.part = "--frequencies " + *frequencies_}, "needs `--by rank`");
    return options;
  }

  metrics::BleuTokenizer tokenizer() const {
    std::vector<std::string> names;
    for (const auto& [name, kind] : metrics::bleu_tokenizer_names()) {
      if (name == tokenizer_) return kind;
      names.push_back(name);
    }
    require_known("--bleu-tokenizer", tokenizer_, names);
    return metrics::BleuTokenizer::none;
  }

  std::string first_, second_, groups_ = "8", samples_ = "1000", seed_ = "1", examples_ = "3", tokenizer_ = "13a";
  std::vector<std::string> references_, metrics_, orders_;
  std::optional<std::string> source_, frequencies_;
  bool lowercase_ = false, json_ = false, quiet_ = false;
};

}  // namespace

std::unique_ptr<Command> compare_command() { return std::make_unique<Compare>(); }

}  // namespace seq2seq::cli
