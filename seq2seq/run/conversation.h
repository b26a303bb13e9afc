#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/run/load.h"
#include "seq2seq/run/output_words.h"

namespace seq2seq::run {

/// Answers a person's lines: sentences, and commands that begin with `:` and refer to the last sentence (`:help`).
class Conversation {
 public:
  /// `run` must outlive it; `:n-best` changes its search. `tokens`: sentences are tokens between blanks.
  Conversation(LoadedRun& run, bool tokens);
  /// Returns the text to show, which ends in a line feed or is empty; no value if the conversation is over. Throws
  /// Error for a line that the model cannot read and for an invalid command; the conversation can continue.
  std::optional<std::string> answer(const std::string& line);

 private:
  struct Shown {
    decode::Readings sources;
    std::vector<std::string> source_tokens;
    std::vector<decode::Hypothesis> outputs;
  };
  std::string translate(const std::string& line);
  std::string follow(std::string_view command, const std::vector<std::string_view>& arguments);
  std::string not_known() const;
  std::string n_best(int64_t count);
  std::string tokens(int64_t number) const;
  std::string alignment(int64_t number) const;
  std::string alternatives(int64_t position, int64_t count) const;
  std::vector<std::string> target_words(const std::vector<int64_t>& ids) const;
  const decode::Hypothesis& output(int64_t number) const;

  LoadedRun* run_;
  bool tokens_;
  int64_t beam_;  // as configured; lists that are longer widen it
  OutputWords words_;
  int64_t lines_ = 0;
  std::optional<Shown> last_;
};

}  // namespace seq2seq::run
