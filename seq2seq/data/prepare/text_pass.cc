#include "seq2seq/data/prepare/text_pass.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <optional>

#include <fmt/format.h>

#include "seq2seq/core/checksum.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/interrupt.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/data/alignment.h"
#include "seq2seq/data/clean/pair_filter.h"
#include "seq2seq/data/corpus.h"
#include "seq2seq/data/input/line_pairs.h"
#include "seq2seq/data/prepare/provisional_side.h"
#include "seq2seq/data/prepare/token_batches.h"
#include "seq2seq/data/side_tokenizers.h"

namespace seq2seq::data {
namespace {

constexpr double kMegabyte = 1e6;
constexpr int64_t kMostLines = int64_t{1} << 32;
constexpr int64_t kMostBits = int64_t{1} << 32;  // of a float
constexpr int64_t kMostLinks = int64_t{1} << 32;

/// Returns the first file that has changed, or no value.
std::optional<std::string> changed(const std::vector<InputText>& before, const std::vector<InputText>& now) {
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (!(before[i] == now[i])) return now[i].path;
  }
  return std::nullopt;
}

class TextPass {
 public:
  TextPass(const PrepareJob& job, const PreparedFolder& folder)
      : job_(&job),
        folder_(folder),
        tokenizers_(*job.data, *job.tokenizers),
        source_(*job.files, folder.source().tokens),
        target_(*job.files, folder.target().tokens),
        numbers_(*job.files, folder.numbers(), kMostLines) {
    if (!job.data->train.weights.empty()) weights_.emplace(*job.files, folder.weights(), kMostBits);
    if (!job.data->train.alignment.empty()) links_.emplace(*job.files, folder.links(), kMostLinks);
  }

  Summary run() {
    Summary summary;
    summary.program = job_->program;
    summary.text_options = job_->keys.text;
    summary.pairs_of.resize(job_->data->train.corpora());
    summary.weighted = weights_.has_value();
    summary.aligned = links_.has_value();
    summary.inputs = look_at(job_->data->train);
    learn(summary);
    std::atomic<bool> failed = false;
    // Runs on another thread at the same time, so that both read the same pages.
    auto digest = std::async(std::launch::async, [this, &failed] {
      return content_digest(job_->data->train, [&failed] {
        if (interrupted() || failed) throw Interrupted("interrupted; nothing was written");
      });
    });
    try {
      read(summary);
      if (summary.pairs == 0) throw no_pair_left(job_->data->train, summary.left_out);
      write(summary);
    } catch (...) {
      failed = true;  // leaving waits for the digest, which would read all of the text
      throw;
    }
    summary.content_digest = digest.get();
    if (const auto file = changed(summary.inputs, look_at(job_->data->train))) {
      throw Error(Place{*file, 0, 0, {}}, "changed while it was being read", "Run it again when the file is complete");
    }
    return summary;
  }

 private:
  void write(Summary& summary) {
    job_->log->say("writing   " + format_count(summary.pairs, "pair"));
    auto source = std::async(std::launch::async, [this, &summary] {
      source_.finish(folder_.source().tokens, folder_.source().words, summary.source);
    });
    target_.finish(folder_.target().tokens, folder_.target().words, summary.target);
    source.get();
    if (summary.pairs < summary.lines) numbers_.finish();
    if (weights_) weights_->finish();
    if (links_) links_->finish();
  }

  void learn(Summary& summary) {
    if (!tokenizers_.source->learns() && !tokenizers_.target->learns()) return;
    job_->log->say("training the tokenizer");
    tokenizers_.learn(*job_->data);
    const auto models = tokenizers_.models();
    keep(models.source, folder_.source().tokenizer, summary.source);
    keep(models.target, folder_.target().tokenizer, summary.target);
  }

  void keep(const std::string& model, const std::filesystem::path& file, SideSummary& side) {
    if (model.empty()) return;
    write_atomically(*job_->files, file, model);
    side.tokenizer_sha256 = sha256(model);
  }

  void read(Summary& summary) {
    const auto& data = *job_->data;
    const PairFilter filter(data.clean, *tokenizers_.source, *tokenizers_.target, data.source_form);
    LinePairs lines(data.train, data.invalid_utf8);
    TokenBatches batches(lines, filter, job_->threads);
    Progress progress(*job_->log, "preparing", "MB", static_cast<double>(bytes_of(data.train)) / kMegabyte,
                      job_->progress);
    for (TokenBatch batch; batches.next(batch);) {
      if (interrupted()) throw Interrupted("interrupted; nothing was written");
      take(batch, summary);
      progress.update(static_cast<double>(lines.consumed()) / kMegabyte, format_count(summary.pairs, "pair"));
    }
    progress.finish();
  }

  void take(const TokenBatch& batch, Summary& summary) {
    summary.lines += std::ssize(batch.pairs) + std::ssize(batch.dropped);
    for (const auto& dropped : batch.dropped) summary.left_out.add(dropped.reason, dropped.line);
    summary.samples.insert(summary.samples.end(), batch.samples.begin(), batch.samples.end());
    std::vector<const TokenPair*> kept;
    std::vector<int64_t> numbers, weights;
    kept.reserve(batch.pairs.size());
    for (const auto& pair : batch.pairs) {
      if (job_->data->clean.drop_duplicates && !seen_.add(pair)) {
        summary.left_out.add(Reason::duplicate, pair.number + 1);
        continue;
      }
      summary.source.add(pair.source_changes);
      summary.target.add(pair.target_changes);
      kept.push_back(&pair);
      numbers.push_back(pair.number);
      weights.push_back(stored_weight(pair.weight));
      if (links_) links_->add(stored_links(pair.links));
      ++summary.pairs_of[pair.corpus];
    }
    summary.pairs += std::ssize(kept);
    auto source = std::async(std::launch::async, [&] {
      for (const auto* pair : kept) source_.add(pair->source);
    });
    for (const auto* pair : kept) target_.add(pair->target);
    source.get();
    numbers_.add(numbers);
    if (weights_) weights_->add(weights);
  }

  const PrepareJob* job_;
  PreparedFolder folder_;
  SideTokenizers tokenizers_;
  ProvisionalSide source_, target_;
  StoreWriter numbers_;
  std::optional<StoreWriter> weights_, links_;
  SeenPairs seen_;
};

}  // namespace

Summary read_text(const PrepareJob& job, const PreparedFolder& folder) { return TextPass(job, folder).run(); }

}  // namespace seq2seq::data
