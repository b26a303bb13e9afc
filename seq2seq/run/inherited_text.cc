#include "seq2seq/run/inherited_text.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "seq2seq/config/resolved.h"
#include "seq2seq/run/load.h"
#include "seq2seq/run/training_data.h"

namespace seq2seq::run {
namespace {

/// Returns true for keys that decide which tokens and words a text has.
bool of_words(const std::string& key) {
  constexpr std::array<std::string_view, 4> heads{"data.source.", "data.target.", "data.shared_vocabulary",
                                                  "data.special_symbols"};
  return key != "data.source.end" &&
         std::ranges::any_of(heads, [&key](std::string_view head) { return key.starts_with(head); });
}

}  // namespace

InheritedText inherit_text(const NewRun& request, const Configuration& configuration, const Environment& environment) {
  if (!request.init_from || !configuration.options.data.prepared.empty()) return {};
  const RunFolder parent(named_checkpoint(std::filesystem::absolute(*request.init_from), "best").run);
  const auto description = read_description(*environment.files, parent);
  if (description.source.tokenizer_sha256.empty() && description.target.tokenizer_sha256.empty()) return {};
  const auto before = read_configuration(parent.config(), {}, *environment.registries);
  if (before->options.data.task != configuration.options.data.task) return {};  // find_initial_weights() refuses it
  const auto changes = config::compare(before->keys, configuration.keys);
  const auto other = std::ranges::find_if(changes, [](const auto& change) { return of_words(change.key); });
  const auto name = parent.root().string();
  if (other != changes.end())
    return {.text = nullptr,
            .reason = fmt::format("tokenizers are trained anew: `{}` is {} in {}, {} here. With the same keys under "
                                  "`data`, the new run would take those of {}",
                                  other->key, other->before, name, other->after, name)};
  return {.text = text_of_run(configuration.options.data, *environment.registries, parent, description),
          .reason = fmt::format("tokenizers and vocabularies are those of {}", name)};
}

}  // namespace seq2seq::run
