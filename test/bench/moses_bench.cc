// usage: moses_bench LANG FILE FOLDER
//
// Tokenizes and detokenizes all lines of FILE. Prints the seconds of each; writes FOLDER/tokens, with a space between
// tokens, and FOLDER/joined. scripts/bench_moses.py compares it with sacremoses.

#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/text/moses.h"

using namespace seq2seq;

namespace {

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

template <class Work>
double seconds_of(Work work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main(int count, char** arguments) {
  const std::map<std::string, text::MosesLanguage> languages{
      {"en", text::MosesLanguage::english}, {"fr", text::MosesLanguage::french}, {"de", text::MosesLanguage::german}};
  if (count != 4 || !languages.contains(arguments[1])) {
    fmt::print(stderr, "usage: moses_bench en|fr|de FILE FOLDER\n");
    return 2;
  }
  const text::MosesTokenizer tokenizer({.language = languages.at(arguments[1])});
  const auto lines = lines_of(arguments[2]);
  std::vector<std::vector<std::string>> tokens(lines.size());
  std::vector<std::string> joined(lines.size());
  const double cutting = seconds_of([&] {
    for (std::size_t i = 0; i < lines.size(); ++i) tokens[i] = tokenizer.tokenize(lines[i]);
  });
  const double joining = seconds_of([&] {
    for (std::size_t i = 0; i < lines.size(); ++i) joined[i] = tokenizer.detokenize(tokens[i]);
  });
  const std::string folder = arguments[3];
  std::ofstream tokens_file(folder + "/tokens", std::ios::binary), joined_file(folder + "/joined", std::ios::binary);
  for (const auto& line : tokens) tokens_file << fmt::format("{}\n", fmt::join(line, " "));
  for (const auto& line : joined) joined_file << line << '\n';
  fmt::print("{} {}\n", cutting, joining);
  return tokens_file.flush() && joined_file.flush() ? 0 : 1;
}
