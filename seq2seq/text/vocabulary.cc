#include "seq2seq/text/vocabulary.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/files.h"
#include "seq2seq/core/text.h"
#include "seq2seq/text/characters.h"

namespace seq2seq::text {
namespace {

constexpr std::string_view kName = "# seq2seq vocabulary ";
constexpr std::string_view kVersion = "1";
const std::array<std::string, special_count> kSpecials{"<unk>", "<s>", "</s>"};

struct Fault {
  std::size_t offset;  // within the line
  std::string problem;
};

/// Returns the reason why `word` is not a valid word, or an empty string.
std::string wrong_word(std::string_view word) {
  if (word.empty()) return "a word is missing";
  if (is_special(word)) return fmt::format("`{}` is a special symbol, not a word; every vocabulary has it", word);
  if (std::any_of(word.begin(), word.end(), is_blank)) {
    return fmt::format("{} contains whitespace, which is not allowed in a word", quote(word));
  }
  return {};
}

/// Reads `word<TAB>count`.
std::optional<Fault> read_word(std::string_view line, Vocabulary::Word& word) {
  if (const auto fault = find_text_fault(line)) return Fault{fault->offset, fault->problem};
  if (line.ends_with('\r')) return Fault{line.size() - 1, "a Windows line end; a vocabulary needs `\\n`"};
  const std::size_t tab = line.rfind('\t');
  if (tab == std::string_view::npos) {
    return Fault{0, fmt::format("{} has no count; a line is `word<TAB>count`", quote(line))};
  }
  word.text = line.substr(0, tab);
  if (auto problem = wrong_word(word.text); !problem.empty()) return Fault{0, std::move(problem)};
  const auto digits = line.substr(tab + 1);
  const char* const end = digits.data() + digits.size();
  const auto [stop, status] = std::from_chars(digits.data(), end, word.count);
  if (status != std::errc() || stop != end || word.count < 0) {
    return Fault{tab + 1, fmt::format("{} is not a count; expected a whole number of at least 0", quote(digits))};
  }
  return std::nullopt;
}

void check_header(const std::filesystem::path& file, std::string_view line) {
  const Place place{file.string(), 1, 1, {}};
  const auto expected = fmt::format("the first line of a vocabulary is `{}{}`", kName, kVersion);
  if (line.starts_with(byte_order_mark)) throw FormatError(place, "begins with a byte order mark (BOM); " + expected);
  if (line.ends_with('\r')) throw FormatError(place, "has Windows line ends; a vocabulary needs `\\n`");
  if (!line.starts_with(kName)) {
    throw FormatError(place, fmt::format("{} is not a header; {}", quote(line), expected));
  }
  if (const auto version = line.substr(kName.size()); version != kVersion) {
    throw FormatError(place, fmt::format("format version {}; this program reads version {}", quote(version), kVersion));
  }
}

/// Throws the first of the faults and names the lines of the others.
void throw_faults(const std::vector<std::pair<Place, std::string>>& faults) {
  constexpr std::size_t kNamed = 10;
  std::string others;
  for (std::size_t i = 1; i < faults.size() && i <= kNamed; ++i) {
    others += fmt::format("{} {}", i > 1 ? "," : "", faults[i].first.line);
  }
  if (faults.size() > kNamed + 1) others += fmt::format(" and {} more", faults.size() - kNamed - 1);
  throw FormatError(faults[0].first, faults[0].second, others.empty() ? "" : "Other invalid lines:" + others);
}

}  // namespace

bool is_special(std::string_view word) {
  return std::find(kSpecials.begin(), kSpecials.end(), word) != kSpecials.end();
}

Vocabulary::Vocabulary(std::vector<Word> words) : words_(std::move(words)) {
  ids_.reserve(words_.size());
  for (std::size_t i = 0; i < words_.size(); ++i) {
    const auto& word = words_[i].text;
    if (auto problem = wrong_word(word); !problem.empty()) throw Error("vocabulary: " + problem);
    if (!ids_.emplace(word, static_cast<int64_t>(i) + special_count).second) {
      throw Error(fmt::format("vocabulary: duplicate word {}", quote(word)));
    }
  }
}

Vocabulary Vocabulary::load(const std::filesystem::path& file) {
  const std::string bytes = disk_files().read(file);
  std::string_view rest = bytes;
  const auto next_line = [&rest] {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    return line;
  };
  check_header(file, next_line());
  std::vector<Word> words;
  std::vector<std::pair<Place, std::string>> faults;
  std::unordered_map<std::string, int64_t> lines;
  for (int64_t number = 2; !rest.empty(); ++number) {
    Word word{};
    auto fault = read_word(next_line(), word);
    if (!fault) {
      const auto [before, added] = lines.emplace(word.text, number);
      if (!added) {
        const auto name = quote(word.text);
        fault = Fault{0, fmt::format("duplicate word {}, first on line {}", name, before->second)};
      }
    }
    if (fault) {
      faults.push_back({Place{file.string(), number, static_cast<int64_t>(fault->offset) + 1, {}}, fault->problem});
    } else {
      words.push_back(std::move(word));
    }
  }
  if (!faults.empty()) throw_faults(faults);
  return Vocabulary(std::move(words));
}

std::string Vocabulary::serialize() const {
  std::string text = fmt::format("{}{}\n", kName, kVersion);
  for (const auto& word : words_) fmt::format_to(std::back_inserter(text), "{}\t{}\n", word.text, word.count);
  return text;
}

int64_t Vocabulary::id(std::string_view word) const {
  const auto found = ids_.find(word);
  return found == ids_.end() ? unknown_id : found->second;
}

const std::string& Vocabulary::word(int64_t id) const {
  return id < special_count ? kSpecials.at(static_cast<std::size_t>(id))
                            : words_.at(static_cast<std::size_t>(id - special_count)).text;
}

int64_t Vocabulary::count(int64_t id) const {
  return id < special_count ? 0 : words_.at(static_cast<std::size_t>(id - special_count)).count;
}

}  // namespace seq2seq::text
