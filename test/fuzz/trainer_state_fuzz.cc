#include "seq2seq/train/trainer_state.h"
#include "test/fuzz/fuzz.h"

using namespace seq2seq;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string file = "state.json";
  fuzz::may_refuse(file, [&] {
    const auto written = train::to_json(train::from_json(std::string(fuzz::text_of(data, size)), file));
    fuzz::require(train::to_json(train::from_json(written, file)) == written, "what is written reads back to another");
  });
  return 0;
}
