#include <cmath>
#include <cstddef>

#include "seq2seq/data/input/line_pairs.h"
#include "seq2seq/data/input/line_reader.h"
#include "seq2seq/data/input/weight_reader.h"
#include "test/fuzz/fuzz.h"

using namespace seq2seq;

namespace {

// A few packed bytes may unpack to any amount of text, line by line. The time for this is not a fault of a reader.
constexpr std::size_t kEnough = std::size_t{1} << 22;

void read_lines(const std::string& file, data::InvalidUtf8 invalid) {
  data::LineReader reader(file, invalid);
  std::size_t read = 0;
  for (std::string line; read < kEnough && reader.next(line); read += line.size() + 1) {
    fuzz::require(reader.valid() || line.empty(), "a line that is no text and holds some");
    fuzz::require(!find_text_fault(line) && line.find('\n') == std::string::npos, "a line that is none");
  }
}

void read_columns(const std::string& file, data::InvalidUtf8 invalid) {
  data::LinePairs pairs({.source = {}, .target = {}, .pairs = {file}}, invalid);
  std::size_t read = 0;
  for (data::LinePair pair; read < kEnough && pairs.next(pair); read += pair.source.size() + pair.target.size() + 1) {
    fuzz::require((pair.source + pair.target).find('\t') == std::string::npos, "a tab within a column");
  }
}

void read_weights(const std::string& file) {
  data::WeightReader weights(file);
  std::size_t read = 0;
  for (auto weight = weights.next(); weight && read < kEnough; weight = weights.next(), ++read) {
    fuzz::require(*weight >= 0 && std::isfinite(*weight), "a weight that is none");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static fuzz::MemoryFile file;
  file.write(fuzz::text_of(data, size));
  for (const auto invalid : {data::InvalidUtf8::error, data::InvalidUtf8::drop}) {
    fuzz::may_refuse(file.path(), [invalid] { read_lines(file.path(), invalid); });
    fuzz::may_refuse(file.path(), [invalid] { read_columns(file.path(), invalid); });
  }
  fuzz::may_refuse(file.path(), [] { read_weights(file.path()); });
  return 0;
}
