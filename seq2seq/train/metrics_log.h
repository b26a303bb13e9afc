#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "seq2seq/core/files.h"
#include "seq2seq/core/log.h"
#include "seq2seq/train/event_file.h"
#include "seq2seq/train/validation.h"
#include "seq2seq/train/window.h"

namespace seq2seq::train {

/// Progress of training when a line is written.
struct LogStamp {
  int64_t update = 0;
  double epoch = 0;
  double seconds = 0;  // of training, in all sessions
};

/// Returns true if the content of a `metrics.jsonl` has a line of training or of validation.
bool has_measurements(const std::string& metrics);
/// Returns true if the content shows that a checkpoint was written: it has a line after that of a validation, and every
/// validation is followed by a checkpoint.
bool shows_checkpoint(const std::string& metrics);

/// `metrics.jsonl`: one JSON object per line; docs/formats.md describes them. If the folder of event files is given,
/// writes the same numbers there.
class MetricsLog {
 public:
  MetricsLog(Files& files, std::filesystem::path path, std::filesystem::path events = {})
      : files_(files), path_(std::move(path)), events_folder_(std::move(events)) {}
  void begin();
  /// Continues after the first `bytes`. Cuts off everything that a run wrote after its checkpoint, and an incomplete
  /// line. Warns if the file is shorter, or if it is missing; then starts a new one.
  void resume(int64_t bytes, int64_t update, Log& log);
  /// `perplexity`: name of exp(loss), which is `smoothed_perplexity` if the loss includes label smoothing. Empty if the
  /// loss is an estimate; the line then has no perplexity.
  void train(const LogStamp& stamp, const Window& window, const std::string& perplexity, int64_t skipped);
  void validation(const LogStamp& stamp, const Figures& figures, bool best);
  int64_t bytes() const { return bytes_; }

 private:
  void append(const std::string& line);
  void write_header();
  void begin_events(int64_t update);

  Files& files_;
  std::filesystem::path path_, events_folder_;
  std::optional<EventFile> events_;
  int64_t bytes_ = 0;
};

}  // namespace seq2seq::train
