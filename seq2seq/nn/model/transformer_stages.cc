#include "seq2seq/nn/model/transformer_stages.h"

#include "seq2seq/nn/model/stage_list.h"

namespace seq2seq::nn {
namespace {

void list_all(StageList& list, const SentenceStack* encoder, const SentenceStack& decoder, const OutputLayer& output) {
  StageList::SentenceUse use{.side = Side::target, .packs = true};
  StageList::Rows states;
  if (encoder != nullptr) {
    states = list.sentences(*encoder, {.side = Side::source});
    use.states = &states;
  }
  list.write(output, list.sentences(decoder, use));
}

}  // namespace

std::vector<Stage> TransformerStages::stages() const {
  StageList list(placement_, nullptr);
  list_all(list, encoder_, decoder_, output_);
  return list.take_stages();
}

StagedBatch TransformerStages::begin(const StagedInputs& batch) const {
  StageList list(placement_, &batch);
  list_all(list, encoder_, decoder_, output_);
  return list.take_batch();
}

}  // namespace seq2seq::nn
