#include <string>
#include <vector>

#include "seq2seq/config/reader.h"
#include "seq2seq/config/resolved.h"
#include "seq2seq/study/run.h"
#include "test/fuzz/fuzz.h"

using namespace seq2seq;

namespace {

std::string resolved(const std::string& text, const std::vector<config::Override>& overrides) {
  static const auto registries = study::builtin_registries();
  study::Configuration configuration(registries);
  config::read_text(text, "run.yaml", "/configs", overrides, configuration.keys);
  return config::write_yaml(configuration.keys);
}

/// Lines `#--set key=value`, comments to YAML, are given as on a command line.
std::vector<config::Override> overrides_in(std::string_view text) {
  std::vector<config::Override> overrides;
  for (const auto line : split(text, '\n')) {
    if (line.starts_with("#--set ")) overrides.push_back(config::parse_override(std::string(line.substr(7))));
  }
  return overrides;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(fuzz::text_of(data, size));
  try {
    const auto written = resolved(text, overrides_in(text));
    fuzz::require(resolved(written, {}) == written, "what is written reads back to another");
  } catch (const UsageError& error) {  // of the file or of an option, which is shown as typed
    for (const auto line : split(error.what(), '\n')) {
      if (!line.starts_with("--set ")) fuzz::check_message(line, "run.yaml");
    }
  }
  return 0;
}
