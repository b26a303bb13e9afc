#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "seq2seq/core/text.h"
#include "seq2seq/text/subwords/sample.h"

namespace seq2seq::text::subwords {
namespace {

// SentencePiece's penalty of an unknown character, relative to its least probable piece (unk_penalty of its unigram
// model).
constexpr double kUnknownPenalty = 10;

struct Edge {
  std::size_t first;  // byte where its piece begins
  double weight;      // alpha times the piece's score
};

/// The pieces that end at each byte of the text.
using Lattice = std::vector<std::vector<Edge>>;

Lattice lattice_of(std::string_view text, const Pieces& pieces, double alpha) {
  Lattice ending(text.size() + 1);
  const double unknown = pieces.lowest_score() - kUnknownPenalty;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t character = std::max<std::size_t>(1, character_bytes(text.substr(at)));
    bool known = false;
    pieces.prefixes_of(text.substr(at), [&](const Pieces::Piece& piece) {
      known = known || piece.text.size() == character;
      ending[at + piece.text.size()].push_back({at, alpha * piece.score});
    });
    if (!known) ending[at + character].push_back({at, alpha * unknown});
    at += character;
  }
  return ending;
}

/// log of the sum of exp(weight) over all paths through these edges.
double log_sum(const std::vector<Edge>& edges, const std::vector<double>& reached) {
  double largest = -std::numeric_limits<double>::infinity();
  for (const auto& edge : edges) largest = std::max(largest, reached[edge.first] + edge.weight);
  if (std::isinf(largest)) return largest;  // inside a character: no piece ends here
  double sum = 0;
  for (const auto& edge : edges) sum += std::exp(reached[edge.first] + edge.weight - largest);
  return largest + std::log(sum);
}

const Edge& draw_edge(const std::vector<Edge>& edges, const std::vector<double>& reached, double total, Draws& draws) {
  if (edges.size() == 1) return edges.front();  // the usual case: needs no random number
  double rest = draws.next();
  for (const auto& edge : edges) {
    rest -= std::exp(reached[edge.first] + edge.weight - total);
    if (rest < 0) return edge;
  }
  // Rounding left a remainder: take the most probable edge.
  return *std::max_element(edges.begin(), edges.end(), [&](const Edge& a, const Edge& b) {
    return reached[a.first] + a.weight < reached[b.first] + b.weight;
  });
}

}  // namespace

std::vector<std::string_view> sample_unigram(std::string_view text, const Pieces& pieces, double alpha, Draws& draws) {
  const auto ending = lattice_of(text, pieces, alpha);
  std::vector<double> reached(text.size() + 1, 0);  // forward filtering
  for (std::size_t end = 1; end <= text.size(); ++end) reached[end] = log_sum(ending[end], reached);
  std::vector<std::string_view> parts;  // backward sampling
  for (std::size_t end = text.size(); end > 0;) {
    const std::size_t first = draw_edge(ending[end], reached, reached[end], draws).first;
    parts.push_back(text.substr(first, end - first));
    end = first;
  }
  std::reverse(parts.begin(), parts.end());
  return parts;
}

}  // namespace seq2seq::text::subwords
