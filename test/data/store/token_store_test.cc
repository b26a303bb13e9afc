#include "seq2seq/data/store/token_store.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/data/store/store_file.h"
#include "test/support/catch.h"
#include "test/support/random_text.h"
#include "test/support/temporary_folder.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

namespace {

using Sentences = std::vector<std::vector<int64_t>>;

TokenStore in_memory(const Sentences& sentences) {
  TokenStoreBuilder builder;
  for (const auto& sentence : sentences) builder.add(sentence);
  return builder.finish();
}

std::filesystem::path write(const TemporaryFolder& folder, const Sentences& sentences, int64_t id_limit) {
  StoreWriter writer(folder / "side.tokens", id_limit);
  for (const auto& sentence : sentences) writer.add(sentence);
  writer.finish();
  return folder / "side.tokens";
}

/// What opening a file of these bytes says, without the folder.
std::string fault_of(const std::string& bytes) {
  const TemporaryFolder folder;
  try {
    TokenStore::open(folder.file("side.tokens", bytes), true);
    return {};
  } catch (const FormatError& error) {
    return std::string(error.what()).substr(folder.path().string().size() + 1);
  }
}

}  // namespace

TEST_CASE("token store: gives back the sentences it was given, from memory and from a file of narrow and wide ids",
          "[data][store][property]") {
  const auto seed = GENERATE(range(1u, 6u));
  const auto words = GENERATE(int64_t{20}, int64_t{65'000}, int64_t{100'000});
  CAPTURE(seed, words);
  std::mt19937_64 random(seed);
  const auto sentences = random_sentences(random, random_lengths(random), words);
  const TemporaryFolder folder;
  const auto file = write(folder, sentences, words + 3);

  REQUIRE(std::filesystem::file_size(file) % 8 == 0);
  for (const auto& store : {in_memory(sentences), TokenStore::open(file, true)}) {
    REQUIRE(store.size() == std::ssize(sentences));
    std::vector<int64_t> all;
    for (int64_t i = 0; i < store.size(); ++i) {
      const auto& sentence = sentences[static_cast<std::size_t>(i)];
      REQUIRE(store[i] == sentence);
      REQUIRE(store.length(i) == std::ssize(sentence));
      all.insert(all.end(), sentence.begin(), sentence.end());
    }
    store.release_pages();  // and they come back
    REQUIRE(store.tokens() == std::ssize(all));
    REQUIRE(store.largest() == *std::max_element(all.begin(), all.end()));
    for (int64_t i = 0; i < store.tokens(); ++i) REQUIRE(store.id(i) == all[static_cast<std::size_t>(i)]);
  }
}

TEST_CASE("token store: an id that does not fit is refused", "[data][store][error]") {
  const TemporaryFolder folder;
  TokenStoreBuilder builder;
  REQUIRE_THROWS_AS(builder.add({int64_t{1} << 32}), Error);
  REQUIRE_THROWS_AS(builder.add({-1}), Error);
  StoreWriter writer(folder / "side.tokens", 10);
  REQUIRE_THROWS_AS(writer.add(std::vector<int64_t>{10}), Error);
}

TEST_CASE("token store: without finish nothing stays", "[data][store][error]") {
  const TemporaryFolder folder;
  {
    StoreWriter writer(folder / "side.tokens", 10);
    writer.add(std::vector<int64_t>{1, 2, 3});
  }
  REQUIRE(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("token store: a file of no sentence, and of empty ones", "[data][store]") {
  const TemporaryFolder folder;
  REQUIRE(TokenStore().size() == 0);
  REQUIRE(TokenStore::open(write(folder, {}, 10), true).size() == 0);
  const auto empty = TokenStore::open(write(folder, {{}, {}}, 10), true);
  REQUIRE(empty.size() == 2);
  REQUIRE(empty[1].empty());
  REQUIRE(empty.largest() == -1);
}

TEST_CASE("token store: every cut and every changed byte is found, and the file named", "[data][store][error]") {
  const TemporaryFolder folder;
  const auto bytes = content_of(write(folder, {{1, 2, 3}, {}, {4, 5}}, 10));

  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    REQUIRE_THAT(fault_of(size == 0 ? "" : bytes.substr(0, size)), ContainsSubstring("side.tokens: "));
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    CAPTURE(at);
    auto changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    REQUIRE_THAT(fault_of(changed), ContainsSubstring("side.tokens: "));
  }
  REQUIRE_THAT(fault_of(bytes + "x"), ContainsSubstring("bytes, and its header asks for"));
}

TEST_CASE("token store: another version and another kind of file are told apart", "[data][store][error]") {
  const TemporaryFolder folder;
  auto bytes = content_of(write(folder, {{1}}, 10));
  bytes[8] = 7;
  REQUIRE_THAT(fault_of(bytes), ContainsSubstring("format version 7; this program reads version 1"));
  REQUIRE_THAT(fault_of(std::string(200, 'a')), ContainsSubstring("no token store"));
}
