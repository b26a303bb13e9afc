#include "seq2seq/nn/weights.h"
#include "test/fuzz/fuzz.h"

using namespace seq2seq;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string file = "weights.safetensors";
  fuzz::may_refuse(file, [&] {
    const auto written = nn::to_safetensors(nn::from_safetensors(std::string(fuzz::text_of(data, size)), file));
    fuzz::require(nn::to_safetensors(nn::from_safetensors(written, file)) == written,
                  "what is written reads back to another");
  });
  return 0;
}
