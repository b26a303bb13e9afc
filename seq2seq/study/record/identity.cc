#include "seq2seq/study/record/identity.h"

#include <algorithm>

#include <fmt/format.h>

#include "seq2seq/config/resolved.h"
#include "seq2seq/core/checksum.h"
#include "seq2seq/run/figures.h"
#include "seq2seq/run/numerics.h"

namespace seq2seq::study {

namespace {

using Paths = std::vector<std::filesystem::path>;

/// Adds the files, and their names under a label to `key`. An empty name, of a text without such a file, counts too.
void add(TextFiles& to, const char* label, const Paths& files) {
  to.key += fmt::format("{} {}\n", label, files.size());
  for (const auto& file : files) {
    to.key += file.string() + '\n';
    if (!file.empty()) to.files.push_back(file);
  }
}

TextFiles files_of(const data::FilePair& pair) {
  TextFiles all;
  add(all, "source", {pair.source});
  add(all, "target", pair.target);
  return all;
}

TextFiles files_of(const data::TrainFiles& train) {
  TextFiles all;
  add(all, "train.source", train.source);
  add(all, "train.target", train.target);
  add(all, "train.pairs", train.pairs);
  add(all, "train.weights", train.weights);
  add(all, "train.alignment", train.alignment);
  return all;
}

/// Returns true if training uses outputs, so that keys of `decode` and `metrics` affect parameters.
bool looks_at_outputs(const run::Configuration& configuration) {
  const auto& validate = configuration.options.train.validate;
  return run::need_outputs(validate.metrics) && configuration.options.data.validation.named();
}

/// Returns the keys that can change parameters.
config::SelectKeys keys_of_training(const run::Configuration& configuration) {
  return [all = looks_at_outputs(configuration)](const std::string& key) { return all || !run::of_outputs(key); };
}

std::string training_digest(const std::string& keys, const run::DataDigests& data) {
  return sha256(fmt::format("{}\ndata.train={}\ndata.validation={}\nnumerics={}\n", keys, data.train, data.validation,
                            run::numerics));
}

}  // namespace

Paths texts_of(const data::DataOptions& data) {
  auto all = files_of(data.train).files;
  for (const auto* set : {&data.validation, &data.test})
    for (auto& file : files_of(*set).files) all.push_back(std::move(file));
  return all;
}

std::string training_digest(const run::Configuration& configuration, const run::DataDigests& data) {
  return training_digest(config::digest_text(configuration.keys, keys_of_training(configuration)), data);
}

Identity ensemble_identity(Identity own, const std::vector<Identity>& members) {
  std::string trainings = "ensemble\n", keys = "ensemble\n" + own.keys + '\n';
  for (const auto& member : members) {
    trainings += member.training + '\n';
    keys += member.keys + '\n';
  }
  own.keys = sha256(keys);
  if (own.training.empty()) return own;  // a text is missing
  own.training = sha256(trainings);
  own.result = sha256(trainings + own.result + '\n');
  return own;
}

TextMark Identifier::mark(const TextFiles& text, const std::function<std::string()>& digest) {
  if (text.files.empty()) return {};
  const auto seen = [this](const auto& file) { return file.lexically_relative(folder_).generic_string(); };
  TextMark mark{.path = seen(text.files.front()), .sha256 = {}};
  for (const auto& file : text.files) {
    std::error_code absent;
    if (!std::filesystem::exists(file, absent)) mark.missing.push_back(seen(file));
  }
  if (!mark.missing.empty()) return mark;
  const auto known = known_.find(text.key);
  mark.sha256 = known != known_.end() ? known->second : known_.emplace(text.key, digest()).first->second;
  return mark;
}

Identity Identifier::identify(const run::Configuration& configuration) {
  const auto& data = configuration.options.data;
  const auto lines = config::digest_lines(configuration.keys);
  const auto keys = config::digest_text(lines);
  Identity identity;
  identity.keys = sha256(keys);
  identity.train = mark(files_of(data.train), [&data] { return run::train_digest(data); });
  identity.validation = mark(files_of(data.validation), [&data] { return data::content_digest(data.validation); });
  const auto& list = configuration.options.decode.rescore.list;
  auto test = files_of(data.test);
  if (!list.empty()) add(test, "list", {list});
  identity.test = mark(test, [&data, &list] {
    const auto digest = data::content_digest(data.test);
    return list.empty() ? digest : sha256(digest + sha256_of_file(list));
  });
  if (!identity.texts_here()) return identity;
  const run::DataDigests digests{identity.train.sha256, identity.validation.sha256, identity.test.sha256};
  identity.training = training_digest(config::digest_text(lines, keys_of_training(configuration)), digests);
  identity.result = run::run_digest(keys, digests);
  return identity;
}

}  // namespace seq2seq::study
