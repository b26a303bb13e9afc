#include "seq2seq/run/inherited_text.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "seq2seq/config/resolved.h"
#include "seq2seq/run/load.h"

namespace seq2seq::run {
namespace {

/// Returns true for keys that decide which tokens and words a text has.
bool of_words(const std::string& key) {
  constexpr std::array<std::string_view, 4> heads{"data.source.", "data.target.", "data.shared_vocabulary",
                                                  "data.special_symbols"};
  return key != "data.source.end" &&
         std::ranges::any_of(heads, [&key](std::string_view head) { return key.starts_with(head); });
}

struct InheritedText {
  std::unique_ptr<data::TextPipeline> text;  // null: the new run makes its own
  std::string reason;                        // a line for the log; empty: nothing to say
};

InheritedText inherit_text(const NewRun& request, const Configuration& configuration, const Environment& environment) {
  if (!request.init_from || !configuration.options.data.prepared.empty()) return {};
  const RunFolder parent(named_checkpoint(std::filesystem::absolute(*request.init_from), "best").run);
  const auto description = open_description(*environment.files, parent);
  if (description.source.tokenizer_sha256.empty() && description.target.tokenizer_sha256.empty()) return {};
  const auto before = read_configuration(parent.config(), {}, *environment.registries);
  if (before->options.data.task != configuration.options.data.task) return {};  // find_initial_weights() refuses it
  const auto changes = config::compare(before->keys, configuration.keys);
  const auto other = std::ranges::find_if(changes, [](const auto& change) { return of_words(change.key); });
  const auto name = parent.root().string();
  if (other != changes.end())
    return {.text = nullptr,
            .reason =
                fmt::format("new tokenizers and vocabularies, because `{}` differs ({} in {}, {} here); with the same "
                            "keys under `data`, the new run would take those of {}",
                            other->key, other->before, name, other->after, name)};
  return {.text = text_of_run(configuration.options.data, *environment.registries, parent, description),
          .reason = fmt::format("tokenizers and vocabularies are those of {}", name)};
}

}  // namespace

TrainingData read_text_of_new_run(const NewRun& request, const Configuration& configuration,
                                  const Environment& environment) {
  auto inherited = inherit_text(request, configuration, environment);
  if (!inherited.reason.empty()) environment.log->say("text      " + inherited.reason);
  return read_training_data(configuration, environment, std::move(inherited.text));
}

}  // namespace seq2seq::run
