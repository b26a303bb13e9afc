#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "seq2seq/core/files.h"
#include "seq2seq/core/log.h"
#include "seq2seq/train/update.h"
#include "seq2seq/train/validation.h"

namespace seq2seq::train {

/// Updates since the last report, together.
struct Window {
  int64_t updates = 0;
  double loss = 0, divisor = 0;  // sums of what the updates found
  int64_t source_tokens = 0, target_tokens = 0;
  double gradient_norm = 0;  // sum
  double learning_rate = 0;  // of the last
  double seconds = 0;        // spent in updates

  void add(const UpdateResult& result, double seconds_taken);
  double mean_loss() const { return loss / divisor; }
  double perplexity() const;  // e to the loss of a target token
  double words_per_second() const {
    return seconds > 0 ? static_cast<double>(source_tokens + target_tokens) / seconds : 0;
  }
  double mean_norm() const { return gradient_norm / static_cast<double>(updates); }
};

/// Where training stands when a line is written.
struct Moment {
  int64_t update = 0;
  double epoch = 0;
  double seconds = 0;  // of training, all sessions
};

/// `metrics.jsonl`: one JSON object a line; docs/formats.md describes them.
class MetricsLog {
 public:
  MetricsLog(Files& files, std::filesystem::path path) : files_(files), path_(std::move(path)) {}
  void begin();
  /// Goes on after the first `bytes`; what a run wrote after its checkpoint is cut off. A file that is gone or shorter
  /// is told and started anew or kept.
  void resume(int64_t bytes, Log& log);
  /// `smoothed`: the loss has label smoothing in it, and so has what is then called `smoothed_perplexity`.
  void train(const Moment& moment, const Window& window, bool smoothed, int64_t skipped);
  void validation(const Moment& moment, const Figures& figures, bool best);
  int64_t bytes() const { return bytes_; }

 private:
  void append(const std::string& line);

  Files& files_;
  std::filesystem::path path_;
  int64_t bytes_ = 0;
};

}  // namespace seq2seq::train
