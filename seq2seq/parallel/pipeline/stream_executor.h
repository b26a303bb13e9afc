#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <c10/core/Device.h>
#include <c10/core/Stream.h>

#include "seq2seq/parallel/pipeline/executor.h"
#include "seq2seq/parallel/pipeline/stall_watch.h"

namespace seq2seq::parallel {

class JobEvents;

/// One stream per place, on devices that have streams. The calling thread issues all jobs in the order of the schedule,
/// and events make streams wait for each other; the calling thread waits only if a job on the CPU needs the result of a
/// device. While a job is issued, the current stream of its device is that of its place. On every other device it is a
/// stream only for copies of this place: a copy between devices runs on the current stream of its source, and must not
/// wait for the source's computations.
class StreamExecutor final : public Executor {
 public:
  /// `places`: device of each place. `patience` and `stalled`: see StallWatch.
  StreamExecutor(const std::vector<c10::Device>& places, double patience,
                 std::function<void(const std::string& message)> stalled);

  void run(const JobGraph& graph, const std::vector<int64_t>& order, const std::function<void(int64_t job)>& work,
           const JobEnded& ended) override;
  bool works_at_once() const override { return false; }

 private:
  void begin() const;
  void issue(const JobGraph& graph, int64_t job, const std::function<void(int64_t job)>& work, JobEvents& events) const;
  void issue_all(const JobGraph& graph, const std::vector<int64_t>& order, const std::function<void(int64_t job)>& work,
                 JobEvents& events);
  void end(const JobGraph& graph, const std::vector<int64_t>& order, const std::shared_ptr<JobEvents>& events);
  std::optional<c10::Stream> stream_of(int64_t place) const;

  std::vector<c10::Device> places_, devices_;      // devices_: those with streams, each once
  std::vector<std::vector<c10::Stream>> streams_;  // by place, one per device
  StallWatch watch_;
};

}  // namespace seq2seq::parallel
