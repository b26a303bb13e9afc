#include "seq2seq/data/store/token_store.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <random>
#include <string>
#include <unistd.h>
#include <vector>

#include <sys/wait.h>

#include "seq2seq/core/error.h"
#include "seq2seq/data/store/store_file.h"
#include "test/support/catch.h"
#include "test/support/failing_files.h"
#include "test/support/random_text.h"
#include "test/support/small_disk.h"
#include "test/support/temporary_folder.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

namespace {

using Sentences = std::vector<std::vector<int64_t>>;

TokenStore store_in_memory(const Sentences& sentences) {
  TokenStoreBuilder builder;
  for (const auto& sentence : sentences) builder.add(sentence);
  return builder.finish();
}

std::filesystem::path write(const TemporaryFolder& folder, const Sentences& sentences, int64_t id_limit) {
  StoreWriter writer(disk_files(), folder / "side.tokens", id_limit);
  for (const auto& sentence : sentences) writer.add(sentence);
  writer.finish();
  return folder / "side.tokens";
}

/// Returns the error of opening a file of these bytes, without the folder.
std::string fault_of_store(const std::string& bytes) {
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
  for (const auto& store : {store_in_memory(sentences), TokenStore::open(file, true)}) {
    REQUIRE(store.size() == std::ssize(sentences));
    std::vector<int64_t> all;
    for (int64_t i = 0; i < store.size(); ++i) {
      const auto& sentence = sentences[static_cast<std::size_t>(i)];
      REQUIRE(store[i] == sentence);
      REQUIRE(store.length(i) == std::ssize(sentence));
      all.insert(all.end(), sentence.begin(), sentence.end());
    }
    store.release_pages();  // and they are read back
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
  StoreWriter writer(disk_files(), folder / "side.tokens", 10);
  REQUIRE_THROWS_AS(writer.add(std::vector<int64_t>{10}), Error);
}

TEST_CASE("token store: without finish nothing stays", "[data][store][error]") {
  const TemporaryFolder folder;
  {
    StoreWriter writer(disk_files(), folder / "side.tokens", 10);
    writer.add(std::vector<int64_t>{1, 2, 3});
  }
  REQUIRE(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("token store: a disk that is full at any byte is told, and nothing stays", "[data][store][error]") {
  const auto large = GENERATE(false, true);  // one is written at its end, the other block by block
  const TemporaryFolder folder;
  const Sentences sentences(large ? 100'000 : 2, {1, 2, 3, 70'000});
  const auto bytes = std::filesystem::file_size(write(folder, sentences, 100'000));
  std::filesystem::remove(folder / "side.tokens");

  for (std::uintmax_t most = 0; most < bytes; most += large ? bytes / 7 : 1) {
    CAPTURE(most);
    {
      const SmallDisk disk(most);
      REQUIRE_THROWS_WITH(write(folder, sentences, 100'000),
                          ContainsSubstring("side.tokens: cannot be written: File too large"));
    }
    REQUIRE(std::filesystem::is_empty(folder.path()));
  }
}

TEST_CASE("token store: whichever operation fails, the file is named, nothing stays and the next attempt works",
          "[data][store][error]") {
  const TemporaryFolder folder;
  const auto write_through = [&](Files& files) {
    StoreWriter writer(files, folder / "side.tokens", 10);
    writer.add(std::vector<int64_t>{1, 2, 3});
    writer.finish();
  };
  FailingFiles counting(disk_files());
  write_through(counting);
  const auto whole = content_of(folder / "side.tokens");
  REQUIRE(counting.operations() > 8);
  for (int nth = 1; nth <= counting.operations(); ++nth) {
    CAPTURE(nth);
    std::filesystem::remove(folder / "side.tokens");
    FailingFiles files(disk_files(), nth);
    const bool last = nth == counting.operations();  // the folder is synced, and the file is already in place
    REQUIRE_THROWS_WITH(write_through(files),
                        (last ? folder.path() : folder / "side.tokens").string() +
                            ": cannot be written: No space left on device. Free some space and run the command again");
    REQUIRE(std::filesystem::is_empty(folder.path()) != last);
    write_through(disk_files());
    REQUIRE(content_of(folder / "side.tokens") == whole);
  }
}

TEST_CASE("token store: a sentence that leads out of its file is told, and the file named", "[data][store][error]") {
  const TemporaryFolder folder;
  auto bytes = content_of(write(folder, {{1, 2, 3}, {4}}, 10));
  const auto at = bytes.size() - 2 * sizeof(uint64_t);  // where the first sentence ends
  const auto end = GENERATE(uint64_t{5}, uint64_t{1} << 63, ~uint64_t{0});
  std::memcpy(bytes.data() + at, &end, sizeof(end));
  const auto store = TokenStore::open(folder.file("side.tokens", bytes), /*verify=*/false);
  const auto named = ContainsSubstring("side.tokens: is damaged at sentence 1");
  REQUIRE_THROWS_WITH(store[0], named);
  REQUIRE_THROWS_WITH(store.length(0), named);
  REQUIRE_THROWS_WITH(store[2], ContainsSubstring("side.tokens: sentence index 2 is out of range: there are 2"));
  REQUIRE_THROWS_WITH(store.id(4), ContainsSubstring("side.tokens: token index 4 is out of range: there are 4"));
}

TEST_CASE("token store: a file that is truncated while it is in use ends the program with its name",
          "[data][store][error]") {
  const TemporaryFolder folder;
  const auto file = write(folder, {{1, 2, 3}}, 10);
  const auto store = TokenStore::open(file, true);
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const auto child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    std::filesystem::resize_file(file, 0);
    _exit(store[0].empty() ? 2 : 3);
  }
  close(ends[1]);
  std::string said(1000, '\0');
  const auto count = read(ends[0], said.data(), said.size());
  close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 1);
  said.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  REQUIRE(said == file.string() + ": was truncated or became unreadable while in use. Run `seq2seq prepare` again\n");
}

TEST_CASE("token store: an id that the other ids do not know is told, and the file named", "[data][store][error]") {
  const TemporaryFolder folder;
  const auto tokens = TokenStore::open(write(folder, {{1, 7}}, 10), true);
  REQUIRE_THROWS_WITH(tokens.renumbered(store_in_memory({{0, 1, 2}})),
                      ContainsSubstring("side.tokens: has the id 7, but the vocabulary has ids for only 3"));
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
    REQUIRE_THAT(fault_of_store(size == 0 ? "" : bytes.substr(0, size)), ContainsSubstring("side.tokens: "));
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    CAPTURE(at);
    auto changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    REQUIRE_THAT(fault_of_store(changed), ContainsSubstring("side.tokens: "));
  }
  REQUIRE_THAT(fault_of_store(bytes + "x"), ContainsSubstring("bytes, but its header says"));
}

TEST_CASE("token store: another version and another kind of file are told apart", "[data][store][error]") {
  const TemporaryFolder folder;
  auto bytes = content_of(write(folder, {{1}}, 10));
  bytes[8] = 7;
  REQUIRE_THAT(fault_of_store(bytes), ContainsSubstring("format version 7; this program reads version 1"));
  REQUIRE_THAT(fault_of_store(std::string(200, 'a')), ContainsSubstring("not a token store"));
}
