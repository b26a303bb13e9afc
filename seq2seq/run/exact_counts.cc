#include "seq2seq/run/exact_counts.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <fmt/format.h>

#include "seq2seq/core/progress.h"

namespace seq2seq::run {

namespace {

struct Rate {
  std::string_view name;
  int64_t ExactCounts::*count;
};
constexpr std::array<Rate, 3> rates{{{"search_error_rate", &ExactCounts::missed},
                                     {"empty_best_rate", &ExactCounts::empty},
                                     {"unproven_rate", &ExactCounts::unproven}}};

}  // namespace

void ExactCounts::add(const decode::Hypothesis& best) {
  ++sentences;
  unproven += best.proven ? 0 : 1;
  missed += best.missed ? 1 : 0;
  empty += best.proven && best.ids.empty() ? 1 : 0;
}

ExactCounts& ExactCounts::operator+=(const ExactCounts& other) {
  sentences += other.sentences;
  for (const auto& rate : rates) this->*rate.count += other.*rate.count;
  return *this;
}

const std::vector<std::string>& exact_rate_names() {
  static const auto names = [] {
    std::vector<std::string> all;
    for (const auto& rate : rates) all.emplace_back(rate.name);
    return all;
  }();
  return names;
}

bool is_exact_rate(std::string_view name) {
  return std::ranges::any_of(rates, [name](const Rate& rate) { return rate.name == name; });
}

double counts_for(std::string_view name, const ExactCounts& output) {
  auto counts = output;
  if (counts.sentences == 0) counts.add({});
  for (const auto& rate : rates)
    if (rate.name == name) return static_cast<double>(counts.*rate.count);
  throw std::invalid_argument("unknown rate `" + std::string(name) + "`");
}

train::Figures rates_of(const ExactCounts& counts) {
  train::Figures figures;
  if (counts.sentences == 0) return figures;
  for (const auto& rate : rates)
    figures[std::string(rate.name)] = static_cast<double>(counts.*rate.count) / static_cast<double>(counts.sentences);
  return figures;
}

std::string describe(const ExactCounts& counts) {
  const auto stopped = counts.unproven == 0
                           ? std::string()
                           : fmt::format(" ({} stopped at `decode.exact_nodes`)", format_count(counts.unproven));
  return fmt::format("best output proven for {} of {}{}; beam search missed it for {}, it is empty for {}",
                     format_count(counts.sentences - counts.unproven), format_count(counts.sentences, "sentence"),
                     stopped, format_count(counts.missed), format_count(counts.empty));
}

}  // namespace seq2seq::run
