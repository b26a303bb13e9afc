#include "test/support/stream_order.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace seq2seq::test {
namespace stream_order {
namespace {

using Key = std::pair<c10::DeviceIndex, c10::StreamId>;
using Clock = std::map<Key, int64_t>;  // how much of each stream comes before

struct Access {
  const char *first, *last;
  Key stream;
  int64_t tick;
  bool writes;
  std::string operation;
};

struct State {
  std::mutex mutex;
  std::map<Key, Clock> clocks;
  std::map<const void*, std::vector<Access>> blocks;
  std::map<const void*, std::set<Key>> uses;      // of blocks, on other streams than theirs
  std::map<Key, std::vector<Access>> given_back;  // by the stream whose next operation may take the memory
  std::vector<std::string> races;
  c10::StreamId last_stream = 0;
};
State& state() {
  static State all;
  return all;
}
thread_local std::map<c10::DeviceIndex, c10::StreamId> current_streams;

Key key_of(const c10::Stream& stream) { return {stream.device_index(), stream.id()}; }

bool before(const Access& access, const Key& stream) {
  auto& clock = state().clocks[stream];
  return access.stream == stream || clock[access.stream] >= access.tick;
}

void note_race(const Access& earlier, const std::string& operation, const Key& stream) {
  state().races.push_back(fmt::format("{} on stream {} of device {} does not wait for {} on stream {} of device {}",
                                      operation, stream.second, int{stream.first}, earlier.operation,
                                      earlier.stream.second, int{earlier.stream.first}));
}

void merge(Clock& into, const Clock& from) {
  for (const auto& [stream, tick] : from) into[stream] = std::max(into[stream], tick);
}

}  // namespace

c10::Stream current(c10::Device device) {
  const auto found = current_streams.find(device.index());
  if (found == current_streams.end()) return c10::Stream(c10::Stream::DEFAULT, device);
  return c10::Stream(c10::Stream::UNSAFE, device, found->second);
}

c10::Stream exchange(c10::Stream stream) {
  const auto before = current(stream.device());
  current_streams[stream.device_index()] = stream.id();
  return before;
}

c10::Stream next_of_pool(c10::Device device) {
  const std::lock_guard lock(state().mutex);
  return c10::Stream(c10::Stream::UNSAFE, device, ++state().last_stream);
}

void* record(void* event, const c10::Stream& stream) {
  const std::lock_guard lock(state().mutex);
  auto* clock = event == nullptr ? new Clock : static_cast<Clock*>(event);
  *clock = state().clocks[key_of(stream)];
  return clock;
}

void block(void* event, const c10::Stream& stream) {
  if (event == nullptr) return;
  const std::lock_guard lock(state().mutex);
  merge(state().clocks[key_of(stream)], *static_cast<Clock*>(event));
}

void destroy(void* event) { delete static_cast<Clock*>(event); }

void synchronize(const c10::Stream& stream) {
  const std::lock_guard lock(state().mutex);
  Clock all;
  for (const auto& [key, clock] : state().clocks) merge(all, clock);
  merge(state().clocks[key_of(stream)], all);
}

void access(const void* block, const void* bytes, size_t count, bool writes, const c10::Stream& stream,
            const std::string& operation) {
  if (count == 0) return;
  const std::lock_guard lock(state().mutex);
  const auto key = key_of(stream);
  for (const auto& earlier : std::exchange(state().given_back[key], {}))
    if (!before(earlier, key)) note_race(earlier, "taking freed memory for " + operation, key);
  const auto* first = static_cast<const char*>(bytes);
  Access now{.first = first,
             .last = first + count,
             .stream = key,
             .tick = ++state().clocks[key][key],
             .writes = writes,
             .operation = operation};
  auto& accesses = state().blocks[block];
  for (const auto& earlier : accesses) {
    const bool overlap = earlier.first < now.last && now.first < earlier.last;
    if (overlap && (writes || earlier.writes) && !before(earlier, key)) note_race(earlier, operation, key);
  }
  if (writes)  // what comes after has this one to wait for
    std::erase_if(accesses, [&](const Access& earlier) {
      return now.first <= earlier.first && earlier.last <= now.last && before(earlier, key);
    });
  accesses.push_back(std::move(now));
}

void use(const void* block, const c10::Stream& stream) {
  const std::lock_guard lock(state().mutex);
  state().uses[block].insert(key_of(stream));
}

void free(const void* block, const c10::Stream& stream) {
  const std::lock_guard lock(state().mutex);
  const auto waited_for = std::exchange(state().uses[block], {});
  state().uses.erase(block);
  const auto found = state().blocks.find(block);
  if (found == state().blocks.end()) return;
  auto& given_back = state().given_back[key_of(stream)];
  std::ranges::copy_if(found->second, std::back_inserter(given_back),
                       [&](const Access& access) { return !waited_for.contains(access.stream); });
  state().blocks.erase(found);
}

}  // namespace stream_order

std::vector<std::string> take_races() {
  auto& state = stream_order::state();
  const std::lock_guard lock(state.mutex);
  return std::exchange(state.races, {});
}

}  // namespace seq2seq::test
