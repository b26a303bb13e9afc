#pragma once

#include <filesystem>
#include <string>

namespace seq2seq::data {

/// Paths of the parts of prepared text; docs/formats.md describes each file. The ids in `tokens` are numbers of words;
/// `ids` maps them to ids of the vocabulary, so that `tokens` do not depend on the vocabulary.
struct PreparedFolder {
  std::filesystem::path root;
  struct Side {
    std::filesystem::path tokenizer, tokens, words, ids, vocabulary;  // `tokenizer` only if it learns
  };
  Side source() const { return side("source"); }
  Side target() const { return side("target"); }
  std::filesystem::path numbers() const { return root / "numbers.tokens"; }  // absent when no pair was left out
  std::filesystem::path weights() const { return root / "weights.tokens"; }  // absent when none were given
  std::filesystem::path links() const { return root / "links.tokens"; }      // absent without an alignment
  std::filesystem::path summary() const { return root / "summary.json"; }
  std::filesystem::path lock() const { return root.parent_path() / ("." + root.filename().string() + ".lock"); }

 private:
  Side side(const std::string& name) const {
    return {root / (name + ".tokenizer"), root / (name + ".tokens"), root / (name + ".words"), root / (name + ".ids"),
            root / (name + ".vocabulary")};
  }
};

}  // namespace seq2seq::data
