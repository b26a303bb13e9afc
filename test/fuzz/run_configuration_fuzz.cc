// The reader of configurations on the keys and rules of a whole run.

#include "seq2seq/study/run.h"
#include "test/fuzz/configuration.h"

using namespace seq2seq;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto registries = study::builtin_registries();
  const auto with_keys = [](const std::function<void(config::Keys&)>& use) {
    study::Configuration configuration(registries);
    use(configuration.keys);
  };
  fuzz::read_configuration(with_keys, std::string(fuzz::text_of(data, size)));
  return 0;
}
