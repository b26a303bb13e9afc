#include "seq2seq/data/clean/left_out.h"

#include <fmt/format.h>

#include "seq2seq/core/progress.h"

namespace seq2seq::data {
namespace {

struct Words {
  std::string_view name, meaning;
};

constexpr std::array<Words, reason_count> kWords{{
    {"invalid_utf8", "not UTF-8"},
    {"control_characters", "with control characters"},
    {"empty_target", "with an empty target"},
    {"empty_source", "with an empty source"},
    {"too_long", "too long"},
    {"unlike_lengths", "with lengths that differ too much"},
    {"duplicate", "seen before"},
}};

}  // namespace

std::string_view name_of(Reason reason) { return kWords[static_cast<std::size_t>(reason)].name; }
std::string_view meaning_of(Reason reason) { return kWords[static_cast<std::size_t>(reason)].meaning; }

std::array<Reason, reason_count> reasons() {
  std::array<Reason, reason_count> all{};
  for (std::size_t i = 0; i < reason_count; ++i) all[i] = static_cast<Reason>(i);
  return all;
}

void LeftOut::add(Reason reason, int64_t line) {
  auto& count = (*this)[reason];
  ++count.pairs;
  if (count.first_lines.size() < lines_kept) count.first_lines.push_back(line);
}

int64_t LeftOut::total() const {
  int64_t total = 0;
  for (const auto& count : counts_) total += count.pairs;
  return total;
}

std::string LeftOut::text() const {
  std::string text;
  for (const auto reason : reasons()) {
    if (const int64_t pairs = (*this)[reason].pairs; pairs > 0) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", format_count(pairs), meaning_of(reason));
    }
  }
  return text;
}

}  // namespace seq2seq::data
