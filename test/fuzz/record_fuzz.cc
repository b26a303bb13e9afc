// The reader of columns of figures, packed and unpacked.

#include "seq2seq/study/record/gzip.h"
#include "seq2seq/study/record/sentence_columns.h"
#include "test/fuzz/fuzz.h"

using namespace seq2seq;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string file = "columns.gz";
  const auto bytes = fuzz::text_of(data, size);
  fuzz::may_refuse(file, [&] { study::unpack_sentences(bytes, file); });
  fuzz::may_refuse(file, [&] {
    const auto written = study::pack_sentences(study::unpack_sentences(study::gzip(bytes), file));
    fuzz::require(study::pack_sentences(study::unpack_sentences(written, file)) == written,
                  "what is written reads back to another");
  });
  return 0;
}
