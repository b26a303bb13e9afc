#include "seq2seq/parallel/schedule/layer_by_layer.h"
#include "seq2seq/parallel/schedule/micro_batch.h"
#include "seq2seq/parallel/schedule/schedule.h"
#include "seq2seq/parallel/schedule/wavefront.h"

namespace seq2seq::parallel {

ScheduleRegistry builtin_schedules() {
  ScheduleRegistry registry;
  registry.add<LayerByLayer>("layer_by_layer", "one stage after another, all steps at once; places never overlap");
  registry.add<Wavefront>(
      "wavefront", "chunks of steps follow each other through the layers; Sutskever et al. 2014, arXiv 1409.3215");
  registry.add<Wavefront>(
      "wavefront_deferred",
      "wavefront, with parameter derivatives moved to idle times; after Qi et al. 2023, arXiv 2401.10241",
      {.defaults = {.deferred = true}});
  registry.add<MicroBatchSchedule>("micro_batch",
                                   "parts of the batch follow each other through the layers; Huang et al. 2019, arXiv "
                                   "1811.06965");
  return registry;
}

}  // namespace seq2seq::parallel
