#include "seq2seq/cli/arguments.h"

#include <algorithm>
#include <ostream>
#include <set>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/cli/command.h"
#include "seq2seq/cli/other_programs.h"
#include "seq2seq/config/nearest.h"
#include "seq2seq/core/error.h"

namespace seq2seq::cli {

namespace {

std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

/// Returns the app of a command; `config reference` is a command of the command `config`.
CLI::App* app_of(CLI::App& program, const Command& command) {
  const std::string name = command.name();
  const auto blank = name.find(' ');
  if (blank == std::string::npos) return program.add_subcommand(name, command.about());
  const std::string group = name.substr(0, blank);
  const auto found = program.get_subcommands([&group](const CLI::App* app) { return app->get_name() == group; });
  CLI::App* parent = found.empty() ? nullptr : found.front();
  if (parent == nullptr) {
    parent = program.add_subcommand(group);
    parent->require_subcommand(1);
    for (const auto& each : builtin_groups())
      if (each.name == group) parent->description(each.about)->footer(to_text(each.help, program.get_name()));
  }
  return parent->add_subcommand(name.substr(blank + 1), command.about());
}

std::string full_name(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : full_name(*app.get_parent()) + " " + app.get_name();
}

std::vector<std::string> options_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options())
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

std::string list_them(const CLI::App& app) {
  const auto names = options_of(app);
  const bool sets_keys = std::find(names.begin(), names.end(), "--set") != names.end();
  return fmt::format("`{} --help` lists them all{}", full_name(app),
                     sets_keys ? "; to set a configuration key, use `--set section.key=value`" : "");
}

OptionContext context_of(const CLI::App& app) {
  OptionContext context{
      .has_option = [&app](const std::string& name) { return app.get_option_no_throw(name) != nullptr; }};
  const std::set<std::string> inputs{"INPUT", "SOURCE", "SENTENCES", "A", "FILE"};
  for (const auto* option : app.get_options()) {
    const auto name = option->get_positional() ? option->get_name(true) : "";
    if (name == "CONFIG" || name == "FILE") context.configuration = name;
    if (context.file.empty() && inputs.contains(name)) context.file = name;
  }
  return context;
}

[[noreturn]] void refuse_option(const CLI::App& app, const std::string& word) {
  const auto name = word.substr(0, word.find('='));
  auto advice = option_elsewhere(name, context_of(app));
  if (advice.empty()) {
    // Strict, and without the dashes: `--output` for `--input` would replace a file.
    constexpr size_t share = 3;
    std::vector<std::string> known;
    for (const auto& option : options_of(app)) known.push_back(option.substr(2));
    const auto near = config::nearest(name.substr(std::min(name.find_first_not_of('-'), name.size())), known, share);
    if (!near.empty()) advice = fmt::format("did you mean `--{}`?", near);
  }
  throw UsageError(Place{.part = word}, advice.empty() ? "unknown option" : "unknown option; " + advice,
                   list_them(app));
}

[[noreturn]] void refuse_command(const CLI::App& app, const std::string& word) {
  auto meant = app.get_parent() == nullptr ? command_elsewhere(config::without_case(word)) : "";
  if (meant.empty()) meant = config::nearest(word, commands_of(app));
  throw UsageError(Place{.part = word},
                   meant.empty() ? "unknown command" : fmt::format("unknown command; did you mean `{}`?", meant),
                   list_them(app));
}

/// Reports the first unused word, with advice.
void refuse_extras(const CLI::App& app) {
  const auto extras = app.remaining();
  if (extras.empty()) return;
  const auto& word = extras.front();
  if (word.starts_with('-')) refuse_option(app, word);
  if (!commands_of(app).empty()) refuse_command(app, word);
  throw UsageError(Place{.part = word}, fmt::format("is not an argument of `{}`", full_name(app)),
                   fmt::format("See `{} --help`", full_name(app)));
}

/// CLI11 shows the help of the last command that it knows: `help trian` and `trian --help` would show the program's.
void refuse_other_topics(const CLI::App& program, const std::vector<std::string>& words) {
  const auto is_option = [](const std::string& word) { return word.starts_with('-'); };
  const bool by_name = words.front() == "help";
  const CLI::App* app = &program;
  for (size_t i = by_name ? 1 : 0; i < words.size(); ++i) {
    if (is_option(words[i]) || (app == &program && words[i] == "help")) continue;
    const auto found = app->get_subcommands([&](const CLI::App* each) { return each->get_name() == words[i]; });
    if (found.empty() && !commands_of(*app).empty()) refuse_command(*app, words[i]);
    if (found.empty() && !by_name) return;  // an argument of the command
    if (found.empty())
      throw UsageError(Place{.part = words[i]}, fmt::format("is not a command of `{}`", full_name(*app)),
                       fmt::format("See `{} --help`; `seq2seq config reference KEY` describes a key", full_name(*app)));
    app = found.front();
  }
}

/// Converts `help train` to `train --help`.
std::vector<std::string> help_as_option(std::vector<std::string> words) {
  if (words.empty() || words.front() != "help") return words;
  words.erase(words.begin());
  words.emplace_back("--help");
  return words;
}

/// CLI11 would take the next word as the value of `--set=`.
void refuse_empty_values(const std::vector<std::string>& words) {
  for (const auto& word : words) {
    if (word == "--") return;
    if (word.size() > 3 && word.starts_with("--") && word.find('=') == word.size() - 1)
      throw UsageError(Place{.part = word}, "a value is missing after `=`");
  }
}

/// Returns the app of each command, in their order.
std::vector<CLI::App*> declare_all(CLI::App& program, const Commands& commands) {
  std::vector<CLI::App*> apps;
  for (const auto& command : commands) {
    apps.push_back(app_of(program, *command));
    apps.back()->footer(to_text(command->help(), program.get_name()));
    Arguments arguments(*apps.back());
    command->declare(arguments);
  }
  return apps;
}

/// An unset variable of a shell script gives an empty path.
void refuse_empty_paths(const CLI::App& app) {
  for (const auto* option : app.get_options()) {
    const auto what = option->get_positional() ? option->get_name(true) : option->get_type_name();
    const bool names_path =
        option->get_positional() ? what != "SECTION" : what == "FILE" || what == "FOLDER" || what == "RUN";
    for (const auto& value : option->results())
      if (names_path && value.empty())
        throw UsageError(Place{.part = option->get_positional() ? what : option->get_name() + " \"\""},
                         "must not be empty", fmt::format("See `{} --help`", full_name(app)));
  }
}

ArgumentFacts facts_of(const CLI::Option& option) {
  const bool positional = option.get_positional();
  ArgumentFacts facts{.name = option.get_name(positional),
                      .value = positional ? option.get_name(true) : option.get_type_name(),
                      .meaning = option.get_description(),
                      .positional = positional,
                      .required = option.get_required(),
                      .repeatable = option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll};
  if (option.get_expected_max() == 0) facts.value.clear();  // a flag
  return facts;
}

const CLI::App& deepest(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : deepest(*chosen.front());
}

}  // namespace

