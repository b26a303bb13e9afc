#include "seq2seq/train/schedule/constant.h"
#include "seq2seq/train/schedule/halve.h"
#include "seq2seq/train/schedule/inverse_square_root.h"
#include "seq2seq/train/schedule/linear.h"
#include "seq2seq/train/schedule/plateau.h"
#include "seq2seq/train/schedule/schedule.h"

namespace seq2seq::train {

ScheduleRegistry builtin_schedules() {
  ScheduleRegistry registry;
  registry.add<Constant>("constant", "constant learning rate");
  registry.add<Halve>("halve", "halved at regular intervals from an epoch on (arXiv 1409.3215, section 3.4)");
  registry.add<Plateau>("plateau", "cut when validations stop improving");
  registry.add<InverseSquareRoot>(
      "inverse_square_root",
      "warm-up, then decay with the inverse square root of the update (arXiv 1706.03762, section 5.3)");
  registry.add<Linear>("linear", "warm-up, then linear decay to `final`");
  return registry;
}

}  // namespace seq2seq::train
