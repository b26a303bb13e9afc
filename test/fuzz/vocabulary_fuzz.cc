#include "seq2seq/text/vocabulary.h"
#include "test/fuzz/fuzz.h"

using namespace seq2seq;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static fuzz::MemoryFile file, again;
  file.write(fuzz::text_of(data, size));
  fuzz::may_refuse(file.path(), [] {
    const auto vocabulary = text::Vocabulary::load(file.path());
    for (int64_t id = text::special_count; id < vocabulary.size(); ++id) {
      fuzz::require(vocabulary.id(vocabulary.word(id)) == id, "a word that is not found by its own id");
    }
    const auto written = vocabulary.serialize();
    again.write(written);
    fuzz::require(text::Vocabulary::load(again.path()).serialize() == written, "what is written reads back to another");
  });
  return 0;
}
