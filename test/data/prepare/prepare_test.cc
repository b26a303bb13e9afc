#include "seq2seq/data/prepare/prepare.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/data/prepare/open_prepared.h"
#include "seq2seq/text/sentencepiece.h"
#include "test/support/catch.h"
#include "test/support/failing_files.h"
#include "test/support/random_text.h"
#include "test/support/small_disk.h"
#include "test/support/temporary_folder.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

namespace {

const auto kPreparedTokenizers = text::builtin_tokenizers();

/// A training text in a folder of its own and what is asked of it.
struct Work {
  TemporaryFolder folder;
  DataOptions options;
  std::ostringstream said;
  Log log{said};
  PrepareJob job;

  Work(const std::string& source, const std::string& target) {
    options.train = {.source = {folder.file("source", source)}, .target = {folder.file("target", target)}, .pairs = {}};
    job.data = &options;
    job.tokenizers = &kPreparedTokenizers;
    job.folder = {folder / "prepared"};
    job.log = &log;
    job.threads = 2;
    job.keys = {{"data.max_length=100"}, {"data.source.vocabulary.size=0"}};
  }
  Summary run() { return prepare(job); }
  Prepared open() { return open_prepared(job.folder, job.keys); }
};

std::string line_of(const std::vector<int64_t>& ids) {
  std::string line;
  for (const int64_t id : ids) line += (line.empty() ? "w" : " w") + std::to_string(id);
  return line;
}

/// Lines of words whose numbers repeat, with some empty and some long ones.
std::vector<std::string> random_lines(std::mt19937_64& random, int rounds, int64_t words) {
  std::vector<std::string> lines;
  for (int round = 0; round < rounds; ++round) {
    for (const auto& ids : random_sentences(random, random_lengths(random), words)) lines.push_back(line_of(ids));
  }
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

std::vector<std::string> words_of(const TokenStore& store, const text::Vocabulary& vocabulary, int64_t sentence) {
  std::vector<std::string> words;
  for (const int64_t id : store[sentence]) words.push_back(vocabulary.word(id));
  return words;
}

/// The size of the source vocabulary, where the folder opens by these keys.
std::optional<int64_t> words_by(const PreparedFolder& folder, const PrepareKeys& keys) {
  try {
    return std::ssize(open_prepared(folder, keys).source_vocabulary.words());
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// The number of the files in a folder, hidden ones too.
int64_t entries(const std::filesystem::path& folder) {
  return std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator());
}

}  // namespace

TEST_CASE("prepare: gives what reading the text into memory gives, with any vocabulary",
          "[data][prepare][witness][property]") {
  const auto seed = GENERATE(range(1u, 4u));
  const auto size = GENERATE(int64_t{0}, int64_t{7});
  const auto shared = GENERATE(false, true);
  CAPTURE(seed, size, shared);
  std::mt19937_64 random(seed);
  Work work(joined(random_lines(random, 300, 40)), joined(random_lines(random, 300, 30)));
  work.options.clean.max_length = 11;
  work.options.source.vocabulary.size = size;
  work.options.shared_vocabulary = shared;
  const auto summary = work.run();
  const auto prepared = work.open();

  const auto text = TextPipeline::from_training_text(work.options, kPreparedTokenizers);
  const auto corpus = read_corpus(work.options.train, text);
  REQUIRE(prepared.source_vocabulary.serialize() == text.source_vocabulary().serialize());
  REQUIRE(prepared.target_vocabulary.serialize() == text.target_vocabulary().serialize());
  REQUIRE(prepared.corpus.pairs() == corpus.pairs());
  REQUIRE(prepared.corpus.left_out.text() == corpus.left_out.text());
  int64_t unknown = 0;
  for (int64_t i = 0; i < corpus.pairs(); ++i) {
    REQUIRE(prepared.corpus.number(i) == corpus.number(i));
    REQUIRE(prepared.corpus.source[i] == corpus.source[i]);
    REQUIRE(prepared.corpus.target[i] == corpus.target[i]);
    const auto ids = corpus.source[i];
    unknown += std::count(ids.begin(), ids.end(), text::unknown_id);
  }
  REQUIRE(summary.source.unknown == unknown);
  REQUIRE(summary.source.tokens == corpus.source.tokens());
  REQUIRE(summary.content_digest == content_digest(work.options.train));
}

TEST_CASE("prepare: a tokenizer that learns cuts prepared text as it cuts text in memory", "[data][prepare][witness]") {
  std::mt19937_64 random(5);
  Work work(joined(random_lines(random, 40, 40)), joined(random_lines(random, 40, 30)));
  work.options.shared_vocabulary = GENERATE(false, true);
  for (auto* side : {&work.options.source, &work.options.target}) {
    side->tokenizer = {.kind = "sentencepiece",
                       .options = std::make_shared<text::SentencePieceOptions>(text::SentencePieceOptions{.size = 30})};
  }
  work.run();
  const auto prepared = work.open();

  const auto text = TextPipeline::from_training_text(work.options, kPreparedTokenizers);
  const auto corpus = read_corpus(work.options.train, text);
  REQUIRE(prepared.models.source == text.models().source);
  REQUIRE((prepared.models.source == prepared.models.target) == work.options.shared_vocabulary);
  REQUIRE(prepared.corpus.pairs() == corpus.pairs());
  for (int64_t i = 0; i < corpus.pairs(); ++i) REQUIRE(prepared.corpus.source[i] == corpus.source[i]);
  const TextPipeline again(work.options, kPreparedTokenizers, prepared.source_vocabulary, prepared.target_vocabulary,
                           prepared.models);
  REQUIRE(again.source_tokenizer().tokenize("w3 w12") == text.source_tokenizer().tokenize("w3 w12"));
}

TEST_CASE("prepare: a special symbol in the text is refused with its place where that is asked for",
          "[data][prepare][error]") {
  Work work("a\nb </s>\n", "x\ny\n");
  work.options.special_symbols = text::SpecialSymbols::error;
  REQUIRE_THROWS_WITH(work.run(), ContainsSubstring((work.folder / "source").string() + ":2: holds the token `</s>`"));
  work.options.special_symbols = text::SpecialSymbols::escape;
  REQUIRE(work.run().source.escaped == 1);
  REQUIRE(work.run().source.words == 3);
}

TEST_CASE("prepare: the words that come back are those of the text", "[data][prepare]") {
  Work work("the cat\n\nthe <unk> dog\n", "le chat\nrien\nle chien\n");
  work.run();
  const auto prepared = work.open();

  REQUIRE(words_of(prepared.corpus.source, prepared.source_vocabulary, 0) == std::vector<std::string>{"the", "cat"});
  REQUIRE(prepared.corpus.source[1].empty());
  REQUIRE(prepared.corpus.source[2][1] == text::unknown_id);
  REQUIRE(words_of(prepared.corpus.target, prepared.target_vocabulary, 2) == std::vector<std::string>{"le", "chien"});
}

TEST_CASE("prepare: counts lengths, words and what was left out with its first lines", "[data][prepare]") {
  Work work("a b\na\na a a\na\n", "x\n\nx\nx y\n");
  work.options.clean.max_length = 2;
  const auto summary = work.run();

  REQUIRE(summary.lines == 4);
  REQUIRE(summary.pairs == 2);
  REQUIRE(summary.source.lengths[1] == 1);
  REQUIRE(summary.source.lengths[2] == 1);
  REQUIRE(summary.source.words == 2);
  REQUIRE(summary.target.tokens == 3);
  REQUIRE(summary.left_out[Reason::empty_target].first_lines == std::vector<int64_t>{2});
  REQUIRE(summary.left_out[Reason::too_long].first_lines == std::vector<int64_t>{3});
  REQUIRE(parse_summary(serialize(summary), "summary.json").left_out.text() == summary.left_out.text());
}

TEST_CASE("prepare: of pairs seen before the first is kept, in any order of threads", "[data][prepare]") {
  std::mt19937_64 random(1);
  const auto lines = random_lines(random, 600, 3);
  Work work(joined(lines), joined(std::vector<std::string>(lines.size(), "x")));
  work.options.clean.drop_duplicates = true;
  work.options.clean.max_length = 1000;
  work.job.threads = GENERATE(1, 2, 5);
  const auto summary = work.run();

  std::map<std::string, int64_t> first;
  for (std::size_t i = 0; i < lines.size(); ++i) first.emplace(lines[i], static_cast<int64_t>(i));
  REQUIRE(summary.pairs == std::ssize(first));
  REQUIRE(summary.left_out[Reason::duplicate].pairs == std::ssize(lines) - std::ssize(first));
  const auto prepared = work.open();
  for (int64_t i = 0; i < summary.pairs; ++i) {
    const auto number = prepared.corpus.number(i);
    REQUIRE(first.at(lines[static_cast<std::size_t>(number)]) == number);
  }
}

TEST_CASE("prepare: a second call writes nothing, and another vocabulary leaves the tokens as they are",
          "[data][prepare]") {
  Work work("a a b\nc\n", "x\ny\n");
  FailingFiles counted(disk_files());
  work.job.files = &counted;
  work.run();
  const auto tokens = std::filesystem::last_write_time(work.job.folder.source().tokens);
  const int before = counted.operations();
  work.run();
  REQUIRE(counted.operations() == before + 1);  // the folder of the lock

  work.options.source.vocabulary.size = 1;
  work.job.keys.vocabulary = {"data.source.vocabulary.size=1"};
  const auto summary = work.run();
  REQUIRE(summary.source.unknown == 2);
  REQUIRE(std::filesystem::last_write_time(work.job.folder.source().tokens) == tokens);
  REQUIRE(work.open().source_vocabulary.words().size() == 1);
}

TEST_CASE("prepare: text that changed is prepared anew; text that only moved is not", "[data][prepare]") {
  Work work("a\nb\n", "x\ny\n");
  work.run();
  const auto tokens = std::filesystem::last_write_time(work.job.folder.source().tokens);
  work.options.train.source = {work.folder.file("elsewhere/source", "a\nb\n")};
  work.run();
  REQUIRE(std::filesystem::last_write_time(work.job.folder.source().tokens) == tokens);

  work.folder.file("elsewhere/source", "a\nb b\n");
  REQUIRE(work.run().source.tokens == 3);
  REQUIRE(work.open().corpus.source.tokens() == 3);
}

TEST_CASE("prepare: whichever operation fails, nothing is taken for what it is not, and the next call mends it",
          "[data][prepare][error]") {
  const auto text_changed = GENERATE(true, false);  // otherwise only the vocabulary
  CAPTURE(text_changed);
  bool failed = true;
  for (int nth = 2; failed; ++nth) {  // the first makes the folder of the lock
    CAPTURE(nth);
    Work work("a\nb\n", "x\ny\n");
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
    } catch (const Error&) {  // by the old keys only the old words are to be had
      REQUIRE(words_by(work.job.folder, old_keys).value_or(2) == 2);
    }
    work.job.files = &disk_files();
    work.run();
    REQUIRE(entries(work.folder.path()) == before);
    REQUIRE(work.open().source_vocabulary.words().size() == 1);
    REQUIRE(work.open().corpus.source.tokens() == (text_changed ? 3 : 2));
  }
}

TEST_CASE("prepare: a disk that is full at any byte is told, and what was there stays", "[data][prepare][error]") {
  std::mt19937_64 random(1);
  const auto text = joined(random_lines(random, 2, 40));
  Work work(text, text);
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
  Work work("a\nb\n", "x\ny\n");
  const auto file = work.options.train.target.front();
  work.job.progress.now = [&file] {  // asked after the files were looked at
    std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
    return std::chrono::steady_clock::now();
  };
  REQUIRE_THROWS_WITH(work.run(),
                      file.string() + ": has changed while it was read. Run it again when the file is complete");
  REQUIRE(!std::filesystem::exists(work.job.folder.root));
  work.job.progress.now = std::chrono::steady_clock::now;
  work.run();
  REQUIRE(work.open().corpus.pairs() == 2);
}

TEST_CASE("prepare: words that were changed by hand are not taken for those of the tokens", "[data][prepare][error]") {
  const std::string words = GENERATE("# seq2seq vocabulary 1\nb\t2\na\t1\n", "# seq2seq vocabulary 1\na\t2\n", "");
  Work work("a a b\n", "x\n");
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

TEST_CASE("prepared text: values that lie too deep within each other are refused", "[data][prepare][error]") {
  const auto deep = "{\"format\": " + std::string(1'000'000, '[');
  REQUIRE_THROWS_WITH(parse_summary(deep, "summary.json"), ContainsSubstring("too deep within each other"));
}

TEST_CASE("prepare: a folder that holds something else is left alone", "[data][prepare][error]") {
  Work work("a\n", "x\n");
  work.folder.file("prepared/thesis.txt", "years of work");
  REQUIRE_THROWS_WITH(work.run(), ContainsSubstring("holds no prepared text"));
  REQUIRE(content_of(work.folder / "prepared/thesis.txt") == "years of work");
}

TEST_CASE("prepare: bad text is told with its place, and no folder is left", "[data][prepare][error]") {
  const auto [source, target, message] = GENERATE(table<std::string, std::string, std::string>({
      {"a\nb\n", "x\n", "has 2 lines"},
      {"", "", "is empty"},
      {"a\nb\xFF\n", "x\ny\n", "source:2:2: byte 0xFF"},
      {"a\nb\n", "\n\n", "no pair is left: 2 with an empty target"},
  }));
  Work work(source, target);
  REQUIRE_THROWS_WITH(work.run(), ContainsSubstring(message));
  REQUIRE(!std::filesystem::exists(work.job.folder.root));
  REQUIRE(entries(work.folder.path()) == 3);  // both files and the lock
}

TEST_CASE("prepared text: other options are refused with what differs", "[data][prepare][error]") {
  Work work("a\n", "x\n");
  work.run();
  auto keys = work.job.keys;
  keys.text = {"data.max_length=50"};
  REQUIRE_THROWS_WITH(open_prepared(work.job.folder, keys), ContainsSubstring("`data.max_length` was 100 and is 50"));
  REQUIRE_THROWS_WITH(open_prepared({work.folder / "none"}, keys), ContainsSubstring("holds no prepared text"));
}

TEST_CASE("prepared text: a damaged file is named, whichever it is", "[data][prepare][error]") {
  Work work("a\nlong long\nb\n", "x\nx\ny\n");
  work.options.train.weights = {work.folder.file("weights", "1\n2\n3\n")};
  work.options.clean.max_length = 1;
  work.run();
  const std::string name = GENERATE("source.tokens", "source.ids", "source.vocabulary", "target.tokens", "target.ids",
                                    "target.vocabulary", "numbers.tokens", "weights.tokens", "summary.json");
  const auto damage = GENERATE(0, 1, 2);
  if (name == "summary.json" && damage == 1)
    return;  // one character may stand for another: what it tells of is checked
  CAPTURE(name, damage);
  const auto file = work.job.folder.root / name;
  auto bytes = content_of(file);
  if (damage == 0) bytes.resize(bytes.size() / 2);
  // In the middle of the summary may stand the checksum of another file, which would then be the one that is named.
  auto& one = bytes[name == "summary.json" ? 0 : bytes.size() / 2];
  if (damage == 1) one = static_cast<char>(one ^ 0x10);
  if (damage == 2) bytes.clear();
  work.folder.file("prepared/" + name, bytes);
  REQUIRE_THROWS_WITH(work.open(), ContainsSubstring(file.string()));
}

TEST_CASE("prepare: several corpora with tags and weights come out as read into memory", "[data][prepare][witness]") {
  const auto seed = GENERATE(range(1u, 4u));
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  Work work(joined(random_lines(random, 300, 40)), joined(random_lines(random, 300, 30)));
  auto& train = work.options.train;
  std::string columns, weights;
  for (int line = 0; line < 5000; ++line) {
    columns +=
        random_text(random, {"a ", "b "}, 1 + line % 3) + "\t" + random_text(random, {"c ", "d "}, line % 4) + "\n";
    weights += std::to_string(line % 7) + ".25\n";
  }
  train.pairs = {work.folder.file("columns", columns)};
  train.tags = {"", "<columns>"};
  train.weights = {"", work.folder.file("weights", weights)};
  work.options.clean.max_length = 11;
  const auto summary = work.run();
  const auto prepared = work.open();

  const auto text = TextPipeline::from_training_text(work.options, kPreparedTokenizers);
  const auto corpus = read_corpus(train, text);
  REQUIRE(text.source_vocabulary().id("<columns>") != text::unknown_id);
  REQUIRE(prepared.corpus.pairs() == corpus.pairs());
  REQUIRE(prepared.corpus.pairs_of == corpus.pairs_of);
  REQUIRE(corpus.pairs_of[1] == 3750);
  REQUIRE(prepared.corpus.weighted());
  for (int64_t i = 0; i < corpus.pairs(); ++i) {
    REQUIRE(prepared.corpus.source[i] == corpus.source[i]);
    REQUIRE(prepared.corpus.weight(i) == corpus.weight(i));
  }
  REQUIRE(summary.content_digest == content_digest(train));
}

TEST_CASE("prepare: other weights are prepared anew", "[data][prepare]") {
  Work work("a\nb\n", "x\ny\n");
  work.options.train.weights = {work.folder.file("weights", "1\n2\n")};
  work.run();
  REQUIRE(work.open().corpus.weight(1) == 2);
  work.folder.file("weights", "1\n30\n");
  work.run();
  REQUIRE(work.open().corpus.weight(1) == 30);
  work.options.train.weights.clear();
  work.run();
  REQUIRE_FALSE(work.open().corpus.weighted());
}
