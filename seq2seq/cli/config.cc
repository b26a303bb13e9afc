#include <filesystem>

#include <fmt/format.h>

#include "seq2seq/cli/commands.h"
#include "seq2seq/cli/common.h"
#include "seq2seq/config/resolved.h"
#include "seq2seq/run/placement_rules.h"
#include "seq2seq/study/record/identity.h"

namespace seq2seq::cli {

namespace {

class ConfigReference final : public Command {
 public:
  std::string name() const override { return "config reference"; }
  std::string about() const override { return "list the configuration keys: type, default, unit, meaning"; }
  Help help() const override {
    return {.examples = {"config reference", "config reference train.optimizer"}, .page = "docs/configuration.md"};
  }
  void declare(Arguments& arguments) override {
    arguments.optional("SECTION", section_, "only the keys below it, such as train.optimizer (default: all)");
    arguments.option("--task", task_, "NAME",
                     "`translation`, or `lm` for the keys of a language model (default: translation)");
  }
  int run(const Context& context) override {
    if (task_ != "translation" && task_ != "lm")
      throw UsageError(Place{.part = "--task " + task_}, "unknown task; use `translation` or `lm`");
    const run::Configuration configuration(*context.registries,
                                           task_ == "lm" ? data::Task::lm : data::Task::translation);
    *context.streams.out << config::reference(configuration.keys, section_) << std::flush;
    check_written(*context.streams.out);
    return Exit::done;
  }

 private:
  std::string section_, task_ = "translation";
};

class ConfigCheck final : public Command {
 public:
  std::string name() const override { return "config check"; }
  std::string about() const override { return "check a configuration and report all its errors"; }
  Help help() const override {
    return {.examples = {"config check configs/g2p.yaml", "config check configs/g2p.yaml --set decode.beam=10 --show"},
            .page = "docs/configuration.md"};
  }
  void declare(Arguments& arguments) override {
    arguments.required("FILE", file_, "YAML file");
    arguments.repeatable("--set", set_, "KEY=VALUE", "set a configuration key, as in `train`; repeatable");
    arguments.flag("--show", show_, "print all keys and their values");
  }
  int run(const Context& context) override {
    std::vector<config::Override> overrides;
    for (const auto& typed : set_) overrides.push_back(config::parse_override(typed));
    const auto configuration = run::read_to_check(file_, overrides, *context.registries);
    auto& out = *context.streams.out;
    out << (show_ ? config::write_yaml(configuration->keys)
                  : fmt::format("{}: valid\n", file_) + absent(*configuration))
        << std::flush;
    check_written(out);
    return Exit::done;
  }

 private:
  /// Returns a line for every configured text that is missing, which is not an error until training.
  static std::string absent(const run::Configuration& configuration) {
    std::string lines;
    for (const auto& file : study::texts_of(configuration.options.data)) {
      std::error_code unreadable;
      if (!std::filesystem::exists(file, unreadable)) lines += fmt::format("missing: {}\n", file.string());
    }
    return lines;
  }

  std::string file_;
  std::vector<std::string> set_;
  bool show_ = false;
};

}  // namespace

std::unique_ptr<Command> config_reference_command() { return std::make_unique<ConfigReference>(); }
std::unique_ptr<Command> config_check_command() { return std::make_unique<ConfigCheck>(); }

}  // namespace seq2seq::cli
