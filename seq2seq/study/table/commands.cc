#include "seq2seq/study/table/commands.h"

#include <algorithm>
#include <map>
#include <string_view>

#include <fmt/format.h>

#include "seq2seq/config/resolved.h"
#include "seq2seq/core/text.h"

namespace seq2seq::study {

namespace {

/// Returns the path relative to the current folder.
std::string seen_from(const std::filesystem::path& current, const std::filesystem::path& file) {
  const auto relative = file.lexically_normal().lexically_relative(current);
  return relative.empty() ? file.string() : relative.string();
}

/// Values as in the study; paths are relative to the current folder.
class ValueTexts {
 public:
  ValueTexts(const run::Configuration& configuration, std::filesystem::path current) : current_(std::move(current)) {
    for (auto& value : config::values(configuration.keys)) values_.emplace(value.key, std::move(value));
  }

  std::string text(const config::Override& setting) const {
    const auto found = values_.find(setting.key);
    if (found == values_.end()) return setting.value;
    const auto type = found->second.type;
    if (type != config::KeyType::path && type != config::KeyType::list_of_paths) return setting.value;
    return paths_seen_from(current_, found->second.text);
  }

 private:
  std::filesystem::path current_;
  std::map<std::string, config::Value> values_;
};

std::string settings_text(const PlannedRun& planned, const std::filesystem::path& current, bool of_outputs) {
  const ValueTexts texts(*planned.configuration, current);
  std::map<std::string, std::string> last;  // later settings of a key win
  std::vector<std::string> order;
  for (const auto& setting : planned.run.settings) {
    if (run::of_outputs(setting.key) != of_outputs) continue;
    if (!last.contains(setting.key)) order.push_back(setting.key);
    last[setting.key] = texts.text(setting);
  }
  std::string line;
  for (const auto& key : order) line += " --set " + shell_word(key + "=" + last[key]);
  return line;
}

std::string run_folder(const StudyPlan& plan, size_t index) {
  return fmt::format("runs/{}-{}-{}", plan.spec.file.stem().string(), plan.scale.name, index + 1);
}

std::string train_command(const PlannedRun& planned, const std::string& folder, const std::filesystem::path& current) {
  return fmt::format("seq2seq train {} --run {}{}\n", shell_word(seen_from(current, planned.run.base)),
                     shell_word(folder), settings_text(planned, current, false));
}

}  // namespace

std::string paths_seen_from(const std::filesystem::path& folder, std::string text) {
  const auto start = (folder / "").string();
  for (size_t at = 0; (at = text.find(start, at)) != std::string::npos;) {
    const bool begins = at == 0 || std::string_view("[ ,\"'").find(text[at - 1]) != std::string_view::npos;
    if (begins) {
      text.erase(at, start.size());
    } else {
      at += start.size();
    }
  }
  return text;
}

namespace {

/// Returns the commands of an ensemble: members that are rows of the plan are trained there, the others here.
std::string ensemble_commands(const StudyPlan& plan, const PlannedRun& ensemble, const std::string& folder,
                              const std::filesystem::path& current) {
  std::string text;
  std::vector<std::string> folders;
  for (const auto& member : ensemble.members) {
    const auto row = std::ranges::find_if(plan.planned, [&member](const auto& other) {
      return other.members.empty() && other.run.cell == member.run.cell && other.run.seed == member.run.seed;
    });
    if (row != plan.planned.end()) {
      folders.push_back(run_folder(plan, static_cast<size_t>(row - plan.planned.begin())));
      continue;
    }
    folders.push_back(fmt::format("{}-seed-{}", folder, member.run.seed));
    text += train_command(member, folders.back(), current);
  }
  text += "seq2seq evaluate " + shell_word(folders.front());
  for (size_t i = 1; i < folders.size(); ++i) text += " --with " + shell_word(folders[i]);
  return text + settings_text(ensemble, current, true) + '\n';
}

}  // namespace

std::string commands_of(const StudyPlan& plan, const std::filesystem::path& current) {
  std::string text = fmt::format(
      "# Commands that make each run of {}{} by hand. All runs at once: seq2seq study run {}{}\n"
      "# Paths are relative to the folder in which the study was started; `seq2seq` is "
      "build/release/seq2seq.\n",
      seen_from(current, std::filesystem::absolute(plan.spec.file)),
      plan.scale.named ? " at scale " + plan.scale.name : "",
      shell_word(seen_from(current, std::filesystem::absolute(plan.spec.file))),
      plan.spec.scales.size() > 1 ? " --scale " + plan.scale.name : "");
  for (size_t i = 0; i < plan.planned.size(); ++i) {
    const auto& planned = plan.planned[i];
    const auto folder = run_folder(plan, i);
    if (!planned.members.empty()) {
      text += fmt::format("\n# {}\n{}", planned.run.cell, ensemble_commands(plan, planned, folder, current));
      continue;
    }
    text +=
        fmt::format("\n# {}, seed {}\n{}seq2seq evaluate {}{}\n", planned.run.cell, planned.run.seed,
                    train_command(planned, folder, current), shell_word(folder), settings_text(planned, current, true));
  }
  return text;
}

}  // namespace seq2seq::study
