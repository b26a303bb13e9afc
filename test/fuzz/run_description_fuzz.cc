#include "seq2seq/run/description.h"
#include "test/fuzz/fuzz.h"

using namespace seq2seq;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string file = "run.json";
  fuzz::may_refuse(file, [&] {
    const auto written = run::serialize(run::parse_description(std::string(fuzz::text_of(data, size)), file));
    fuzz::require(run::serialize(run::parse_description(written, file)) == written,
                  "what is written reads back to another");
  });
  return 0;
}
