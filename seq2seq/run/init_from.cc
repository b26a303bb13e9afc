#include "seq2seq/run/init_from.h"

#include <map>
#include <set>

#include <ATen/ops/index_select.h>
#include <ATen/ops/tensor.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace seq2seq::run {

namespace {

/// The side of each parameter with a row a word, by name.
std::map<std::string, nn::Side> tables_of(const nn::Model& model) {
  std::map<std::string, nn::Side> tables;
  for (const auto& use : model.roles()) {
    if (use.role.row_per_word) tables.emplace(use.name, use.side);
  }
  return tables;
}

const text::Vocabulary* words_of(nn::Side side, const Vocabularies& vocabularies) {
  return side == nn::Side::source ? vocabularies.source : vocabularies.target;
}

/// Whether both have a row for each word of their own vocabulary, and rows of the same shape.
bool rows_fit(const at::Tensor& one, const text::Vocabulary& words, const at::Tensor& other,
              const text::Vocabulary& other_words) {
  return one.dim() >= 1 && other.dim() >= 1 && one.size(0) == words.size() && other.size(0) == other_words.size() &&
         one.sizes().slice(1) == other.sizes().slice(1);
}

/// Row by row; the special words always are the same ones.
int64_t copy_rows(at::Tensor parameter, const text::Vocabulary& mine, const at::Tensor& other,
                  const text::Vocabulary& theirs) {
  std::vector<int64_t> to, from;
  for (int64_t id = 0; id < mine.size(); ++id) {
    const int64_t match = id < text::special_count ? id : theirs.id(mine.word(id));
    if (id >= text::special_count && match == text::unknown_id) continue;
    to.push_back(id);
    from.push_back(match);
  }
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
  for (const auto& item : model.named_parameters()) {
    const auto& name = item.key();
    auto parameter = item.value();
    const auto found = other.tensors.find(name);
    const auto table = tables.find(name);
    const auto* my_words = table == tables.end() ? nullptr : words_of(table->second, mine);
    const auto* their_words = table == tables.end() ? nullptr : words_of(table->second, theirs);
    if (found == other.tensors.end()) {
      taken.initial.push_back(name);
    } else if (my_words != nullptr && rows_fit(parameter, *my_words, found->second, *their_words)) {
      const int64_t rows = copy_rows(parameter, *my_words, found->second, *their_words);
      taken.by_word.push_back({name, rows, my_words->size()});
      used.insert(name);
    } else if (parameter.sizes() == found->second.sizes()) {
      parameter.copy_(found->second);
      taken.whole.push_back(name);
      used.insert(name);
    } else {
      taken.initial.push_back(fmt::format("{} (shape [{}] there, [{}] here)", name,
                                          fmt::join(found->second.sizes(), ", "), fmt::join(parameter.sizes(), ", ")));
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
