#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/decode/hypothesis.h"
#include "seq2seq/run/alignments.h"

namespace seq2seq::run {

/// Output format of `translate`.
enum class OutputFormat {
  text,   // the best output of each line
  moses,  // n-best lists: `number ||| text ||| features ||| score`
  tsv,    // a line per output, after a line of column names
  json    // an object per input line
};

/// One output of a sentence, ready to be written.
struct Output {
  std::string text;  // plain text of the output, as `translate` writes it
  decode::Hypothesis hypothesis;
  std::vector<std::string> tokens;         // as the model wrote them
  std::optional<std::vector<Link>> links;  // no value: the model has no attention
};

/// Returns the names of the columns: `sentence     source  output  score   normalized_score        cut`.
std::string tsv_header();
/// Returns the line of one output. Tabs in texts become blanks.
std::string tsv_line(int64_t sentence, std::string_view source, const Output& output);

struct JsonFormat {
  bool list = false;        // outputs as a list under `hypotheses`, not only the best one's members
  bool normalized = false;  // true: writes `normalized_score`
};
/// Returns the members of an answer as a JSON object on one line: the outputs, best first, and `seconds`.
std::string json_answer(const std::vector<Output>& outputs, double seconds, const JsonFormat& format);

}  // namespace seq2seq::run
