// The reader of configurations on keys of every type and both forms of choice.

#include "test/config/sample.h"
#include "test/fuzz/configuration.h"

using namespace seq2seq;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto with_keys = [](const std::function<void(config::Keys&)>& use) {
    config::test::Sample sample;
    use(sample.keys);
  };
  fuzz::read_configuration(with_keys, std::string(fuzz::text_of(data, size)));
  return 0;
}
