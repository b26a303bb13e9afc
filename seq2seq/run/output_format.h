#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/decode/hypothesis.h"
#include "seq2seq/run/alignments.h"

namespace seq2seq::run {

/// How `translate` writes outputs.
enum class OutputFormat {
  text,   // the best output of each line
  moses,  // n-best lists: `number ||| text ||| features ||| score`
  tsv,    // a line per output, after a line of names
  json    // an object per line of the input
};

/// One output of a sentence, ready to be written.
struct Output {
  std::string text;  // what `translate` writes as plain text
  decode::Hypothesis hypothesis;
  std::vector<std::string> tokens;         // as the model wrote them
  std::optional<std::vector<Link>> links;  // empty: the model has no attention
};

/// `sentence	source	output	score	normalized_score	cut`: the names of the columns.
std::string tsv_header();
/// The line of one output. A tab in a text becomes a blank.
std::string tsv_line(int64_t sentence, std::string_view source, const Output& output);

struct JsonFormat {
  bool list = false;        // outputs are a list under `hypotheses`; otherwise the best one's members are the answer's
  bool normalized = false;  // with `normalized_score`
};
/// The members of an answer as a JSON object on one line: those of the outputs, best first, and `seconds`.
std::string json_answer(const std::vector<Output>& outputs, double seconds, const JsonFormat& format);

}  // namespace seq2seq::run
