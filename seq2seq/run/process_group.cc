#include "seq2seq/run/process_group.h"

#include <cstddef>
#include <map>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/config/resolved.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/version.h"
#include "seq2seq/parallel/distributed/rank_lost.h"

namespace seq2seq::run {

namespace {

using Facts = std::map<std::string, std::string>;

/// Returns true if ranks may differ in this key: paths and devices depend on the machine.
bool of_machine(const config::Value& value) {
  return value.type == config::KeyType::path || value.type == config::KeyType::list_of_paths ||
         value.key.starts_with("placement.") || value.key.starts_with("distributed.");
}

Facts facts_of(const Configuration& configuration, const RunDescription& description, const TrainingData& data,
               const std::string& start, const Environment& environment) {
  Facts facts{{"the program", version().text()},
              {"the starting point", start},
              {"the digest of the training text", short_digest(description.data.train)},
              {"the digest of the validation text", short_digest(description.data.validation)},
              {"the digest of the source vocabulary", short_digest(description.source.sha256)},
              {"the digest of the target vocabulary", short_digest(description.target.sha256)},
              {"the digest of the source tokenizer", short_digest(description.source.tokenizer_sha256)},
              {"the digest of the target tokenizer", short_digest(description.target.tokenizer_sha256)},
              {"the digest of the configuration", short_digest(run_digest(configuration, description.data))},
              {"the number of pairs", std::to_string(data.train.pairs())}};
  if (environment.launch.restarts > 0) facts.emplace("the restart", std::to_string(environment.launch.restarts));
  for (const auto& value : config::values(configuration.keys))
    if (!of_machine(value)) facts.emplace(fmt::format("`{}`", value.key), value.text);
  return facts;
}

std::string written(const Facts& facts) {
  std::string text;
  for (const auto& [name, value] : facts) text += fmt::format("{}\t{}\n", name, value);
  return text;
}

Facts read(const std::string& text) {
  Facts facts;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto tab = line.find('\t');
    facts.emplace(line.substr(0, tab), line.substr(tab + 1));
  }
  return facts;
}

/// Returns `the program is A on rank 0 and B on rank 1` for each fact that differs.
std::vector<std::string> differences(const Facts& first, const Facts& other, std::size_t rank) {
  std::vector<std::string> lines;
  const auto value = [](const Facts& facts, const std::string& name) {
    const auto found = facts.find(name);
    return found == facts.end() ? std::string("absent") : found->second;
  };
  std::set<std::string> names;
  for (const auto* facts : {&first, &other})
    for (const auto& [name, text] : *facts) names.insert(name);
  for (const auto& name : names) {
    if (value(first, name) == value(other, name)) continue;
    lines.push_back(
        fmt::format("{} is {} on rank 0 and {} on rank {}", name, value(first, name), value(other, name), rank));
  }
  return lines;
}

}  // namespace

train::Outcome with_process_group(const Environment& environment,
                                  const std::function<parallel::DistributedOptions()>& options,
                                  const std::function<train::Outcome(const Environment& joined)>& work) {
  if (environment.launch.ranks == 1) return work(environment);
  parallel::ProcessGroup group(environment.launch, options(), environment.device);
  auto joined = environment;
  joined.group = &group;
  train::Outcome outcome;
  group.run([&] { outcome = work(joined); });
  return outcome;
}

std::string decided(const Environment& environment, const std::function<std::string()>& decide) {
  const auto mine = environment.leads() ? decide() : std::string();
  return environment.group == nullptr ? mine : environment.group->broadcast(mine);
}

void first_alone(const Environment& environment, const std::function<void()>& work) {
  environment.group == nullptr ? work() : environment.group->after_leader(work);
}

void check_same_run(const Configuration& configuration, const RunDescription& description, const TrainingData& data,
                    const std::string& start, const Environment& environment) {
  if (environment.group == nullptr) return;
  const auto all = environment.group->gather(written(facts_of(configuration, description, data, start, environment)));
  constexpr std::size_t most = 4;
  std::vector<std::string> lines;
  std::vector<std::size_t> ranks;
  for (std::size_t rank = 1; rank < all.size(); ++rank) {
    if (all[rank] == all[0]) continue;
    ranks.push_back(rank);
    for (auto& line : differences(read(all[0]), read(all[rank]), rank)) lines.push_back(std::move(line));
  }
  if (ranks.empty()) return;
  const auto found = lines.size();
  if (found > most) lines.resize(most);
  throw parallel::GroupError(fmt::format("rank{} {} started with a different run than rank 0: {}{}",
                                         ranks.size() == 1 ? "" : "s", fmt::join(ranks, ", "), fmt::join(lines, "; "),
                                         found > most ? fmt::format(" and {} more differences", found - most) : ""),
                             "Start all ranks with the same program, configuration and text");
}

SessionDescription session_of(const Machine& machine, int64_t from_update, const Environment& environment) {
  auto session = session_now(machine, from_update);
  session.processes = environment.launch.ranks;
  session.launch = environment.launch.id;
  return session;
}

}  // namespace seq2seq::run
