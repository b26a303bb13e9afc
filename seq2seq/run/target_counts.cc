#include "seq2seq/run/target_counts.h"

#include <charconv>
#include <cstddef>
#include <string_view>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/text.h"

namespace seq2seq::run {

namespace {

constexpr std::string_view counts_header = "# seq2seq counts 1";

}  // namespace

std::vector<int64_t> count_targets(const data::TokenStore& targets, const text::Vocabulary& vocabulary) {
  std::vector<int64_t> counts(static_cast<size_t>(vocabulary.size()), 0);
  for (int64_t sentence = 0; sentence < targets.size(); ++sentence)
    for (const int64_t id : targets[sentence])
      ++counts[static_cast<size_t>(id < vocabulary.size() ? id : text::unknown_id)];
  counts[text::end_id] = targets.size();
  return counts;
}

std::string counts_text(const std::vector<int64_t>& counts, const text::Vocabulary& vocabulary) {
  std::string text = fmt::format("{}\n", counts_header);
  for (size_t id = 0; id < counts.size(); ++id)
    text += fmt::format("{}\t{}\n", vocabulary.word(static_cast<int64_t>(id)), counts[id]);
  return text;
}

std::vector<int64_t> read_counts(const std::string& text, const text::Vocabulary& vocabulary,
                                 const std::filesystem::path& file) {
  const auto refuse = [&file](int64_t line, const std::string& problem) {
    throw FormatError(Place{.file = file.string(), .line = line}, problem, "Restore the file of the run");
  };
  const auto lines = split(text, '\n');  // the last one is empty
  if (lines.front() != counts_header)
    refuse(1, fmt::format("{} is not a header; the first line must be `{}`", quote(lines.front()), counts_header));
  std::vector<int64_t> counts;
  for (size_t line = 1; line + 1 < lines.size(); ++line) {
    const auto tab = lines[line].rfind('\t');
    const auto number = lines[line].substr(tab == std::string_view::npos ? 0 : tab + 1);
    const auto [end, fault] = std::from_chars(number.data(), number.data() + number.size(), counts.emplace_back());
    const bool known = std::ssize(counts) <= vocabulary.size() && tab != std::string_view::npos &&
                       lines[line].substr(0, tab) == vocabulary.word(std::ssize(counts) - 1);
    if (!known || fault != std::errc() || end != number.data() + number.size() || counts.back() < 0)
      refuse(static_cast<int64_t>(line) + 1, "is not the count of this word of the target's vocabulary");
  }
  if (std::ssize(counts) != vocabulary.size())
    refuse(0, fmt::format("has {} counts, but the target's vocabulary has {} words", counts.size(), vocabulary.size()));
  return counts;
}

}  // namespace seq2seq::run
