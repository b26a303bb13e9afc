#pragma once

#include <algorithm>
#include <filesystem>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/data/prepare/open_prepared.h"
#include "seq2seq/data/prepare/prepare.h"
#include "test/support/random_text.h"
#include "test/support/temporary_folder.h"

namespace seq2seq::test {

using namespace seq2seq::data;

inline const auto kPreparedTokenizers = text::builtin_tokenizers();

/// A training text in its own folder, and the options for it.
struct PrepareWork {
  TemporaryFolder folder;
  DataOptions options;
  std::ostringstream said;
  Log log{said};
  PrepareJob job;

  PrepareWork(const std::string& source, const std::string& target) {
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

inline std::string line_of(const std::vector<int64_t>& ids) {
  std::string line;
  for (const int64_t id : ids) line += (line.empty() ? "w" : " w") + std::to_string(id);
  return line;
}

/// Lines of words whose numbers repeat, with some empty and some long ones.
inline std::vector<std::string> random_lines(std::mt19937_64& random, int rounds, int64_t words) {
  std::vector<std::string> lines;
  for (int round = 0; round < rounds; ++round) {
    for (const auto& ids : random_sentences(random, random_lengths(random), words)) lines.push_back(line_of(ids));
  }
  return lines;
}

inline std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

inline std::vector<std::string> words_of(const TokenStore& store, const text::Vocabulary& vocabulary,
                                         int64_t sentence) {
  std::vector<std::string> words;
  for (const int64_t id : store[sentence]) words.push_back(vocabulary.word(id));
  return words;
}

/// Returns the size of the source vocabulary if the folder opens with these keys.
inline std::optional<int64_t> words_by(const PreparedFolder& folder, const PrepareKeys& keys) {
  try {
    return std::ssize(open_prepared(folder, keys).source_vocabulary.words());
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// Returns the number of files in a folder, hidden ones included.
inline int64_t entries(const std::filesystem::path& folder) {
  return std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator());
}

}  // namespace seq2seq::test
