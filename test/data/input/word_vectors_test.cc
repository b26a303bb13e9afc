#include "seq2seq/data/input/word_vectors.h"

#include <cstring>
#include <string>
#include <vector>
#include <zlib.h>

#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/temporary_folder.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

namespace {

const text::Vocabulary words({{"the", 9}, {"été", 3}, {"cat", 2}, {"7", 1}});  // ids 3 to 6

WordVectors read(const TemporaryFolder& folder, const std::string& bytes, int64_t width = 2) {
  return read_word_vectors(folder.file("vectors", bytes), words, width);
}

/// Returns the error of reading a file of these bytes, without the folder.
std::string fault_of(const std::string& bytes) {
  const TemporaryFolder folder;
  try {
    read(folder, bytes);
    return "nothing was thrown";
  } catch (const Error& error) {
    return std::string(error.what()).substr(folder.path().string().size() + 1);
  }
}

}  // namespace

TEST_CASE("word vectors: words are found by their form, with a first line of sizes or without", "[data][vectors]") {
  const TemporaryFolder folder;
  const auto bytes = GENERATE(as<std::string>(),
                              "cat 0.5 -2\nother 1 1\nété 1e-3 3\n",               // GloVe
                              "3 2\ncat 0.5 -2\nother 1 1\nété 1e-3 3\n",          // fastText
                              "3 2 \ncat 0.5 -2 \nother 1 1 \nété 1e-3 3 \n",      // word2vec
                              "cat\t0.5\t-2\r\nother\t1\t1\r\nété\t1e-3\t3",       // another's
                              "cat 0.5 -2\nthe cat 1 1\n. . . 4 4\nété 1e-3 3\n",  // words with blanks
                              "</s> 8 8\ncat 0.5 -2\n<unk> nan x\nété 1e-3 3\n");  // symbols are not words
  CAPTURE(bytes);
  const auto found = read(folder, bytes);
  CHECK(found.ids == std::vector<int64_t>{5, 4});
  CHECK(found.rows.equal(at::tensor({0.5F, -2.0F, 1e-3F, 3.0F}).view({2, 2})));
}

TEST_CASE("word vectors: a packed file reads as the plain one", "[data][vectors]") {
  const TemporaryFolder folder;
  std::string bytes;
  for (int line = 0; line < 20000; ++line) bytes += "w" + std::to_string(line) + " 1 2\n";
  bytes += "the 3 4\n";
  const auto packed = folder / "vectors.gz";
  gzFile file = gzopen(packed.string().c_str(), "wb");
  REQUIRE(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())) == static_cast<int>(bytes.size()));
  gzclose(file);
  int64_t told = 0;
  const auto found = read_word_vectors(packed, words, 2, [&](int64_t) { ++told; });
  CHECK(found.ids == std::vector<int64_t>{3});
  CHECK(found.rows.equal(at::tensor({3.0F, 4.0F}).view({1, 2})));
  CHECK(told == 4);  // every 4,096 lines
}

TEST_CASE("word vectors: what is wrong is named with its line", "[data][vectors][error]") {
  const auto [bytes, message] = GENERATE(table<std::string, std::string>({
      {"", "vectors: is empty"},
      {"the 1 2 3\n", "vectors:1: has vectors of 3 numbers, but the word vectors of the model have 2"},
      {"1 3\nthe 1 2 3\n", "vectors:1: has vectors of 3 numbers, but the word vectors of the model have 2"},
      {"the 1 2\nother 1\n", "vectors:2: has 1 number after the word, expected 2"},
      {"the 1 2\n\ncat 1 2\n", "vectors:2: has 0 numbers after the word, expected 2"},
      {"the 1 2\ncat 1 2 3\n", "vectors:2: has 3 numbers after the word, expected 2"},
      {"the 1 2\nx 1 2\nthe 1 2\n", "vectors:3: `the` already has a vector, on line 1"},
      {"x 1 2\nthe 1 nan\n", "vectors:2: number 2 of `the` is `nan`, which is not a finite number"},
      {"the inf 1\n", "vectors:1: number 1 of `the` is `inf`"},
      {"the 1e99 1\n", "vectors:1: number 1 of `the` is `1e99`"},
      {"the 1,5 1\n", "vectors:1: number 1 of `the` is `1,5`"},
      {"3 2\nthe 1 2\ncat 1 2\n", "vectors:1: declares 3 vectors, but 2 follow"},
      {"1 2\nthe 1 2\ncat 1 2\n", "vectors:1: declares 1 vector, but 2 follow"},
      {"the 1 2\n\xFFx 1 2\n", "vectors:2:1: byte 0xFF"},
      {"other 1 2\nTHE 1 2\n", "vectors: has none of the 4 words in the vocabulary"},
  }));
  CAPTURE(bytes);
  CHECK_THAT(fault_of(bytes), ContainsSubstring(message));
}
