#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "test/data/prepare/work.h"
#include "test/support/catch.h"
#include "test/support/failing_files.h"
#include "test/support/small_disk.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

TEST_CASE("prepare: whichever operation fails, nothing is taken for what it is not, and the next call mends it",
          "[data][prepare][error]") {
  const auto text_changed = GENERATE(true, false);  // otherwise only the vocabulary
  CAPTURE(text_changed);
  bool failed = true;
  for (int nth = 2; failed; ++nth) {  // the first call makes the folder of the lock
    CAPTURE(nth);
    PrepareWork work("a\nb\n", "x\ny\n");
    work.run();
    const auto before = entries(work.folder.path());
    const auto old_keys = work.job.keys;
    if (text_changed) work.folder.file("source", "a\nb b\n");
    work.options.source.vocabulary.size = 1;
    work.job.keys.vocabulary = {"data.source.vocabulary.size=1"};
    FailingFiles files(disk_files(), nth);
    work.job.files = &files;
    try {
      work.run();
      failed = false;
    } catch (const Error&) {  // the old keys only give the old words
      REQUIRE(words_by(work.job.folder, old_keys).value_or(2) == 2);
    }
    work.job.files = &disk_files();
    work.run();
    REQUIRE(entries(work.folder.path()) == before);
    REQUIRE(work.open().source_vocabulary.words().size() == 1);
    REQUIRE(work.open().corpus.source.tokens() == (text_changed ? 3 : 2));
  }
}

TEST_CASE("prepare: whichever operation fails, the message names the file and nothing half-written stays",
          "[data][prepare][error]") {
  const auto names = [](const PrepareWork& work) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(work.folder.path()))
      names.push_back(entry.path().string().substr(work.folder.path().string().size()));
    std::sort(names.begin(), names.end());
    return names;
  };
  PrepareWork counted("a\nb\n\nc\n", "x\ny\n\nz\n");  // a pair is left out: all stores there are
  FailingFiles counting(disk_files());
  counted.job.files = &counting;
  counted.run();
  const auto complete = names(counted);
  REQUIRE(counting.operations() > 60);  // each store alone takes ten
  for (int nth = 1; nth <= counting.operations(); ++nth) {
    CAPTURE(nth);
    PrepareWork work("a\nb\n\nc\n", "x\ny\n\nz\n");
    const auto before = names(work);
    FailingFiles files(disk_files(), nth);
    work.job.files = &files;
    std::string failed;
    try {
      work.run();
    } catch (const Error& error) {
      failed = error.what();
    }
    REQUIRE_THAT(failed, ContainsSubstring(": cannot be written: No space left on device"));
    REQUIRE(failed.rfind(work.folder.path().string(), 0) == 0);
    REQUIRE_THAT(failed, !ContainsSubstring("partial") && !ContainsSubstring("offsets"));
    if (std::filesystem::exists(work.job.folder.root)) {  // complete: only syncing and cleaning up were missing
      REQUIRE(names(work) == complete);
    } else {
      auto left = names(work);
      std::erase(left, "/.prepared.lock");
      REQUIRE(left == before);
    }
    work.job.files = &disk_files();
    work.run();
    REQUIRE(names(work) == complete);
    REQUIRE(work.open().corpus.pairs() == 3);
  }
}

TEST_CASE("prepare: a disk that is full at any byte is told, and what was there stays", "[data][prepare][error]") {
  std::mt19937_64 random(1);
  const auto text = joined(random_lines(random, 2, 40));
  PrepareWork work(text, text);
  work.run();
  const auto before = entries(work.folder.path());
  const auto size = work.open().source_vocabulary.size();
  const auto old_keys = std::exchange(work.job.keys.text, {"data.max_length=90"});  // so it is prepared anew
  const auto largest = std::filesystem::file_size(work.job.folder.source().tokens);
  for (std::uintmax_t most = 0; most < largest; most += 97) {
    CAPTURE(most);
    {
      const SmallDisk disk(most);
      REQUIRE_THROWS_WITH(work.run(), ContainsSubstring("cannot be written: File too large"));
    }
    REQUIRE(entries(work.folder.path()) == before);
    REQUIRE(open_prepared(work.job.folder, {old_keys, work.job.keys.vocabulary}).source_vocabulary.size() == size);
  }
  work.run();
  REQUIRE(work.open().source_vocabulary.size() == size);
}

TEST_CASE("prepare: a text that changes while it is read is told, and no folder is left", "[data][prepare][error]") {
  PrepareWork work("a\nb\n", "x\ny\n");
  const auto file = work.options.train.target.front();
  work.job.progress.now = [&file] {  // called after the files were checked
    std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
    return std::chrono::steady_clock::now();
  };
  REQUIRE_THROWS_WITH(work.run(),
                      file.string() + ": changed while it was being read. Run it again when the file is complete");
  REQUIRE(!std::filesystem::exists(work.job.folder.root));
  work.job.progress.now = std::chrono::steady_clock::now;
  work.run();
  REQUIRE(work.open().corpus.pairs() == 2);
}

