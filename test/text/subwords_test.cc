#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "seq2seq/text/subwords/pieces.h"
#include "seq2seq/text/subwords/sample.h"
#include "test/support/catch.h"

using namespace seq2seq;
using namespace seq2seq::test;
using text::Draws;
using text::Side;
using text::subwords::Pieces;

namespace {

using Parts = std::vector<std::string>;
using Distribution = std::map<Parts, double>;

constexpr int kSamples = 40000;

/// The scores of pieces; none of them has `d`.
const std::map<std::string, double> kUnigram{{"a", -2.0},   {"b", -2.5},  {"é", -3.0}, {"ab", -3.1}, {"ba", -4.0},
                                             {"aba", -5.0}, {"bé", -3.7}, {"▁", -1.0}, {"▁a", -1.8}, {"▁ab", -2.9}};
const std::map<std::string, double> kBpe{{"ab", 0},   {"▁a", -1}, {"ba", -2}, {"▁ab", -3}, {"abab", -4}, {"bé", -5},
                                         {"aba", -6}, {"a", -7},  {"b", -8},  {"é", -9},   {"▁", -10}};

Pieces pieces_of(const std::map<std::string, double>& scores) {
  std::vector<Pieces::Piece> pieces;
  for (const auto& [text, score] : scores) pieces.push_back({text, score});
  return Pieces(std::move(pieces));
}

Parts each_character(const std::string& text) {
  Parts characters;
  for (const char byte : text) {
    if ((static_cast<unsigned char>(byte) & 0xC0U) == 0x80U) {
      characters.back() += byte;
    } else {
      characters.emplace_back(1, byte);
    }
  }
  return characters;
}

/// Returns p^alpha of every segmentation, by enumeration.
Distribution by_enumeration(const std::string& text, double alpha) {
  const auto characters = each_character(text);
  double lowest = 0;
  for (const auto& [piece, score] : kUnigram) lowest = std::min(lowest, score);
  Distribution weights;
  double total = 0;
  const std::function<void(std::size_t, Parts, double)> visit = [&](std::size_t at, Parts parts, double score) {
    if (at == characters.size()) {
      weights[parts] = std::exp(alpha * score);
      total += weights[parts];
      return;
    }
    std::string part;
    for (std::size_t end = at; end < characters.size(); ++end) {
      part += characters[end];
      const auto piece = kUnigram.find(part);
      if (piece == kUnigram.end() && end > at) continue;
      auto longer = parts;
      longer.push_back(part);
      visit(end + 1, longer, score + (piece == kUnigram.end() ? lowest - 10 : piece->second));
    }
  };
  visit(0, {}, 0);
  for (auto& [parts, weight] : weights) weight /= total;
  return weights;
}

/// Returns the probability of every outcome of merging with dropout: at each step, the k-th best merge is made with
/// probability dropout^k (1 - dropout), and none with dropout^n.
Distribution by_recursion(const Parts& parts, double dropout) {
  std::vector<std::pair<double, std::size_t>> merges;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    const auto made = kBpe.find(parts[i] + parts[i + 1]);
    if (made != kBpe.end()) merges.emplace_back(-made->second, i);
  }
  std::sort(merges.begin(), merges.end());
  Distribution result;
  double rest = 1;
  for (const auto& [rank, left] : merges) {
    auto merged = parts;
    merged[left] += merged[left + 1];
    merged.erase(merged.begin() + static_cast<std::ptrdiff_t>(left) + 1);
    for (const auto& [outcome, probability] : by_recursion(merged, dropout)) {
      result[outcome] += rest * (1 - dropout) * probability;
    }
    rest *= dropout;
  }
  result[parts] += rest;
  return result;
}

template <class Sample>
Distribution measured(Sample sample) {
  Distribution shares;
  for (int i = 0; i < kSamples; ++i) {
    Draws draws(1, Side::source, 0, static_cast<uint64_t>(i));
    Parts parts;
    for (const auto part : sample(draws)) parts.emplace_back(part);
    shares[parts] += 1.0 / kSamples;
  }
  return shares;
}

/// Checks each outcome to five standard deviations of its expected share; impossible outcomes must not occur.
void require_same(const Distribution& expected, const Distribution& found) {
  for (const auto& [parts, share] : found) {
    CAPTURE(parts, share);
    REQUIRE(expected.count(parts) == 1);
  }
  for (const auto& [parts, probability] : expected) {
    const auto share = found.count(parts) == 1 ? found.at(parts) : 0;
    CAPTURE(parts, probability, share);
    REQUIRE(std::abs(share - probability) <= 5 * std::sqrt(probability * (1 - probability) / kSamples) + 1e-9);
  }
}

}  // namespace

TEST_CASE("subwords: a segmentation is drawn as often as enumeration says", "[text][subwords][property]") {
  const double alpha = GENERATE(0.0, 0.2, 1.0, 3.0);
  const std::string text = GENERATE("ababé", "▁ab▁aba", "▁abdb", "a");
  CAPTURE(alpha, text);
  const auto pieces = pieces_of(kUnigram);

  require_same(by_enumeration(text, alpha),
               measured([&](Draws& draws) { return text::subwords::sample_unigram(text, pieces, alpha, draws); }));
}

TEST_CASE("subwords: merging with dropout ends as often as recursion says", "[text][subwords][property]") {
  const double dropout = GENERATE(0.0, 0.1, 0.5, 0.9, 1.0);
  const std::string text = GENERATE("ababé", "▁abab", "▁abdba", "a");
  CAPTURE(dropout, text);
  const auto pieces = pieces_of(kBpe);

  require_same(by_recursion(each_character(text), dropout), measured([&](Draws& draws) {
                 return text::subwords::merge_with_dropout(text, pieces, dropout, draws);
               }));
}

TEST_CASE("subwords: no merge reaches into the next word unless a piece does", "[text][subwords]") {
  const std::string text = "ab▁a▁▁ab";
  Draws draws(1, Side::source, 0, 0);
  const auto merged = [&](std::map<std::string, double> scores) {
    Parts parts;
    for (const auto part : text::subwords::merge_with_dropout(text, pieces_of(scores), 0, draws)) {
      parts.emplace_back(part);
    }
    return parts;
  };
  auto crossing = kBpe;
  crossing["ab▁a"] = 1;

  REQUIRE(merged(kBpe) == Parts{"ab", "▁a", "▁", "▁ab"});
  REQUIRE(merged(crossing) == Parts{"ab▁a", "▁", "▁ab"});
}

TEST_CASE("subwords: prefixes are the pieces that a text begins with, shortest first", "[text][subwords][property]") {
  const auto pieces = pieces_of(kUnigram);
  const std::string text = GENERATE("abaé", "▁abc", "b", "bé", "dab", "", "\xC3");
  Parts expected, found;
  for (const auto& [piece, score] : kUnigram) {
    if (text.starts_with(piece)) expected.push_back(piece);
  }
  pieces.prefixes_of(text, [&](const Pieces::Piece& piece) { found.push_back(piece.text); });
  CAPTURE(text);

  REQUIRE(found == expected);  // a map is in byte order, so a prefix is before longer pieces
}
