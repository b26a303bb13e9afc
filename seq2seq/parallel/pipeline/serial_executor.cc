#include "seq2seq/parallel/pipeline/serial_executor.h"

#include <chrono>

namespace seq2seq::parallel {

void SerialExecutor::run(const JobGraph&, const std::vector<int64_t>& order,
                         const std::function<void(int64_t job)>& work, const JobEnded& ended) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  const auto seconds = [begin] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
  for (const int64_t job : order) {
    const double start = ended ? seconds() : 0;
    work(job);
    if (ended) ended(job, start, seconds());
  }
}

}  // namespace seq2seq::parallel
