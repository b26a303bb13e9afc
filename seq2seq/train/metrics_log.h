#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "seq2seq/core/files.h"
#include "seq2seq/core/log.h"
#include "seq2seq/train/validation.h"
#include "seq2seq/train/window.h"

namespace seq2seq::train {

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
