#include "seq2seq/data/prepare/summary.h"
#include "test/fuzz/fuzz.h"

using namespace seq2seq;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string file = "summary.json";
  fuzz::may_refuse(file, [&] {
    const auto written = data::serialize(data::parse_summary(std::string(fuzz::text_of(data, size)), file));
    fuzz::require(data::serialize(data::parse_summary(written, file)) == written,
                  "what is written reads back to another");
  });
  return 0;
}
