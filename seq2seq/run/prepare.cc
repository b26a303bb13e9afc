#include "seq2seq/run/prepare.h"

#include <algorithm>
#include <array>
#include <ostream>
#include <string_view>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/config/resolved.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/core/text.h"
#include "seq2seq/core/version.h"
#include "seq2seq/run/digest.h"

namespace seq2seq::run {

namespace {

/// Keys of `data` that affect how batches are made, but not prepared text.
constexpr std::array<std::string_view, 3> kOfBatches{"data.reverse=", "data.source.end=", "data.train.repeat="};

bool is_of_batches(std::string_view option) {
  return option.find(".tokenizer.sample.") < option.find('=') ||
         std::any_of(kOfBatches.begin(), kOfBatches.end(), [&](auto key) { return option.starts_with(key); });
}

bool is_of_vocabulary(std::string_view option) { return option.find("vocabulary") < option.find('='); }

data::PrepareKeys keys_of(const Configuration& configuration) {
  data::PrepareKeys keys;
  const auto options = config::result_text(configuration.keys);
  for (const auto option : split(options, '\n')) {
    if (!option.starts_with("data.") || is_of_batches(option)) continue;
    if (option == "data.source.factors=0" || option == "data.source.parts=1") continue;  // missing in older folders
    (is_of_vocabulary(option) ? keys.vocabulary : keys.text).emplace_back(option);
  }
  const auto add_which = [&](const char* key, const std::vector<std::filesystem::path>& files) {
    std::string given;  // which corpora have them
    for (const auto& file : files) given += file.empty() ? '0' : '1';
    if (!given.empty()) keys.text.push_back(key + given);
  };
  const auto& train = configuration.options.data.train;
  add_which("data.train.weights=", train.weights);
  add_which("data.train.alignment=", train.alignment);
  return keys;
}

double share(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

/// Returns the length that at most `part` of the sentences exceed. The last count stands for all longer sentences.
std::size_t quantile(const std::vector<int64_t>& lengths, double part) {
  int64_t all = 0, seen = 0;
  for (const int64_t count : lengths) all += count;
  for (std::size_t length = 0; length < lengths.size(); ++length) {
    seen += lengths[length];
    if (static_cast<double>(seen) >= part * static_cast<double>(all)) return length;
  }
  return 0;
}

void describe_side(std::ostream& out, const char* name, const data::SideSummary& side, int64_t pairs) {
  out << fmt::format("{:<12} {}, {:.1f} per sentence; half of the sentences have at most {}, 95 % at most {}\n", name,
                     format_count(side.tokens, "token"), static_cast<double>(side.tokens) / static_cast<double>(pairs),
                     quantile(side.lengths, 0.5), quantile(side.lengths, 0.95));
  out << fmt::format("{:<12} {}; vocabulary of {}, {:.2f} % of the tokens unknown\n", "",
                     format_count(side.words, "different word"), format_count(side.vocabulary_words),
                     share(side.unknown, side.tokens));
  if (side.normalized + side.escaped > 0) {
    out << fmt::format("{:<12} {} changed by normalization, {} with escaped special symbols\n", "",
                       format_count(side.normalized, "sentence"), format_count(side.escaped));
  }
}

}  // namespace

data::PrepareJob prepare_job(const Configuration& configuration, const Environment& environment) {
  const auto& data = configuration.options.data;
  return {
      .data = &data,
      .tokenizers = &environment.registries->tokenizers,
      .keys = keys_of(configuration),
      .program = version().text(),
      .folder = {std::filesystem::absolute(data.prepared).lexically_normal()},
      .threads = environment.threads > 0 ? environment.threads : static_cast<int>(std::thread::hardware_concurrency()),
      .files = environment.files,
      .log = environment.log,
      .progress = environment.progress};
}

PreparedText prepare(const std::filesystem::path& config, const std::vector<config::Override>& overrides,
                     const Environment& environment) {
  const auto configuration = read_configuration(config, overrides, *environment.registries, "data");
  if (configuration->options.data.task == data::Task::lm) {
    throw UsageError(Place{.file = config.string()},
                     "is for a language model (`task: lm`), which reads its text into memory",
                     "Run `seq2seq train`, which needs no prepared text");
  }
  if (configuration->options.data.prepared.empty()) {
    throw UsageError(Place{.file = config.string()}, "has no folder for prepared text",
                     "Set `data.prepared` in the file or with `--set data.prepared=FOLDER`");
  }
  auto job = prepare_job(*configuration, environment);
  job.verifies = true;
  return {job.folder, data::prepare(job)};
}

void describe(std::ostream& out, const data::PreparedFolder& folder, const data::Summary& summary) {
  out << fmt::format("{:<12} {}\n", "prepared", folder.root.string());
  out << fmt::format("{:<12} {} of {}, SHA-256 {}\n", "pairs", format_count(summary.pairs),
                     format_count(summary.lines, "line"), short_digest(summary.content_digest));
  if (summary.pairs_of.size() > 1) {
    out << fmt::format("{:<12} {} pairs from each file\n", "", fmt::join(summary.pairs_of, ", "));
  }
  if (summary.weighted) out << fmt::format("{:<12} with weights\n", "");
  if (summary.aligned) out << fmt::format("{:<12} with alignments\n", "");
  describe_side(out, "source", summary.source, summary.pairs);
  describe_side(out, "target", summary.target, summary.pairs);
  const char* name = "left out";
  for (const auto reason : data::reasons()) {
    const auto& count = summary.left_out[reason];
    if (count.pairs == 0) continue;
    out << fmt::format("{:<12} {} {}: line{}", name, format_count(count.pairs), data::meaning_of(reason),
                       count.pairs == 1 ? "" : "s");
    for (const int64_t line : count.first_lines) out << ' ' << line;
    out << (std::ssize(count.first_lines) < count.pairs ? " ...\n" : "\n");
    name = "";
  }
}

}  // namespace seq2seq::run
