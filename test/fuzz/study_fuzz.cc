// The reader of a study's file.

#include "seq2seq/study/grid/expand.h"
#include "test/fuzz/fuzz.h"

using namespace seq2seq;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string file = "/studies/study.yaml";
  fuzz::may_refuse(file, [&] {
    const auto spec = study::read_study_text(std::string(fuzz::text_of(data, size)), file);
    fuzz::require(!spec.scales.empty() && !spec.rows.empty() && !spec.metrics.empty(), "a study without parts");
    fuzz::require(spec.reference < spec.rows.size(), "a reference that is no row");
    size_t points = 1;
    for (const auto& axis : spec.axes) points *= axis.points.size();
    for (const auto& scale : spec.scales) {
      const size_t runs = spec.rows.size() * points * scale.seeds.size();
      if (runs > 10000) continue;
      fuzz::require(study::expand(spec, scale).size() == runs, "runs that are not all combinations");
    }
  });
  return 0;
}