void Arguments::required(const std::string& name, std::string& value, const std::string& meaning) {
  app_->add_option(name, value, meaning)->required()->type_name("");
}

void Arguments::optional(const std::string& name, std::string& value, const std::string& meaning) {
  app_->add_option(name, value, meaning)->type_name("");
}

void Arguments::option(const std::string& option, std::string& field, const std::string& value,
                       const std::string& meaning) {
  app_->add_option(option, field, meaning)->type_name(value);
}

void Arguments::option(const std::string& option, std::optional<std::string>& field, const std::string& value,
                       const std::string& meaning) {
  app_->add_option_function<std::string>(
          option, [&field](const std::string& text) { field = text; }, meaning)
      ->type_name(value);
}

void Arguments::repeatable(const std::string& option, std::vector<std::string>& field, const std::string& value,
                           const std::string& meaning) {
  app_->add_option(option, field, meaning)
      ->type_name(value)
      ->expected(1)
      ->allow_extra_args(false)  // the default for a list would take the following words, too, and split `[a,b]`
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void Arguments::flag(const std::string& option, bool& field, const std::string& meaning) {
  app_->add_flag(option, field, meaning);
}

std::vector<CommandFacts> describe(const Commands& commands) {
  CLI::App program(program_summary, "seq2seq");
  const auto apps = declare_all(program, commands);
  std::vector<CommandFacts> all;
  for (size_t i = 0; i < apps.size(); ++i) {
    auto& facts = all.emplace_back(CommandFacts{commands[i]->name(), commands[i]->about(), commands[i]->help(), {}});
    for (const auto* option : apps[i]->get_options()) {
      if (option != apps[i]->get_help_ptr()) facts.arguments.push_back(facts_of(*option));
    }
  }
  return all;
}

Command* parse(const std::vector<std::string>& words, const Commands& commands, const ProgramText& text,
               std::ostream& out, std::ostream& err) {
  CLI::App program(program_summary, text.name);
  program.set_version_flag("--version", text.version);
  program.require_subcommand(1);
  program.footer(program_footer(text.name));
  refuse_empty_values(words);
  const auto apps = declare_all(program, commands);
  try {
    const auto meant = help_as_option(words);
    program.parse(std::vector<std::string>(meant.rbegin(), meant.rend()));  // CLI11 takes them from the end
  } catch (const CLI::Success& asked) {                                     // help or version
    if (dynamic_cast<const CLI::CallForHelp*>(&asked) != nullptr) refuse_other_topics(program, words);
    program.exit(asked, out, out);
    return nullptr;
  } catch (const CLI::ParseError& fault) {
    const auto& app = deepest(program);
    refuse_extras(app);
    if (const auto names = commands_of(app); !names.empty()) {
      err << app.help(app.get_parent() == nullptr ? "" : full_name(*app.get_parent())) << '\n';
      throw UsageError(fmt::format("a command is missing after `{}`", full_name(app)),
                       fmt::format("Use one of {}", fmt::join(names, ", ")));
    }
    throw UsageError(fault.what(), fmt::format("See `{} --help`", full_name(app)));
  }
  refuse_empty_paths(deepest(program));
  const auto chosen = std::find(apps.begin(), apps.end(), &deepest(program));
  return commands.at(static_cast<size_t>(chosen - apps.begin())).get();
}

}  // namespace seq2seq::cli
