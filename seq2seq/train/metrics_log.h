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
struct Moment {
  int64_t update = 0;
  double epoch = 0;
  double seconds = 0;  // of training, all sessions
};

/// Returns true if the content of a `metrics.jsonl` has a line of training or validation.
bool has_measurements(const std::string& metrics);
/// Returns true if it shows that a checkpoint was written, as one is after every validation: has a line after a
/// validation's.
bool shows_checkpoint(const std::string& metrics);

/// `metrics.jsonl`: one JSON object a line; docs/formats.md describes them. The same goes to a file of events where
/// their folder is given.
class MetricsLog {
 public:
  MetricsLog(Files& files, std::filesystem::path path, std::filesystem::path events = {})
      : files_(files), path_(std::move(path)), events_folder_(std::move(events)) {}
  void begin();
  /// Continues after the first `bytes`. Cuts off everything that a run wrote after its checkpoint, and an incomplete
  /// line. Warns if the file is missing, and then starts a new one, or if it is shorter.
  void resume(int64_t bytes, int64_t update, Log& log);
  /// `perplexity`: name of exp(loss), which is `smoothed_perplexity` if the loss includes label smoothing. Empty if the
  /// loss is an estimate; then it is left out.
  void train(const Moment& moment, const Window& window, const std::string& perplexity, int64_t skipped);
  void validation(const Moment& moment, const Figures& figures, bool best);
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
