#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <utility>

#include "seq2seq/text/moses/characters.h"
#include "seq2seq/text/moses/tokenize.h"
#include "seq2seq/text/moses/words.h"
#include "seq2seq/text/unicode.h"

namespace seq2seq::text::moses {
namespace {

using Word = std::u32string_view;

bool all_of(Word word, Word characters) { return word.find_first_not_of(characters) == Word::npos; }

bool opens(char32_t character) { return is_currency_sign(character) || Word(U"([{¿¡").find(character) != Word::npos; }

/// Includes the names that older versions of Moses wrote.
constexpr std::array<std::pair<std::string_view, char>, 11> kEntities{{{"&amp;", '&'},
                                                                       {"&apos;", '\''},
                                                                       {"&quot;", '"'},
                                                                       {"&lt;", '<'},
                                                                       {"&gt;", '>'},
                                                                       {"&#124;", '|'},
                                                                       {"&#91;", '['},
                                                                       {"&#93;", ']'},
                                                                       {"&bar;", '|'},
                                                                       {"&bra;", '['},
                                                                       {"&ket;", ']'}}};

void unescape_entities(std::string& line) {
  std::size_t read = line.find('&'), write = read;
  if (read == std::string::npos) return;
  while (read < line.size()) {
    const auto rest = std::string_view(line).substr(read);
    const auto found = std::find_if(kEntities.begin(), kEntities.end(),
                                    [rest](const auto& entity) { return rest.starts_with(entity.first); });
    line[write++] = found == kEntities.end() ? line[read] : found->second;
    read += found == kEntities.end() ? 1 : found->first.size();
  }
  line.resize(write);
}

/// ` @-@ ` is a dash within a word. A blank between two such dashes belongs to the first one only.
void join_dashes(std::string& line) {
  constexpr std::string_view kDash = " @-@ ";
  for (std::size_t at = line.find(kDash); at != std::string::npos; at = line.find(kDash, at + 1)) {
    line[at] = '-';
    line.erase(at + 1, kDash.size() - 1);
  }
}

/// The words between blanks; they are views of `text`.
struct Words {
  std::u32string text;
  std::vector<Word> words;
};

/// Returns the words of the tokens. Joins and unescapes the tokens first, which can split or merge words.
Words words_of(const std::vector<std::string>& tokens, bool unescape) {
  std::string line = " ";
  for (const auto& token : tokens) (line += token) += ' ';
  join_dashes(line);
  if (unescape) unescape_entities(line);
  Words result;
  result.text.reserve(line.size());
  for (std::string_view rest = line; !rest.empty();) {
    const char32_t character = take_character(rest);
    result.text += is_unicode_blank(character) ? U' ' : character;
  }
  result.words = words_between_spaces(result.text);
  return result;
}

class Line {
 public:
  explicit Line(const Language& language) : language_(language) {}

  void add(Word word, Word before, Word after) {
    if (is_east_asian(word[0])) {
      put(word, before.empty() || !is_east_asian(before.back()), true);
    } else if (std::all_of(word.begin(), word.end(), opens)) {
      put(word, true, false);
    } else if (all_of(word, U",.?!:;\\%}])")) {
      put(word, language_.blank_before_marks && word.size() == 1 && all_of(word, U"?!:;\\%"), true, true);
    } else if (language_.joins_contraction_left && !before.empty() && word.size() > 1 && word[0] == U'\'' &&
               is_letter(word[1])) {
      put(word, false, true);
    } else if (language_.joins_contraction_right && ends_contracted(word) && !after.empty() && is_letter(after[0])) {
      put(word, true, false);
    } else if (all_of(word, U"'\"„“`")) {
      add_quote(word, before);
    } else {
      put(word, true, true);
    }
  }

  const std::string& text() const { return text_; }

 private:
  static bool ends_contracted(Word word) {
    return word.size() > 1 && word.back() == U'\'' && is_letter(word[word.size() - 2]);
  }

  /// Adds a quotation mark. Marks of one kind open and close in turn.
  void add_quote(Word word, Word before) {
    int64_t& seen = quotes_[std::u32string(all_of(word, U"„“") ? Word(U"\"") : word)];
    const bool closes = seen % 2 == 1;
    // As in: the Jones' house
    const bool possessive = language_.joins_contraction_left && word == U"'" && before.ends_with(U's');
    if (closes || !possessive) ++seen;
    if (closes || possessive) {
      put(word, false, true);
    } else {
      put(word, true, false);
    }
  }

  /// Adds a word, with a blank before it if both this word and the previous one want one. `always`: if this word wants
  /// one.
  void put(Word word, bool blank_before, bool blank_after, bool always = false) {
    if (!text_.empty() && blank_before && (blank_ || always)) text_ += ' ';
    for (const char32_t character : word) append_utf8(text_, character);
    blank_ = blank_after;
  }

  const Language& language_;
  std::string text_;
  bool blank_ = true;  // true if the previous word wants a blank after it
  std::map<std::u32string, int64_t> quotes_;
};

}  // namespace

std::string detokenize(const std::vector<std::string>& tokens, const Language& language, bool unescape) {
  const auto joined = words_of(tokens, unescape);
  const auto& words = joined.words;
  Line line(language);
  for (std::size_t i = 0; i < words.size(); ++i) {
    line.add(words[i], i > 0 ? words[i - 1] : Word(), i + 1 < words.size() ? words[i + 1] : Word());
  }
  return line.text();
}

}  // namespace seq2seq::text::moses
