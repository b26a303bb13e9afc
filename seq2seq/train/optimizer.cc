#include "seq2seq/train/optimizer.h"

namespace seq2seq::train {

void Optimizer::step(const EditedStep& edited) {
  if (edited.edit) edited.edit(edited.gradients);
  step(edited.learning_rate, {});
}

}  // namespace seq2seq::train