TEST_CASE("prepare: words that were changed by hand are not taken for those of the tokens", "[data][prepare][error]") {
  const std::string words = GENERATE("# seq2seq vocabulary 1\nb\t2\na\t1\n", "# seq2seq vocabulary 1\na\t2\n", "");
  PrepareWork work("a a b\n", "x\n");
  work.run();
  work.folder.file("prepared/source.words", words);
  work.options.source.vocabulary.size = 1;
  work.job.keys.vocabulary = {"data.source.vocabulary.size=1"};
  work.run();  // reads the text again
  const auto prepared = work.open();
  REQUIRE(words_of(prepared.corpus.source, prepared.source_vocabulary, 0) ==
          std::vector<std::string>{"a", "a", "<unk>"});
}

TEST_CASE("prepared text: a number that its field does not hold is no number", "[data][prepare][error]") {
  const auto version = fmt::format("\"version\": {}", prepared_format_version);
  const auto [what, by] = GENERATE_COPY(table<std::string, std::string>({
      {version, version + ".0"},
      {version, fmt::format("\"version\": {}", (int64_t{1} << 32) + prepared_format_version)},
      {version, "\"version\": true"},
      {"\"lines\": 7", "\"lines\": 1e300"},
      {"\"lines\": 7", "\"lines\": 18446744073709551615"},
      {"\"lengths\": [", "\"lengths\": [0.5, "},
      {"\"lengths\": [", "\"lengths\": {}, \"others\": ["},
  }));
  CAPTURE(what, by);
  Summary summary;
  summary.lines = 7;
  summary.source.lengths = {1, 2};
  auto text = serialize(summary);
  text.replace(text.find(what), what.size(), by);
  REQUIRE_THROWS_WITH(parse_summary(text, "summary.json"), Catch::Matchers::StartsWith("summary.json: is damaged: `"));
}

TEST_CASE("prepared text: values that are nested too deeply are refused", "[data][prepare][error]") {
  const auto deep = "{\"format\": " + std::string(1'000'000, '[');
  REQUIRE_THROWS_WITH(parse_summary(deep, "summary.json"), ContainsSubstring("nested too deeply"));
}

TEST_CASE("prepare: a folder that holds something else is left alone", "[data][prepare][error]") {
  PrepareWork work("a\n", "x\n");
  work.folder.file("prepared/thesis.txt", "years of work");
  REQUIRE_THROWS_WITH(work.run(), ContainsSubstring("is not a folder of prepared text"));
  REQUIRE(content_of(work.folder / "prepared/thesis.txt") == "years of work");
}

TEST_CASE("prepare: bad text is told with its place, and no folder is left", "[data][prepare][error]") {
  const auto [source, target, message] = GENERATE(table<std::string, std::string, std::string>({
      {"a\nb\n", "x\n", "has 2 lines"},
      {"", "", "is empty"},
      {"a\nb\xFF\n", "x\ny\n", "source:2:2: byte 0xFF"},
      {"a\nb\n", "\n\n", "all pairs were left out: 2 with an empty target"},
  }));
  PrepareWork work(source, target);
  REQUIRE_THROWS_WITH(work.run(), ContainsSubstring(message));
  REQUIRE(!std::filesystem::exists(work.job.folder.root));
  REQUIRE(entries(work.folder.path()) == 3);  // both files and the lock
}

TEST_CASE("prepared text: other options are refused with what differs", "[data][prepare][error]") {
  PrepareWork work("a\n", "x\n");
  work.run();
  auto keys = work.job.keys;
  keys.text = {"data.max_length=50"};
  REQUIRE_THROWS_WITH(open_prepared(work.job.folder, keys), ContainsSubstring("`data.max_length` was 100 and is 50"));
  REQUIRE_THROWS_WITH(open_prepared({work.folder / "none"}, keys),
                      ContainsSubstring("is not a folder of prepared text"));
}

TEST_CASE("prepared text: a damaged file is named, whichever it is", "[data][prepare][error]") {
  PrepareWork work("a\nlong long\nb\n", "x\nx\ny\n");
  work.options.train.weights = {work.folder.file("weights", "1\n2\n3\n")};
  work.options.clean.max_length = 1;
  work.run();
  const std::string name = GENERATE("source.tokens", "source.ids", "source.vocabulary", "target.tokens", "target.ids",
                                    "target.vocabulary", "numbers.tokens", "weights.tokens", "summary.json");
  const auto damage = GENERATE(0, 1, 2, 3);
  if (name == "summary.json" && (damage == 1 || damage == 3))
    return;  // without it, the folder is not one of prepared text; one character may replace another: the files that it
             // describes are checked
  CAPTURE(name, damage);
  const auto file = work.job.folder.root / name;
  auto bytes = content_of(file);
  if (damage == 0) bytes.resize(bytes.size() / 2);
  // The middle of the summary may have the checksum of another file; then the error names that file.
  auto& one = bytes[name == "summary.json" ? 0 : bytes.size() / 2];
  if (damage == 1) one = static_cast<char>(one ^ 0x10);
  if (damage == 2) bytes.clear();
  work.folder.file("prepared/" + name, bytes);
  if (damage == 3) std::filesystem::remove(file);
  REQUIRE_THROWS_WITH(work.open(), ContainsSubstring(file.string()));
  if (damage == 3) REQUIRE_THROWS_WITH(work.open(), ContainsSubstring("is missing. Run `seq2seq prepare` again"));
  work.job.verifies = true;
  work.run();
  REQUIRE(work.open().corpus.pairs() == 2);
}
