#include "seq2seq/text/moses.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "test/support/catch.h"
#include "test/support/temporary_folder.h"
#include "test/support/witness.h"
#include "test/text/real_lines.h"

using namespace seq2seq;
using namespace seq2seq::test;
using text::MosesLanguage;
using text::MosesOptions;
using text::MosesTokenizer;

namespace {

using Tokens = std::vector<std::string>;

const std::map<std::string, MosesLanguage> kLanguages{
    {"en", MosesLanguage::english}, {"fr", MosesLanguage::french}, {"de", MosesLanguage::german}};

std::vector<std::string> read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::string spaced(const Tokens& tokens) {
  std::string line;
  for (const auto& token : tokens) line += (line.empty() ? "" : " ") + token;
  return line;
}

Tokens cut_at_spaces(const std::string& line) {
  Tokens tokens;
  std::string token;
  for (const char character : line + " ") {
    if (character != ' ') {
      token += character;
    } else if (!token.empty()) {
      tokens.push_back(token);
      token.clear();
    }
  }
  return tokens;
}

struct Agreement {
  std::size_t lines = 0, agreeing = 0;
  std::string first;  // a line that differs, ours and theirs

  double share() const { return static_cast<double>(agreeing) / static_cast<double>(lines); }
  void compare(const std::string& line, const std::string& ours, const std::string& theirs) {
    ++lines;
    if (ours == theirs) {
      ++agreeing;
    } else if (first.empty()) {
      first = "\nline   " + line + "\nours   " + ours + "\ntheirs " + theirs;
    }
  }
};

/// Returns the agreement by output of the witness: tokens, raw, dashes, joined.
std::map<std::string, Agreement> agreement(const std::string& language, const std::vector<std::string>& lines,
                                           const std::filesystem::path& folder) {
  const auto options = [&](bool escape, bool dashes) {
    return MosesTokenizer(MosesOptions{kLanguages.at(language), escape, dashes});
  };
  std::map<std::string, Agreement> result;
  const auto compare = [&](const std::string& name, std::size_t most, const auto& ours) {
    const auto theirs = read(folder / (language + "." + name));
    REQUIRE(theirs.size() == std::min(most, lines.size()));
    for (std::size_t i = 0; i < theirs.size(); ++i) result[name].compare(lines[i], ours(i), theirs[i]);
  };
  const auto tokens = read(folder / (language + ".tokens"));
  const auto usual = options(true, false), raw = options(false, false), dashes = options(true, true);
  compare("tokens", lines.size(), [&](std::size_t i) { return spaced(usual.tokenize(lines[i])); });
  compare("joined", lines.size(), [&](std::size_t i) { return usual.detokenize(cut_at_spaces(tokens[i])); });
  compare("raw", 1000, [&](std::size_t i) { return spaced(raw.tokenize(lines[i])); });
  compare("dashes", 1000, [&](std::size_t i) { return spaced(dashes.tokenize(lines[i])); });
  return result;
}

/// Compares `lines` of each language, and requires that this share of them agrees.
void require_agreement(const std::map<std::string, std::vector<std::string>>& lines, double share) {
  const TemporaryFolder folder;
  for (const auto& [language, of_language] : lines) {
    std::string text;
    for (const auto& line : of_language) text += line + "\n";
    folder.file(language + ".lines", text);
  }
  if (!run_witness("moses.py", folder.path())) {
    WARN("skipped: no witness sacremoses");
    return;
  }
  for (const auto& [language, of_language] : lines) {
    for (const auto& [what, found] : agreement(language, of_language, folder.path())) {
      CAPTURE(language, what, found.agreeing, found.lines, found.first);
      CHECK(found.share() >= share);
    }
  }
}

}  // namespace

TEST_CASE("moses: cuts and joins real text as sacremoses does", "[text][moses][witness]") {
  std::map<std::string, std::vector<std::string>> lines;
  for (const auto& [language, unused] : kLanguages) lines[language] = lines_of_language(language, 5000);

  require_agreement(lines, 0.999);
}

TEST_CASE("moses: cuts and joins what rules trip over as sacremoses does", "[text][moses][witness]") {
  std::map<std::string, std::vector<std::string>> lines;
  for (const auto& [language, unused] : kLanguages) lines[language] = hard_lines(1, 5000);

  require_agreement(lines, 1);
}
