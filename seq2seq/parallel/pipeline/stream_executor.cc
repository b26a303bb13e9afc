#include "seq2seq/parallel/pipeline/stream_executor.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

#include <ATen/Context.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace seq2seq::parallel {

namespace {

using Clock = std::chrono::steady_clock;

const c10::impl::DeviceGuardImplInterface& guard_of(c10::Device device) {
  return *c10::impl::getDeviceGuardImpl(device.type());
}

c10::Event event_on(const c10::Stream& stream, bool timed) {
  c10::Event event(stream.device_type(), timed ? c10::EventFlag::BACKEND_DEFAULT : c10::EventFlag::PYTORCH_DEFAULT);
  event.record(stream);
  return event;
}

/// Makes streams wait for the work issued on one of them.
void follow(const std::vector<c10::Stream>& streams, const c10::Stream& first) {
  const auto issued = event_on(first, /*timed=*/false);
  for (const auto& stream : streams)
    if (stream != first) issued.block(stream);
}

/// Makes one stream wait for the work issued on the others.
void lead(const c10::Stream& last, const std::vector<c10::Stream>& streams) {
  for (const auto& stream : streams)
    if (stream != last) event_on(stream, /*timed=*/false).block(last);
}

}  // namespace

/// Events around the jobs of an update; jobs on the CPU have times instead.
class JobEvents {
 public:
  JobEvents(size_t jobs, bool timed) : timed(timed), before(timed ? jobs : 0), after(jobs), on_cpu(timed ? jobs : 0) {}

  bool timed;
  Clock::time_point begin = Clock::now();
  std::vector<std::optional<c10::Event>> before, after;  // by job
  std::vector<std::pair<double, double>> on_cpu;         // by job [s]
  std::vector<std::optional<c10::Event>> begin_of;       // by device

  double seconds() const { return std::chrono::duration<double>(Clock::now() - begin).count(); }
};

StreamExecutor::StreamExecutor(const std::vector<c10::Device>& places, double patience,
                               std::function<void(const std::string& message)> stalled)
    : places_(places), watch_(patience, std::move(stalled)) {
  at::globalContext().setWarnOnAccumulateGradStreamMismatch(false);  // no gradients pass through AccumulateGrad
  for (const auto device : places)
    if (!device.is_cpu() && std::ranges::find(devices_, device) == devices_.end()) devices_.push_back(device);
  for (size_t place = 0; place < places.size(); ++place) {
    streams_.emplace_back();
    for (const auto device : devices_) streams_.back().push_back(guard_of(device).getStreamFromGlobalPool(device));
  }
}

/// Returns the stream on which a place computes; no value on the CPU.
std::optional<c10::Stream> StreamExecutor::stream_of(int64_t place) const {
  const auto number = static_cast<size_t>(place);
  const auto device = std::ranges::find(devices_, places_[number]);
  if (device == devices_.end()) return std::nullopt;
  return streams_[number][static_cast<size_t>(device - devices_.begin())];
}

/// Every stream starts after the work issued by the caller.
void StreamExecutor::begin() const {
  for (const auto device : devices_) {
    const auto issued = event_on(guard_of(device).getStream(device), /*timed=*/false);
    for (const auto& streams : streams_)
      for (const auto& stream : streams)
        if (stream.device_type() == device.type()) issued.block(stream);
  }
}

void StreamExecutor::issue(const JobGraph& graph, int64_t number, const std::function<void(int64_t job)>& work,
                           JobEvents& events) const {
  const auto& job = graph.jobs[static_cast<size_t>(number)];
  const auto index = static_cast<size_t>(number);
  const auto own = stream_of(job.place);
  for (const int64_t needed : job.needs) {
    const auto& event = events.after[static_cast<size_t>(needed)];
    if (!event || graph.jobs[static_cast<size_t>(needed)].place == job.place) continue;
    own ? event->block(*own) : event->synchronize();
  }
  const auto& streams = streams_[static_cast<size_t>(job.place)];
  const bool spans = graph.stages[static_cast<size_t>(job.stage)].spans_devices;
  if (own && spans) follow(streams, *own);
  const c10::MultiStreamGuard current(streams);
  std::optional<c10::DeviceGuard> device;
  if (own) device.emplace(own->device());
  if (own && events.timed) events.before[index] = event_on(*own, true);
  if (!own && events.timed) events.on_cpu[index].first = events.seconds();
  work(number);
  if (!own && spans)  // readers of a CPU job wait for no event, so its work on devices must end here
    for (const auto& stream : streams) event_on(stream, /*timed=*/false).synchronize();
  if (own && spans) lead(*own, streams);
  if (own) events.after[index] = event_on(*own, events.timed);
  if (!own && events.timed) events.on_cpu[index].second = events.seconds();
}

