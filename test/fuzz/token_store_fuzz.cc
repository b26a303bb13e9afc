#include "seq2seq/data/store/token_store.h"
#include "test/fuzz/fuzz.h"

using namespace seq2seq;

namespace {

void read_all(const data::TokenStore& store) {
  for (int64_t i = 0; i < store.size(); ++i) {
    const auto ids = store[i];
    fuzz::require(store.length(i) == std::ssize(ids), "a sentence of another length than it has");
  }
  for (int64_t i = 0; i < store.tokens(); ++i) fuzz::require(store.id(i) >= 0, "an id below 0");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static fuzz::MemoryFile file;
  file.write(fuzz::text_of(data, size));
  for (const bool verify : {true, false}) {
    fuzz::may_refuse(file.path(), [verify] { read_all(data::TokenStore::open(file.path(), verify)); });
  }
  // As training reads it: ids of words by ids of another store.
  fuzz::may_refuse(file.path(), [] {
    const auto store = data::TokenStore::open(file.path(), /*verify=*/false);
    read_all(store.renumbered(store));
  });
  return 0;
}
