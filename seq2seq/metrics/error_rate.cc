#include "seq2seq/metrics/error_rate.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "seq2seq/core/error.h"

namespace seq2seq::metrics {
namespace {

using Names = std::unordered_map<std::string_view, int>;

std::vector<int> numbered(const Tokens& tokens, Names& names) {
  std::vector<int> numbers;
  numbers.reserve(tokens.size());
  for (const auto& token : tokens)
    numbers.push_back(names.emplace(token, static_cast<int>(names.size())).first->second);
  return numbers;
}

struct Distance {
  int64_t edits, tokens;
  bool nearer_than(const Distance& other) const {
    return edits * std::max<int64_t>(other.tokens, 1) < other.edits * std::max<int64_t>(tokens, 1);
  }
};

Distance nearest(const Tokens& hypothesis, const std::vector<Tokens>& references) {
  Distance best{};
  for (std::size_t i = 0; i < references.size(); ++i) {
    const Distance distance{edit_distance(hypothesis, references[i]), std::ssize(references[i])};
    if (i == 0 || distance.nearer_than(best)) best = distance;
  }
  return best;
}

double share(int64_t part, int64_t whole) { return error_share(static_cast<double>(part), static_cast<double>(whole)); }

}  // namespace

double error_share(double errors, double tokens) {
  if (tokens > 0) return errors / tokens;
  return errors == 0 ? 0 : std::numeric_limits<double>::infinity();
}

int64_t edit_distance(const Tokens& a, const Tokens& b) {
  Names names;
  const auto rows = numbered(a, names);
  const auto columns = numbered(b, names);
  std::vector<int64_t> above(columns.size() + 1);  // distances of the tokens of `a` so far to each prefix of `b`
  std::iota(above.begin(), above.end(), 0);
  std::vector<int64_t> current(above.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    current[0] = above[0] + 1;
    for (std::size_t j = 0; j < columns.size(); ++j) {
      const int64_t substituted = above[j] + (rows[i] == columns[j] ? 0 : 1);
      current[j + 1] = std::min({substituted, above[j + 1] + 1, current[j] + 1});
    }
    std::swap(above, current);
  }
  return above.back();
}

ErrorRates& ErrorRates::operator+=(const ErrorRates& other) {
  sequences += other.sequences;
  exact += other.exact;
  edits += other.edits;
  reference_tokens += other.reference_tokens;
  return *this;
}

double ErrorRates::exact_match() const { return share(exact, sequences); }
double ErrorRates::sequence_error_rate() const { return share(sequences - exact, sequences); }
double ErrorRates::token_error_rate() const { return share(edits, reference_tokens); }

ErrorRates error_rates(const std::vector<Tokens>& hypotheses, const std::vector<std::vector<Tokens>>& references) {
  if (hypotheses.size() != references.size()) {
    throw Error(fmt::format("{} hypotheses, but references for {} sentences", hypotheses.size(), references.size()));
  }
  if (hypotheses.empty()) throw Error("the error rate of no sequences is undefined");
  ErrorRates rates;
  for (std::size_t i = 0; i < hypotheses.size(); ++i) {
    if (references[i].empty()) throw Error(fmt::format("sequence {} has no reference", i + 1));
    const auto distance = nearest(hypotheses[i], references[i]);
    ++rates.sequences;
    rates.exact += distance.edits == 0 ? 1 : 0;
    rates.edits += distance.edits;
    rates.reference_tokens += distance.tokens;
  }
  return rates;
}

ErrorRates word_error_rates(const std::vector<std::string>& hypotheses, const References& references) {
  std::vector<Tokens> hypothesis_words;
  for (const auto& line : hypotheses) hypothesis_words.push_back(split_words(line));
  std::vector<std::vector<Tokens>> reference_words;
  for (const auto& lines : references) {
    auto& words = reference_words.emplace_back();
    for (const auto& line : lines) words.push_back(split_words(line));
  }
  return error_rates(hypothesis_words, reference_words);
}

}  // namespace seq2seq::metrics
