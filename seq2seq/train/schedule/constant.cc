#include "seq2seq/train/schedule/constant.h"

namespace seq2seq::train {

void declare(config::Keys&, ConstantOptions&) {}

Constant::Constant(const Options&) {}

double Constant::factor(const Point&) const { return 1; }

}  // namespace seq2seq::train
