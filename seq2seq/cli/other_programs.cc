#include "seq2seq/cli/other_programs.h"

#include <map>
#include <set>

#include <fmt/format.h>

namespace seq2seq::cli {

namespace {

/// Returns the key that an option sets in other programs; empty if there is none.
std::string key_of(const std::string& option, bool reads_configuration) {
  static const std::map<std::string, std::string> of_training{{"--lr", "train.optimizer.learning_rate"},
                                                              {"--learning-rate", "train.optimizer.learning_rate"},
                                                              {"--epochs", "train.epochs"},
                                                              {"--max-epoch", "train.epochs"},
                                                              {"--updates", "train.updates"},
                                                              {"--steps", "train.updates"},
                                                              {"--max-steps", "train.updates"},
                                                              {"--max-update", "train.updates"},
                                                              {"--batch-size", "train.batch.sentences"},
                                                              {"--max-tokens", "train.batch.tokens"},
                                                              {"--dropout", "model.dropout.layers"}};
  static const std::map<std::string, std::string> of_search{{"--batch-size", "decode.batch"},
                                                            {"--length-penalty", "decode.length_normalization.kind"},
                                                            {"--lenpen", "decode.length_normalization.kind"}};
  const auto& keys = reads_configuration ? of_training : of_search;
  std::string name = option;
  for (auto& character : name)
    if (character == '_') character = '-';
  if (const auto found = keys.find(name); found != keys.end()) return found->second;
  return name.find('.') != std::string::npos ? option.substr(2) : "";  // `--train.epochs`
}

}  // namespace

std::string command_elsewhere(const std::string& word) {
  static const std::map<std::string, std::string> commands{
      {"eval", "evaluate"},     {"test", "evaluate"},      {"validate", "evaluate"},   {"generate", "translate"},
      {"predict", "translate"}, {"infer", "translate"},    {"inference", "translate"}, {"decode", "translate"},
      {"fit", "train"},         {"preprocess", "prepare"}, {"binarize", "prepare"},    {"build_vocab", "prepare"}};
  const auto found = commands.find(word);
  return found == commands.end() ? std::string() : found->second;
}

std::string option_elsewhere(const std::string& option, const OptionContext& command) {
  static const std::set<std::string> sources{"--input", "-i", "--src", "--source"}, targets{"--tgt", "--trg"},
      gpus{"--cuda", "--gpu", "--gpus", "--use-cuda"}, configurations{"--config", "-c", "--config-file", "-config"};
  if (sources.contains(option)) {
    if (command.has_option("--source")) return "use `--source FILE`";
    if (!command.file.empty()) return fmt::format("give the file as an argument, `{}`", command.file);
  }
  if (targets.contains(option) && command.has_option("--target")) return "use `--target FILE`";
  if (gpus.contains(option) && command.has_option("--device")) return "use `--device cuda`";
  if (configurations.contains(option) && !command.configuration.empty())
    return fmt::format("give the file as an argument, `{}`", command.configuration);
  if (!command.has_option("--set")) return {};
  const auto key = key_of(option, !command.configuration.empty());
  return key.empty() ? std::string() : fmt::format("use `--set {}=VALUE`", key);
}

}  // namespace seq2seq::cli
