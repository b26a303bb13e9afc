#include "seq2seq/run/init_from.h"

#include <map>
#include <set>

#include <ATen/ops/index_select.h>
#include <ATen/ops/tensor.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/nn/slice.h"

namespace seq2seq::run {

namespace {

/// Returns the side of each parameter with a row per word, by name. Word vectors that both sides share belong to the
/// target.
std::map<std::string, nn::Side> tables_of(const nn::Model& model) {
  std::map<std::string, nn::Side> tables;
  for (const auto& use : model.roles()) {
    if (!use.role.row_per_word) continue;
    const auto [table, added] = tables.emplace(use.name, use.side);
    if (!added && use.side == nn::Side::target) table->second = use.side;
  }
  return tables;
}

const text::Vocabulary* words_of(nn::Side side, const Vocabularies& vocabularies) {
  return side == nn::Side::source ? vocabularies.source : vocabularies.target;
}

/// Returns true if both have a row for each word of their own vocabulary, and rows of the same shape.
bool rows_fit(at::IntArrayRef one, const text::Vocabulary& words, at::IntArrayRef other,
              const text::Vocabulary& other_words) {
  return !one.empty() && !other.empty() && one[0] == words.size() && other[0] == other_words.size() &&
         one.slice(1) == other.slice(1);
}

/// Copies the rows of common words; special words always correspond.
int64_t copy_rows(const nn::SlicedParameter::Part& part, const text::Vocabulary& mine, const at::Tensor& other,
                  const text::Vocabulary& theirs) {
  auto parameter = part.tensor;
  std::vector<int64_t> to, from;
  for (int64_t id = part.first; id < part.first + parameter.size(0); ++id) {
    const int64_t match = id < text::special_count ? id : theirs.id(mine.word(id));
    if (id >= text::special_count && match == text::unknown_id) continue;
    to.push_back(id - part.first);
    from.push_back(match);
  }
  if (to.empty()) return 0;
  const auto rows = other.index_select(0, at::tensor(from)).to(parameter.device(), parameter.scalar_type());
  parameter.index_copy_(0, at::tensor(to).to(parameter.device()), rows);
  return std::ssize(to);
}

}  // namespace

TakenOver take_over(nn::Model& model, const Vocabularies& mine, const nn::NamedTensors& other,
                    const Vocabularies& theirs) {
  const c10::AutoGradMode no_gradient(false);
  TakenOver taken;
  std::set<std::string> used;
  const auto tables = tables_of(model);
  for (const auto& whole : nn::group_slices(model.named_parameters().pairs())) {
    const auto& name = whole.name;
    const auto shape = whole.shape();
    const auto found = other.tensors.find(name);
    const auto table = tables.find(name);
    const auto* my_words = table == tables.end() ? nullptr : words_of(table->second, mine);
    const auto* their_words = table == tables.end() ? nullptr : words_of(table->second, theirs);
    if (found == other.tensors.end()) {
      taken.initial.push_back(name);
    } else if (my_words != nullptr && rows_fit(shape, *my_words, found->second.sizes(), *their_words)) {
      int64_t rows = 0;
      for (const auto& part : whole.parts) rows += copy_rows(part, *my_words, found->second, *their_words);
      taken.by_word.push_back({name, rows, my_words->size()});
      used.insert(name);
    } else if (found->second.sizes() == at::IntArrayRef(shape)) {
      whole.set(found->second);
      taken.whole.push_back(name);
      used.insert(name);
    } else {
      taken.initial.push_back(fmt::format("{} (shape [{}] there, [{}] here)", name,
                                          fmt::join(found->second.sizes(), ", "), fmt::join(shape, ", ")));
    }
  }
  for (const auto& [name, tensor] : other.tensors)
    if (!used.contains(name)) taken.unused.push_back(name);
  return taken;
}

void report(const TakenOver& taken, Log& log) {
  for (const auto& name : taken.whole) log.say(fmt::format("  copied whole               {}", name));
  for (const auto& table : taken.by_word) {
    log.say(fmt::format("  copied by word             {}: {} of {} words", table.parameter, table.taken, table.words));
  }
  for (const auto& name : taken.initial) log.say(fmt::format("  left at its initial values {}", name));
  for (const auto& name : taken.unused) log.say(fmt::format("  not used                   {}", name));
}

}  // namespace seq2seq::run
