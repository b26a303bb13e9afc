#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <ATen/ops/allclose.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "seq2seq/core/run_folder.h"
#include "seq2seq/train/checkpoint.h"
#include "test/parallel/distributed/ranks.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

// The program as several processes on this machine.

namespace seq2seq::run {
namespace {

using namespace test;
using Catch::Matchers::ContainsSubstring;

using Words = std::vector<std::string>;

Words with_settings(Words words, const std::vector<std::string>& set) {
  for (const auto& each : set) {
    words.emplace_back("--set");
    words.push_back(each);
  }
  return words;
}

Words train_words(const Toy& toy, const std::string& run, const std::vector<std::string>& set = {}) {
  return with_settings({"train", (toy / "toy.yaml").string(), "--run", (toy / run).string()}, set);
}

Words resume_words(const Toy& toy, const std::string& run, const std::vector<std::string>& set = {}) {
  return with_settings({"train", "--resume", (toy / run).string()}, set);
}

void require_done(const std::vector<Ended>& ended) {
  CAPTURE(all_said(ended));
  for (const auto& each : ended) REQUIRE(each.code == 0);
}

std::vector<nlohmann::json> validations(const Toy& toy, const std::string& run) {
  std::vector<nlohmann::json> lines;
  for (const auto& line : lines_in(content_of(RunFolder(toy / run).metrics()))) {
    auto json = nlohmann::json::parse(line);
    if (json.value("kind", "") == "validation") lines.push_back(std::move(json));
  }
  return lines;
}

nn::NamedTensors weights_at(const Toy& toy, const std::string& run, int64_t update) {
  return train::load_weights_only(disk_files(), RunFolder(toy / run), update).weights;
}

/// Waits until the run has written a checkpoint of this update.
void wait_for_checkpoint(const Toy& toy, const std::string& run, int64_t update, const Process& process) {
  const auto folder = RunFolder(toy / run).checkpoint(update);
  while (!fs::exists(folder / "checksums.json")) {
    if (!process.runs()) FAIL("the run ended before it could be disturbed: " + process.said());
  }
}

/// Keys of a run that lasts long enough to be disturbed, without a validation before its end.
const std::vector<std::string> kLong{"train.updates=240", "train.checkpoint.every_updates=20",
                                     "train.validate.every_updates=1000", "distributed.timeout=30"};

TEST_CASE("together: validation measures what one process measures", "[run][parallel]") {
  Toy toy(turned);
  const std::vector<std::string> set{"train.updates=20",
                                     "train.validate.metrics=[perplexity, exact_match, token_error_rate, bleu]"};
  toy.train("alone", set);
  const int64_t ranks = GENERATE(2, 3);
  require_done(Ranks(program(), train_words(toy, "joint", set), ranks).wait());
  const auto alone = validations(toy, "alone"), joint = validations(toy, "joint");
  REQUIRE(alone.size() == 2);
  REQUIRE(joint.size() == alone.size());
  for (size_t i = 0; i < alone.size(); ++i) {
    for (const auto* exact : {"exact_match", "token_error_rate", "bleu"})
      CHECK(joint[i].at(exact) == alone[i].at(exact));
    CHECK_THAT(joint[i].at("perplexity").get<double>(), WithinRel(alone[i].at("perplexity").get<double>(), 1e-5));
  }
}

/// Sets SGD at a rate that does not depend on the end of the run. Adam would turn rounding near zero into full steps.
void use_sgd(Toy& toy) {
  auto yaml = content_of(toy / "toy.yaml");
  yaml.erase(yaml.find("  schedule:"), yaml.find("  updates:") - yaml.find("  schedule:"));
  const std::string adam = "kind: adam, learning_rate: 0.01";
  toy.folder().file("toy.yaml", yaml.replace(yaml.find(adam), adam.size(), "kind: sgd, learning_rate: 0.5"));
}

/// Compares the ends of runs of 30 updates.
void check_same_weights(const Toy& toy, const std::string& run, const std::string& other) {
  const auto expected = weights_at(toy, other, 30), found = weights_at(toy, run, 30);
  for (const auto& [name, tensor] : expected.tensors) {
    CAPTURE(name);
    CHECK(at::allclose(found.tensors.at(name), tensor, 0, 1e-5));  // float32, added in another order
  }
}

TEST_CASE("together: a run goes on with another number of processes", "[run][parallel][resume]") {
  Toy toy(turned);
  use_sgd(toy);
  toy.train("alone");
  require_done(Ranks(program(), train_words(toy, "joint", {"train.updates=15"}), 2).wait());
  require_done(Ranks(program(), resume_words(toy, "joint", {"train.updates=20"}), 4).wait());
  toy.resume("joint", {"train.updates=30"});
  CHECK_THAT(toy.said(), ContainsSubstring("processes: 4 before, 1 now"));
  check_same_weights(toy, "joint", "alone");
}

TEST_CASE("together: ranks train a model in several places on prepared text, from another run's weights",
          "[run][parallel]") {
  Toy toy(turned);
  use_sgd(toy);
  toy.train("first", {"train.updates=5"});
  toy.train_from("alone", "first");
  auto words = train_words(toy, "joint",
                           {fmt::format("data.prepared={}", (toy / "prepared").string()),
                            "placement.encoder=[cpu, cpu]", "placement.decoder=[cpu, cpu]"});
  words.insert(words.end(), {"--init-from", (toy / "first").string()});
  require_done(Ranks(program(), words, 2).wait());
  check_same_weights(toy, "joint", "alone");
}

TEST_CASE("together: a rank that dies is named, and the same launch goes on to the same parameters",
          "[run][parallel][resume]") {
  Toy toy(turned);
  const int64_t dying = GENERATE(0, 1);
  CAPTURE(dying);
  const Variables launch{{"TORCHELASTIC_RUN_ID", "a launch of this test"}};
  require_done(Ranks(program(), train_words(toy, "undisturbed", kLong), 2).wait());

  const auto words = train_words(toy, "joint", kLong);
  Ranks ranks(program(), words, 2, launch);
  wait_for_checkpoint(toy, "joint", 40, ranks[0]);
  ranks[static_cast<size_t>(dying)].send(SIGKILL);
  const auto ended = ranks.wait();
  CAPTURE(all_said(ended));
  CHECK(ended[static_cast<size_t>(dying)].code == 128 + SIGKILL);
  const auto& other = ended[static_cast<size_t>(1 - dying)];
  CHECK(other.code == 1);
  CHECK_THAT(other.said, ContainsSubstring(fmt::format("error: rank {} of 2 (", dying)) &&
                             ContainsSubstring("stopped answering after update "));

  CHECK(Ranks(program(), words, 2).wait()[0].code == 1);  // another launch does not continue this run
  auto again = launch;
  again["TORCHELASTIC_RESTART_COUNT"] = "1";
  require_done(Ranks(program(), words, 2, again).wait());
  CHECK(parameters_of(toy / "joint", 240) == parameters_of(toy / "undisturbed", 240));
}

TEST_CASE("together: a rank that hangs ends the run within the time-out, and is named", "[run][parallel][error]") {
  Toy toy(turned);
  auto set = kLong;
  set.back() = "distributed.timeout=5";
  Ranks ranks(program(), train_words(toy, "joint", set), 2);
  wait_for_checkpoint(toy, "joint", 20, ranks[0]);
  ranks[1].send(SIGSTOP);
  const auto ended = ranks[0].wait();
  CHECK(ended.code == 1);
  CHECK_THAT(ended.said,
             ContainsSubstring("error: rank 1 of 2 (") && ContainsSubstring("stopped answering after update "));
}

TEST_CASE("together: an interrupt at any rank ends all of them, with a checkpoint", "[run][parallel]") {
  Toy toy(turned);
  Ranks ranks(program(), train_words(toy, "joint", kLong), 3);
  wait_for_checkpoint(toy, "joint", 20, ranks[0]);
  ranks[2].send(SIGTERM);
  const auto ended = ranks.wait();
  CAPTURE(all_said(ended));
  for (const auto& each : ended) CHECK(each.code == 130);
  CHECK_THAT(ended[0].said, ContainsSubstring("interrupted at update "));
  CHECK(ended[1].said.empty());
  CHECK(ended[2].said.empty());
  const auto last = RunFolder(toy / "joint").updates().back();
  CHECK_THAT(ended[0].said, ContainsSubstring(fmt::format("interrupted at update {},", last)));
}

/// Returns the only message of the processes, which all ended with an error.
std::string message_of_all(const std::vector<Ended>& ended) {
  std::string message;
  for (const auto& each : ended) {
    CHECK(each.code != 0);
    for (const auto& line : lines_in(each.said))
      if (line.starts_with("error: ")) message += line + "\n";
  }
  CHECK(lines_in(message).size() == 1);
  return message;
}

TEST_CASE("together: ranks with another configuration are named, with the keys", "[run][parallel][error]") {
  Toy toy(turned);
  const auto words = train_words(toy, "joint");
  const auto ended =
      Ranks(program(), words, 3, {},
            {{1, {{"--set", "train.batch.sentences=8"}, {}}}, {2, {{"--set", "train.label_smoothing=0.1"}, {}}}})
          .wait();
  CAPTURE(all_said(ended));
  CHECK_THAT(message_of_all(ended), ContainsSubstring("ranks 1, 2 started with a different run than rank 0") &&
                                        ContainsSubstring("`train.batch.sentences` is 16 on rank 0 and 8 on rank 1"));
  CHECK_FALSE(fs::exists(toy / "joint" / "run.json"));
}

TEST_CASE("together: ranks with another text are named, with its digest", "[run][parallel][error]") {
  Toy toy(turned);
  const auto changed = "c " + content_of(toy / "train.source");
  toy.folder().file("other.source", changed);
  const auto other = fmt::format("data.train.source={}", (toy / "other.source").string());
  const auto ended = Ranks(program(), train_words(toy, "joint"), 2, {}, {{1, {{"--set", other}, {}}}}).wait();
  CAPTURE(all_said(ended));
  CHECK_THAT(message_of_all(ended), ContainsSubstring("rank 1 started with a different run than rank 0") &&
                                        ContainsSubstring("the digest of the training text is "));
}

TEST_CASE("together: what goes wrong at one rank ends all, and the rank is named", "[run][parallel][error]") {
  Toy toy(turned);
  const auto ended =
      Ranks(program(), train_words(toy, "joint"), 2, {}, {{1, {{"--set", "data.train.source=missing"}, {}}}}).wait();
  CAPTURE(all_said(ended));
  const auto message = message_of_all(ended);
  CHECK_THAT(message, ContainsSubstring("error: rank 1 of 2 (") && ContainsSubstring("missing"));
}

/// Waits until one of them has printed this.
void require_said(const std::vector<const Process*>& processes, const std::string& text) {
  for (;;) {
    std::string said;
    bool run = false;
    for (const auto* process : processes) {
      run = run || process->runs();
      said += process->said();
    }
    if (said.find(text) != std::string::npos) return;
    CAPTURE(said);
    REQUIRE(run);
  }
}

TEST_CASE("together: ranks that do not come are named", "[run][parallel][error]") {
  Toy toy(turned);
  std::string timeout = "1";
  const auto port = free_port();
  const auto start = [&](const std::string& rank, const std::string& ranks) {
    return std::make_unique<Process>(program(), train_words(toy, "joint", {"distributed.timeout=" + timeout}),
                                     Variables{{"RANK", rank},
                                               {"WORLD_SIZE", ranks},
                                               {"MASTER_ADDR", "127.0.0.1"},
                                               {"MASTER_PORT", port},
                                               {"GOMP_SPINCOUNT", "10000"}});
  };
  SECTION("the others") {
    const auto ended = start("0", "3")->wait();
    CHECK(ended.code == 1);
    CHECK_THAT(ended.said, ContainsSubstring("ranks 1, 2 of 3 did not connect to 127.0.0.1:" + port + " within 1.0 s"));
  }
  SECTION("rank 0, and with it the store") {
    const auto ended = start("1", "3")->wait();
    CHECK(ended.code == 1);
    CHECK_THAT(ended.said,
               ContainsSubstring("the ranks' store at 127.0.0.1:" + port + " could not be reached within 1.0 s"));
  }
  SECTION("one that knows another number of them") {
    timeout = "20";
    const auto first = start("0", "2");
    const auto second = start("1", "3");
    require_said({second.get()}, "rank 1 was started as one of 3 processes, but rank 0 as one of 2");
    CHECK(second->wait().code == 1);
  }
  SECTION("two of the same rank") {
    timeout = "20";
    const auto first = start("0", "3");
    const auto second = start("1", "3");
    const auto third = start("1", "3");
    require_said({second.get(), third.get()}, "two processes say that they are rank 1 of 3");
  }
}

TEST_CASE("together: ranks of two agents of torchrun, without a name for the launch, meet", "[run][parallel]") {
  Toy toy(turned);
  const auto words = train_words(toy, "joint", {"train.updates=5", "distributed.timeout=10"});
  const auto port = free_port();
  const auto variables = [&port](const std::string& rank) {
    return Variables{{"RANK", rank},
                     {"WORLD_SIZE", "2"},
                     {"LOCAL_RANK", "0"},
                     {"LOCAL_WORLD_SIZE", "1"},
                     {"MASTER_PORT", port},
                     {"MASTER_ADDR", "127.0.0.1"},
                     {"GOMP_SPINCOUNT", "10000"},
                     {"TORCHELASTIC_RUN_ID", "none"}};
  };
  std::string command = program().string();
  for (const auto& word : words) command += " '" + word + "'";
  Process first(program(), words, variables("0"));
  Process second("/bin/sh", {"-c", command + "; exit $?"}, variables("1"));  // of another parent than the first
  std::vector<Ended> ended;
  ended.push_back(first.wait());
  ended.push_back(second.wait());
  require_done(ended);
}

TEST_CASE("together: a command other than train refuses to work in several processes", "[run][parallel][error]") {
  Toy toy(turned);
  const auto ended = Process(program(), {"evaluate", (toy / "joint").string()},
                             {{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "127.0.0.1"}, {"MASTER_PORT", "1"}})
                         .wait();
  CHECK(ended.code == 2);
  CHECK_THAT(ended.said, ContainsSubstring("`evaluate` runs in a single process, but this is one of 2"));
}

TEST_CASE("together: torchrun starts the ranks, and again after one has died", "[run][parallel][witness]") {
  const fs::path torchrun = fs::path(SEQ2SEQ_PYTHON).parent_path() / "torchrun";
  if (!fs::exists(torchrun)) {
    WARN("skipped: no witness torchrun");
    return;
  }
  Toy toy(turned);
  require_done(Ranks(program(), train_words(toy, "undisturbed", kLong), 2).wait());
  // In the first launch, rank 1 kills itself after the first checkpoint.
  const auto script = toy.folder().file("start", fmt::format(R"(#!/bin/bash
if [[ $RANK == 1 && $TORCHELASTIC_RESTART_COUNT == 0 ]]; then
  until [[ -e {}/checkpoints/20/checksums.json ]]; do sleep 0.02; done && kill -9 $$ &
fi
exec {} "$@"
)",
                                                             (toy / "joint").string(), program().string()));
  fs::permissions(script, fs::perms::owner_all);
  Words words{"--no-python", "--nproc-per-node", "2", "--master-port", free_port(), "--max-restarts", "2",
              "--",          script.string()};
  for (const auto& word : train_words(toy, "joint", kLong)) words.push_back(word);
  const auto ended = Process(torchrun, words, {{"GOMP_SPINCOUNT", "10000"}}).wait();
  CAPTURE(ended.said);
  CHECK(ended.code == 0);
  CHECK_THAT(ended.said, ContainsSubstring("rank 1 of 2 (") && ContainsSubstring("continuing "));
  CHECK(parameters_of(toy / "joint", 240) == parameters_of(toy / "undisturbed", 240));
}

}  // namespace
}  // namespace seq2seq::run
