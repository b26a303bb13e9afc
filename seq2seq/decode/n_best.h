#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "seq2seq/decode/hypothesis.h"

namespace seq2seq::decode {

/// A hypothesis in the n-best format of Moses, without line end: `sentence ||| text ||| features ||| score`, with
/// sentences counted from 0. `logprob` is the natural log-probability. The score is the number that ranks the
/// hypothesis: the same number unless `decode.length_normalization` divides it.
///
///   0 ||| AH B AW T ||| logprob= -0.52 ||| -0.52
///
/// With `token_scores` a second feature lists the score of each token and the end symbol, `tokens= -0.1 -0.2 ...`. A
/// hypothesis cut at the longest length has the feature `cut= 1`. Numbers have 9 significant digits. The text is not
/// escaped and may contain ` ||| `: see `split_n_best`.
/// `name` is the name of the first feature: `logprob`, or `fused` for scores of a model and a language model together.
std::string n_best_line(int64_t sentence, std::string_view text, const Hypothesis& hypothesis, bool token_scores,
                        std::string_view name = "logprob");

/// The fields of a line, as views of it.
struct NBestFields {
  std::string_view sentence, text, features, score;
};

/// Splits off the first field and the last two; the rest is the text. This restores every field that `n_best_line`
/// wrote, because only the text can contain `|||`. Returns nothing for a line of fewer than four fields.
std::optional<NBestFields> split_n_best(std::string_view line);

/// Returns true if `features` contains a feature with this name.
bool has_feature(std::string_view features, std::string_view name);

/// Returns the line with ` name= value` added after its features. `fields` are the fields of the line.
std::string with_feature(std::string_view line, const NBestFields& fields, std::string_view name, double value);

}  // namespace seq2seq::decode
