#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "seq2seq/train/checkpoint.h"
#include "seq2seq/train/data_order.h"
#include "seq2seq/train/metrics_log.h"
#include "seq2seq/train/trainer.h"
#include "seq2seq/train/update.h"
#include "seq2seq/train/weight_average.h"

namespace seq2seq::train {

/// One call of `train`, from the start of a run or from a checkpoint until it stops. In a team, only the leading rank
/// writes files and checks the time; all ranks end together.
class Session {
 public:
  Session(const TrainOptions& options, const Setup& setup, const RunFolder& folder, std::optional<int64_t> resume_from);
  Outcome run();

 private:
  using Time = std::chrono::steady_clock::time_point;

  void resume(int64_t update);
  std::optional<Ending> already_ended() const;
  std::optional<Ending> stopped();
  void update();
  void settle();
  void report_fault(const UpdateResult& result, const std::string& place);
  void validate();
  void report();
  Figures measure();
  void save();
  Outcome outcome(Ending ending) const;

  bool reached_end() const;
  bool validation_due() const;
  bool checkpoint_due() const;
  bool out_of_patience() const;
  bool out_of_time() const;
  void show(const Window& window);
  std::string perplexity_name() const;
  std::string perplexity_text(const Window& window) const;
  double seconds_since(Time start) const;
  LogStamp stamp() const;

  const TrainOptions& options_;
  const Setup& setup_;
  const RunFolder& folder_;
  Team alone_;  // used if the setup names no team
  Team& team_;
  Time started_;
  NamedParameters parameters_;
  Updater updater_;
  std::optional<WeightAverage> average_;
  std::shared_ptr<Schedule> schedule_;
  TrainerState state_;
  std::unique_ptr<DataOrder> order_;
  MetricsLog metrics_;
  double total_updates_ = 0;
  double earlier_seconds_ = 0;    // of training, in earlier sessions
  int64_t first_update_ = 0;      // updates made in earlier sessions
  std::optional<int64_t> saved_;  // update of the last checkpoint of this session
  Time saved_at_;
  std::unique_ptr<Progress> progress_;

  /// The last update, if it is late (update.h). Its result is read after the next update was issued, and before
  /// anything is reported, validated or saved.
  struct Open {
    IssuedUpdate issued;
    std::string place;   // for messages: `update 7 (batch 7 of epoch 1)`
    double seconds = 0;  // spent on it so far
  };
  std::optional<Open> open_;
};

}  // namespace seq2seq::train
