#include "seq2seq/nn/stage/memory_reader.h"

#include <utility>

namespace seq2seq::nn {

MemoryReader::MemoryReader(std::shared_ptr<RowFlow> states, std::vector<std::shared_ptr<StateFlow>> last)
    : states_(std::move(states)), last_(std::move(last)) {
  states_reader_ = states_->add_reader(states_->place().device);
  for (const auto& flow : last_) readers_.push_back(flow->add_reader());
}

Memory MemoryReader::read(const Packed& ids, LocalGraph& graph) {
  const auto layout = ids.layout->on(states_->place().device);
  Memory memory{.ids = ids, .states = {graph.leaf(states_->rows()), layout}, .last = {}};
  parts_.clear();
  for (const auto& flow : last_) {
    State last;
    for (const auto& part : flow->state()) last.push_back(graph.leaf(part));
    parts_.push_back(last.size());
    memory.last.push_back(std::move(last));
  }
  return memory;
}

void MemoryReader::answer(const LocalGraph& graph) const {
  give(states_reader_, graph.gradient(0));
  size_t leaf = 1;
  for (size_t layer = 0; layer < last_.size(); ++layer) {
    State gradients;
    for (size_t part = 0; part < parts_[layer]; ++part) gradients.push_back(graph.gradient(leaf++));
    last_[layer]->answer(readers_[layer], std::move(gradients));
  }
}

}  // namespace seq2seq::nn
