// The reader of configurations on keys of every type and both forms of choice. A configuration is
// either accepted, and its written form reads back to the same, or refused with lines that name the file or the option.

#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/config/keys.h"
#include "seq2seq/config/reader.h"
#include "seq2seq/config/resolved.h"
#include "test/config/sample.h"
#include "test/fuzz/fuzz.h"

using namespace seq2seq;

namespace {

constexpr std::string_view kSet = "#--set ";  // a comment to YAML: `#--set key=value` is given as on a command line

std::vector<config::Override> overrides_in(std::string_view text) {
  std::vector<config::Override> overrides;
  for (const auto line : split(text, '\n')) {
    if (line.starts_with(kSet)) overrides.push_back(config::parse_override(std::string(line.substr(kSet.size()))));
  }
  return overrides;
}

std::string resolved(const std::string& text, const std::vector<config::Override>& overrides) {
  config::test::Sample sample;
  config::read_text(text, "run.yaml", "/configs", overrides, sample.keys);
  return config::write_yaml(sample.keys);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(fuzz::text_of(data, size));
  try {
    const auto written = resolved(text, overrides_in(text));
    fuzz::require(resolved(written, {}) == written, "what is written reads back to another");
  } catch (const UsageError& error) {
    if (text.find(kSet) == std::string::npos) fuzz::check_message(error.what(), "run.yaml");
  }
  return 0;
}
