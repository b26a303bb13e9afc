#include "seq2seq/train/schedule/constant.h"
#include "seq2seq/train/schedule/halve.h"
#include "seq2seq/train/schedule/inverse_square_root.h"
#include "seq2seq/train/schedule/linear.h"
#include "seq2seq/train/schedule/plateau.h"
#include "seq2seq/train/schedule/schedule.h"

namespace seq2seq::train {

ScheduleRegistry builtin_schedules() {
  ScheduleRegistry registry;
  registry.add<Constant>("constant", "the optimiser's learning rate throughout");
  registry.add<Halve>("halve", "halved from an epoch on, every so many epochs (arXiv 1409.3215, section 3.4)");
  registry.add<Plateau>("plateau", "cut whenever validations stop improving");
  registry.add<InverseSquareRoot>("inverse_square_root",
                                  "warm-up, then falling with the root of the updates (arXiv 1706.03762, section 5.3)");
  registry.add<Linear>("linear", "warm-up, then falling linearly to a final share");
  return registry;
}

}  // namespace seq2seq::train
