#include "seq2seq/train/trainer.h"

#include <cmath>
#include <csignal>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/core/interrupt.h"
#include "seq2seq/train/adam.h"
#include "seq2seq/train/checkpoint_folder.h"
#include "seq2seq/train/schedule/halve.h"
#include "seq2seq/train/schedule/plateau.h"
#include "seq2seq/train/sgd.h"
#include "test/support/catch.h"
#include "test/train/tiny_run.h"

namespace seq2seq::train {
namespace {

using namespace test;

/// A validation that returns these scores one after another, and then always the last.
Validate scores(std::vector<double> all, const std::string& metric = "perplexity") {
  return [all, metric, next = size_t{0}](const nn::Model&) mutable {
    const double score = all[std::min(next++, all.size() - 1)];
    return Figures{{metric, score}};
  };
}

std::vector<int64_t> updates_of(const std::vector<nlohmann::json>& lines) {
  std::vector<int64_t> updates;
  for (const auto& line : lines) updates.push_back(line.at("update").get<int64_t>());
  return updates;
}

/// Returns the entropy of the target words, end symbols included: the loss of the best guess that ignores source and
/// position.
double entropy_of_targets(const data::Corpus& corpus) {
  std::map<int64_t, double> counts;
  double words = 0;
  for (int64_t pair = 0; pair < corpus.pairs(); ++pair) {
    for (const int64_t word : corpus.target[pair]) ++counts[word], ++words;
    ++counts[-1], ++words;
  }
  double entropy = 0;
  for (const auto& [word, count] : counts) entropy -= count / words * std::log(count / words);
  return entropy;
}

TEST_CASE("train: random pairs are learned by heart", "[train]") {
  TinyRun run;
  auto options = tiny_options();
  options.updates.reset();
  options.epochs = 100;
  options.objective = Objective::per_token;
  options.optimizer = selection("adam", AdamOptions{.learning_rate = 0.02});
  options.validate.every_updates = 1000;
  run.train(options);
  CHECK(run.loss() < 0.2 * entropy_of_targets(run.corpus));
}

TEST_CASE("train: it ends with the updates or epochs that are asked for", "[train]") {
  TinyRun run;
  auto options = tiny_options();
  SECTION("updates") {
    const auto outcome = run.train(options);
    CHECK(outcome.update == 12);
    CHECK(outcome.epoch == 2);  // 6 batches of 4 in 23 pairs
  }
  SECTION("epochs, a fraction") {
    options.updates.reset();
    options.epochs = 1.5;
    const auto outcome = run.train(options);
    CHECK(outcome.update == 9);
    CHECK(outcome.epoch == 1.5);
  }
  const auto last = newest_intact_checkpoint(disk_files(), run.folder, *run.setup.log);
  REQUIRE(last);
  CHECK(last->finished);
  CHECK(last->finished_because == (options.updates ? "updates" : "epochs"));
  CHECK(same_tensors(load_checkpoint(disk_files(), run.folder, last->update).weights, nn::weights_of(*run.model)));
}

TEST_CASE("train: validation comes at its interval and at the end", "[train][validation]") {
  TinyRun run;
  auto options = tiny_options();
  SECTION("every so many updates") {
    options.validate.every_updates = 5;
    run.train(options);
    CHECK(updates_of(run.metrics("validation")) == std::vector<int64_t>{5, 10, 12});
  }
  SECTION("every epoch") {
    options.updates = 14;
    run.train(options);
    CHECK(updates_of(run.metrics("validation")) == std::vector<int64_t>{6, 12, 14});
  }
}

TEST_CASE("train: the best validation's checkpoint is kept and named", "[train][validation]") {
  TinyRun run;
  auto options = tiny_options();
  options.validate.every_updates = 2;
  options.checkpoint.keep = 1;
  SECTION("lower is better; an equal score is no improvement, nor is one that is not finite") {
    run.setup.validate = scores({5, 3, 3, 4, std::numeric_limits<double>::quiet_NaN(), 3});
  }
  SECTION("higher is better") {
    options.validate = {.every_updates = 2, .metrics = {"bleu"}, .best_by = "bleu"};
    run.setup.validate = scores({5, 7, 7, 6, std::numeric_limits<double>::infinity(), 7}, "bleu");
    run.setup.higher_is_better = true;
  }
  const auto outcome = run.train(options);
  CHECK(outcome.best_update == 4);
  CHECK(best_update(disk_files(), run.folder) == 4);
  CHECK(run.folder.updates() == std::vector<int64_t>{4, 12});
  std::vector<bool> best;
  for (const auto& line : run.metrics("validation")) best.push_back(line.at("best").get<bool>());
  CHECK(best == std::vector<bool>{true, true, false, false, false, false});
}

TEST_CASE("train: it stops after as many validations without improvement as patience allows", "[train][validation]") {
  TinyRun run;
  auto options = tiny_options();
  options.validate.every_updates = 1;
  options.validate.patience = 3;
  run.setup.validate = scores({9, 8, 8, 8, 7, 7, 7, 7, 1});
  const auto outcome = run.train(options);
  CHECK(outcome.ending == Ending::patience);
  CHECK(outcome.update == 8);
  CHECK(outcome.best_update == 5);
  CHECK(outcome.best_score == 7);
  const auto last = load_checkpoint(disk_files(), run.folder, 8);
  CHECK(last.state.finished);
  CHECK(last.state.finished_because == "patience");
}

TEST_CASE("train: each update drops out other units", "[train][dropout]") {
  TinyRun run(0.5);
  run.setup.validate = nullptr;
  auto options = tiny_options();
  options.batch.sentences = 100;                                             // all pairs in each update
  options.optimizer = selection("sgd", SgdOptions{.learning_rate = 1e-20});  // no parameter moves
  options.report_every_updates = 1;
  run.train(options);
  std::set<double> losses;
  for (const auto& line : run.metrics("train")) losses.insert(line.at("loss").get<double>());
  CHECK(losses.size() == 12);
}

TEST_CASE("train: metrics.jsonl says what the updates found", "[train][metrics]") {
  TinyRun run;
  auto options = tiny_options();
  options.objective = Objective::per_token;
  options.updates = 7;
  options.report_every_updates = 3;
  options.schedule = selection("halve", HalveOptions{.from_epoch = 0.5, .every_epochs = 10});
  run.train(options);
  CHECK(run.metrics("header").at(0) == nlohmann::json{{"format", "seq2seq metrics"}, {"version", 1}});
  const auto lines = run.metrics("train");
  CHECK(updates_of(lines) == std::vector<int64_t>{3, 6, 7});
  CHECK(lines[0].at("epoch") == 0.5);
  CHECK(lines[0].at("learning_rate") == 0.5);
  CHECK(lines[1].at("learning_rate") == 0.25);
  for (const auto& line : lines) {
    CHECK_THAT(line.at("perplexity").get<double>(), WithinRel(std::exp(line.at("loss").get<double>()), 1e-12));
    CHECK(line.at("words_per_second").get<double>() > 0);
    CHECK(line.at("gradient_norm").get<double>() > 0);
  }
  CHECK_THAT(run.metrics("validation").back().at("perplexity").get<double>(), WithinRel(std::exp(run.loss()), 1e-9));
}

TEST_CASE("train: with label smoothing the perplexity of training says so", "[train][metrics]") {
  TinyRun run;
  auto options = tiny_options();
  options.label_smoothing = 0.1;
  run.train(options);
  CHECK(run.metrics("train").at(0).contains("smoothed_perplexity"));
  CHECK_FALSE(run.metrics("train").at(0).contains("perplexity"));
}

TEST_CASE("train: checkpoints come by updates and by time", "[train][checkpoint]") {
  TinyRun run;
  auto options = tiny_options();
  options.updates = 9;
  options.checkpoint.keep = 100;
  run.setup.validate = nullptr;
  SECTION("by updates") {
    options.checkpoint.every_updates = 4;
    run.train(options);
    CHECK(run.folder.updates() == std::vector<int64_t>{4, 8, 9});
  }
  SECTION("by time") {
    options.checkpoint.every_minutes = 0.05;  // three readings of the clock; an update takes two
    run.train(options);
    CHECK(run.folder.updates().size() > 2);
  }
  SECTION("at the end alone") {
    run.train(options);
    CHECK(run.folder.updates() == std::vector<int64_t>{9});
  }
}

TEST_CASE("train: the time limit ends with a checkpoint, not with the run", "[train][checkpoint]") {
  TinyRun run;
  auto options = tiny_options();
  options.updates = 1000;
  options.minutes = 1;
  const auto outcome = run.train(options);
  CHECK(outcome.ending == Ending::time_limit);
  CHECK(outcome.seconds >= 60);
  CHECK(outcome.update < 60);
  CHECK_FALSE(load_checkpoint(disk_files(), run.folder, outcome.update).state.finished);
}

TEST_CASE("train: a signal ends it with a checkpoint", "[train][checkpoint][resume]") {
  TinyRun run;
  auto options = tiny_options();
  options.validate.every_updates = 5;
  run.setup.validate = [](const nn::Model&) {
    std::raise(SIGTERM);
    return Figures{{"perplexity", 2}};
  };
  Outcome outcome;
  {
    const InterruptGuard guard;
    outcome = run.train(options);
  }
  const InterruptGuard forget;  // the first guard's signal
  CHECK(outcome.ending == Ending::interrupted);
  CHECK(outcome.update == 5);
  CHECK(run.folder.updates() == std::vector<int64_t>{5});
}

TEST_CASE("train: what needs validations is refused without a validation set", "[train][error]") {
  TinyRun run;
  auto options = tiny_options();
  run.setup.validate = nullptr;
  std::string says;
  SECTION("patience") {
    options.validate.patience = 1;
    says = "`train.validate.patience`";
  }
  SECTION("plateau") {
    options.schedule = selection("plateau", PlateauOptions{});
    says = "`train.schedule.kind: plateau`";
  }
  CHECK_THROWS_WITH(run.train(options), ContainsSubstring(says) && ContainsSubstring("data.validation"));
}

}  // namespace
}  // namespace seq2seq::train
