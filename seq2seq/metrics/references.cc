#include "seq2seq/metrics/references.h"

#include <cstddef>

#include <fmt/format.h>

#include "seq2seq/core/error.h"

namespace seq2seq::metrics {

References references_by_sentence(const std::vector<std::vector<std::string>>& files) {
  if (files.empty()) throw Error("there is no reference file");
  References references;
  references.reserve(files[0].size());
  for (const auto& line : files[0]) references.push_back({line});
  for (std::size_t i = 1; i < files.size(); ++i) {
    if (files[i].size() != files[0].size()) {
      throw Error(
          fmt::format("reference file {} has {} lines, the first has {}", i + 1, files[i].size(), files[0].size()));
    }
    for (std::size_t sentence = 0; sentence < files[i].size(); ++sentence) {
      if (!files[i][sentence].empty()) references[sentence].push_back(files[i][sentence]);
    }
  }
  return references;
}

}  // namespace seq2seq::metrics