/// Issuing can hang, too: a job on the CPU waits for devices, and a device's queue is limited.
void StreamExecutor::issue_all(const JobGraph& graph, const std::vector<int64_t>& order,
                               const std::function<void(int64_t job)>& work, JobEvents& events) {
  std::atomic<size_t> issued = 0;
  watch_.look_at([&]() -> std::optional<std::string> {
    const size_t number = issued;
    if (number == order.size()) return std::nullopt;
    const auto& job = graph.jobs[static_cast<size_t>(order[number])];
    return fmt::format("stage `{}` ({}, steps {} to {}) to be issued",
                       graph.stages[static_cast<size_t>(job.stage)].name, name_of(job.kind), job.piece.first_step,
                       job.piece.last_step);
  });
  try {
    for (const int64_t job : order) {
      issue(graph, job, work, events);
      ++issued;
    }
  } catch (...) {
    watch_.look_at({});
    throw;
  }
  watch_.look_at({});  // its data end here
}

/// The caller's streams continue after all jobs.
void StreamExecutor::end(const JobGraph& graph, const std::vector<int64_t>& order,
                         const std::shared_ptr<JobEvents>& events) {
  std::vector<int64_t> last(places_.size(), -1);
  for (const int64_t job : order) last[static_cast<size_t>(graph.jobs[static_cast<size_t>(job)].place)] = job;
  std::vector<std::pair<std::string, int64_t>> names;  // last job of each place
  for (const int64_t job : last) {
    if (job < 0 || !events->after[static_cast<size_t>(job)]) continue;
    const auto& about = graph.jobs[static_cast<size_t>(job)];
    for (const auto device : devices_)
      events->after[static_cast<size_t>(job)]->block(guard_of(device).getStream(device));
    names.emplace_back(fmt::format("place {} ({}), whose last stage is `{}`", about.place,
                                   places_[static_cast<size_t>(about.place)].str(),
                                   graph.stages[static_cast<size_t>(about.stage)].name),
                       job);
  }
  watch_.look_at([events, names]() -> std::optional<std::string> {
    std::vector<std::string> waiting;
    for (const auto& [name, job] : names)
      if (!events->after[static_cast<size_t>(job)]->query()) waiting.push_back(name);
    if (waiting.empty()) return std::nullopt;
    const auto done = std::ranges::count_if(events->after, [](const auto& event) { return event && event->query(); });
    return fmt::format("{} (after {} jobs)", fmt::join(waiting, ", "), done);
  });
}

void StreamExecutor::run(const JobGraph& graph, const std::vector<int64_t>& order,
                         const std::function<void(int64_t job)>& work, const JobEnded& ended) {
  const auto events = std::make_shared<JobEvents>(graph.jobs.size(), static_cast<bool>(ended));
  if (ended) {  // the clocks of all devices start together
    for (const auto device : devices_) guard_of(device).synchronizeDevice(device.index());
    for (const auto device : devices_) events->begin_of.push_back(event_on(guard_of(device).getStream(device), true));
    events->begin = Clock::now();
  }
  begin();
  issue_all(graph, order, work, *events);
  end(graph, order, events);
  if (!ended) return;
  for (const auto device : devices_) guard_of(device).synchronizeDevice(device.index());
  for (const int64_t job : order) {
    const auto index = static_cast<size_t>(job);
    const auto device = std::ranges::find(devices_, places_[static_cast<size_t>(graph.jobs[index].place)]);
    if (device == devices_.end()) {
      ended(job, events->on_cpu[index].first, events->on_cpu[index].second);
      continue;
    }
    const auto& begin = *events->begin_of[static_cast<size_t>(device - devices_.begin())];
    ended(job, begin.elapsedTime(*events->before[index]) / 1e3, begin.elapsedTime(*events->after[index]) / 1e3);
  }
}

}  // namespace seq2seq::parallel
