#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/train/adam.h"
#include "seq2seq/train/schedule/halve.h"
#include "seq2seq/train/schedule/inverse_square_root.h"
#include "seq2seq/train/schedule/linear.h"
#include "seq2seq/train/schedule/plateau.h"
#include "seq2seq/train/sgd.h"
#include "seq2seq/train/trainer.h"
#include "seq2seq/train/trainer_state.h"
#include "test/support/catch.h"
#include "test/support/failing_files.h"
#include "test/train/tiny_run.h"

namespace seq2seq::train {
namespace {

using namespace test;

struct Variant {
  std::string name;
  std::function<void(TrainOptions&)> set;
};

/// Optimizers, schedules, batches and lengths of a run, which keep different states between updates.
std::vector<Variant> variants() {
  return {
      {"sgd, constant", [](TrainOptions&) {}},
      {"sgd, averaged", [](TrainOptions& options) { options.average.decay = 0.99; }},
      {"sgd with momentum, halved",
       [](TrainOptions& options) {
         options.optimizer = selection(
             "sgd", SgdOptions{.learning_rate = 0.2, .momentum = 0.9, .nesterov = true, .weight_decay = 0.001});
         options.schedule = selection("halve", HalveOptions{.from_epoch = 1, .every_epochs = 0.5});
         options.updates.reset();
         options.epochs = 9.5;
       }},
      {"adam, linear, accumulated, by tokens",
       [](TrainOptions& options) {
         options.optimizer = selection("adam", AdamOptions{.learning_rate = 0.01});
         options.scheduled_sampling = {
             .decay = ScheduledSamplingOptions::Decay::linear, .to_update = 20, .by = SampleBy::word};
         options.schedule = selection("linear", LinearOptions{.warmup_updates = 10});
         options.batch.sentences = 0;
         options.batch.tokens = 30;
         options.accumulate = 2;
         options.updates.reset();
         options.epochs = 12;
       }},
      {"adamw, inverse square root, smoothed",
       [](TrainOptions& options) {
         options.optimizer =
             selection("adamw", AdamOptions{.learning_rate = 0.02, .weight_decay = 0.1, .decoupled = true});
         options.schedule = selection("inverse_square_root", InverseSquareRootOptions{.warmup_updates = 7});
         options.label_smoothing = 0.1;
         options.teacher_forcing = 0.5;
         options.scheduled_sampling = {.decay = ScheduledSamplingOptions::Decay::inverse_sigmoid, .k = 10};
         options.average.decay = 0.9;
         options.batch.draw = data::EpochDraw::with_replacement;
         options.accumulate = 3;
       }},
      {"adam, plateau, norm range",
       [](TrainOptions& options) {
         options.optimizer = selection("adam", AdamOptions{.learning_rate = 0.3});
         options.schedule = selection("plateau", PlateauOptions{.factor = 0.5, .patience = 1, .minimum = 0.0001});
         options.clip = selection("norm_range", NormRangeClipOptions{.min = 1, .max = 2});
         options.validate.every_updates = 3;
       }},
  };
}

TrainOptions options_of(const Variant& variant) {
  auto options = tiny_options();
  options.updates = 60;
  options.report_every_updates = 4;
  options.validate.every_updates = 7;
  options.checkpoint.keep = 3;
  variant.set(options);
  return options;
}

/// Parts of a state that do not depend on the clock or on the point of interruption.
std::string timeless(TrainerState state) {
  state.seconds = state.window.seconds = 0;
  state.metrics_bytes = 0;
  return to_json(state);
}

/// Checks that windows are whole, for any interruption within them.
void check_same_reports(const TinyRun& run, const TinyRun& straight) {
  const auto reports = [](const TinyRun& of) {
    std::vector<std::vector<double>> all;
    for (const auto& line : of.metrics("train"))
      all.push_back({line.at("update"), line.at("loss"), line.at("gradient_norm"), line.at("learning_rate")});
    return all;
  };
  CHECK(reports(run) == reports(straight));
}

void check_same_end(const TinyRun& run, const TinyRun& straight) {
  const auto update = straight.folder.updates().back();
  REQUIRE(run.folder.updates().back() == update);
  const auto ours = load_checkpoint(disk_files(), run.folder, update);
  const auto theirs = load_checkpoint(disk_files(), straight.folder, update);
  CHECK(same_tensors(ours.weights, theirs.weights));
  CHECK(same_tensors(ours.optimizer, theirs.optimizer));
  CHECK(timeless(ours.state) == timeless(theirs.state));
  const auto figures = [](const TinyRun& of) {
    std::vector<std::pair<int64_t, double>> all;
    for (const auto& line : of.metrics("validation")) all.emplace_back(line.at("update"), line.at("perplexity"));
    return all;
  };
  CHECK(figures(run) == figures(straight));
}

std::optional<int64_t> newest(TinyRun& run) {
  const auto checkpoint = newest_intact_checkpoint(disk_files(), run.folder, *run.setup.log);
  return checkpoint ? std::optional(checkpoint->update) : std::nullopt;
}

/// Trains to the end of `straight` in sessions that a time limit ends, and compares the results.
void check_ends_as(const TinyRun& straight, const TrainOptions& limited) {
  const TemporaryFolder folder;
  std::optional<int64_t> update;
  int sessions = 0;
  for (auto ending = Ending::time_limit; ending == Ending::time_limit; ++sessions) {
    REQUIRE(sessions < 100);
    TinyRun session(0.3, folder.path());  // a new process: a model with its first parameters
    const auto outcome = session.train(limited, update);
    ending = outcome.ending;
    update = outcome.update;
  }
  REQUIRE(sessions > 2);
  const TinyRun ended(0.3, folder.path());
  check_same_end(ended, straight);
  check_same_reports(ended, straight);
}

TEST_CASE("resume: stopped by the time limit again and again, training ends bit for bit as if never stopped",
          "[train][resume]") {
  const auto variant = GENERATE(from_range(variants()));
  TinyRun straight(0.3);
  auto options = options_of(variant);
  options.batch.prefetch = 0;
  straight.train(options);

  for (const double minutes : {0.4, 0.7, 1.5}) {
    for (const int64_t prefetch : {0, 3}) {  // batches made ahead and not used are lost with the session
      CAPTURE(variant.name, minutes, prefetch);
      auto limited = options;
      limited.batch.prefetch = prefetch;
      limited.minutes = minutes;
      check_ends_as(straight, limited);
    }
  }
}

TEST_CASE("resume: killed at any write, training goes on from its newest checkpoint to the same end",
          "[train][resume]") {
  const auto variant = GENERATE(from_range(variants()));
  TinyRun straight(0.3);
  auto options = options_of(variant);
  options.batch.prefetch = 0;
  straight.train(options);
  options.batch.prefetch = 3;

  const TemporaryFolder folder;
  int sessions = 0;
  for (int kill_at = 11;; kill_at += 13, ++sessions) {
    CAPTURE(variant.name, kill_at);
    REQUIRE(sessions < 100);
    TinyRun session(0.3, folder.path());
    FailingFiles files(session.files, kill_at, FailingFiles::Mode::from_then_on);
    session.setup.files = &files;
    try {
      session.train(options, newest(session));
      break;
    } catch (const Error&) {  // the process is dead; the next one finds its files
    }
  }
  REQUIRE(sessions > 2);
  const TinyRun ended(0.3, folder.path());
  check_same_end(ended, straight);
  check_same_reports(ended, straight);
}

TEST_CASE("resume: a run extended by more updates ends as one that was to be that long", "[train][resume]") {
  TinyRun straight(0.3);
  auto options = tiny_options();
  options.validate.every_updates = 6;
  options.updates = 30;
  straight.train(options);
  const TemporaryFolder folder;
  options.updates = 12;
  TinyRun(0.3, folder.path()).train(options);
  options.updates = 30;
  TinyRun extended(0.3, folder.path());
  CHECK(extended.train(options, 12).ending == Ending::finished);
  check_same_end(extended, straight);
}

TEST_CASE("resume: a finished run is left as it is", "[train][resume]") {
  TinyRun run;
  const auto options = tiny_options();
  run.train(options);
  const auto metrics = content_of(run.folder.metrics());
  TinyRun again(0, run.folder.root());
  const auto outcome = again.train(options, 12);
  CHECK(outcome.ending == Ending::finished);
  CHECK(outcome.update == 12);
  CHECK(content_of(run.folder.metrics()) == metrics);
}

TEST_CASE("resume: a run that patience ended stays ended until it is given more", "[train][resume]") {
  TinyRun run;
  auto options = tiny_options();
  options.validate = {.every_updates = 1, .patience = 2};
  run.setup.validate = [](const nn::Model&) { return Figures{{"perplexity", 5}}; };
  REQUIRE(run.train(options).update == 3);
  TinyRun again(0, run.folder.root());
  options.updates = 100;
  CHECK(again.train(options, 3).ending == Ending::patience);
  CHECK(run.folder.updates().back() == 3);

  options.validate.patience = 4;
  TinyRun more(0, run.folder.root());
  more.setup.validate = run.setup.validate;
  const auto outcome = more.train(options, 3);
  CHECK(outcome.ending == Ending::patience);
  CHECK(outcome.update == 5);
}

TEST_CASE("resume: patience goes on counting where it stood", "[train][resume][validation]") {
  auto options = tiny_options();
  options.validate = {.every_updates = 1, .patience = 5};
  const TemporaryFolder folder;
  const auto session = [&](int64_t updates, double score, std::optional<int64_t> from) {
    TinyRun run(0, folder.path());
    options.updates = updates;
    run.setup.validate = [score](const nn::Model&) { return Figures{{"perplexity", score}}; };
    return run.train(options, from);
  };
  session(1, 3, {});
  session(4, 7, 1);  // worse than 3: three without improvement
  const auto outcome = session(100, 4, 4);
  CHECK(outcome.ending == Ending::patience);
  CHECK(outcome.update == 6);
  CHECK(outcome.best_update == 1);
  CHECK(outcome.best_score == 3);
}

TEST_CASE("resume: metrics.jsonl is cut back to the checkpoint", "[train][resume][metrics]") {
  TinyRun run;
  auto options = tiny_options();
  options.report_every_updates = 1;
  options.checkpoint.every_updates = 5;
  run.setup.validate = nullptr;
  options.checkpoint.keep = 10;
  run.train(options);
  disk_files().append(run.folder.metrics(), R"({"kind":"tra)");  // killed within a line
  TinyRun again(0, run.folder.root());
  again.setup.validate = nullptr;
  again.train(options, 5);
  std::vector<int64_t> updates;
  for (const auto& line : again.metrics("train")) updates.push_back(line.at("update"));
  CHECK(updates == std::vector<int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
}

TEST_CASE("resume: without its metrics.jsonl a run goes on, with a warning", "[train][resume][metrics]") {
  TinyRun run;
  auto options = tiny_options();
  options.checkpoint.every_updates = 5;
  options.checkpoint.keep = 10;
  run.train(options);
  std::filesystem::remove(run.folder.metrics());
  TinyRun again(0, run.folder.root());
  again.train(options, 5);
  CHECK(again.metrics("header").size() == 1);
  CHECK_THAT(again.said(), ContainsSubstring("warning: ") && ContainsSubstring("metrics.jsonl: missing"));
}

TEST_CASE("resume: a metrics.jsonl that ends within a line is cut back to its last whole one",
          "[train][resume][metrics]") {
  TinyRun run;
  auto options = tiny_options();
  options.report_every_updates = 1;
  run.setup.validate = nullptr;
  run.train(options);
  const auto whole = content_of(run.folder.metrics());
  const size_t kept = GENERATE_COPY(size_t{20}, whole.size() / 2, whole.size() - 1);
  CAPTURE(kept);
  std::filesystem::resize_file(run.folder.metrics(), kept);
  TinyRun again(0, run.folder.root());
  again.setup.validate = nullptr;
  options.updates = 14;
  again.train(options, 12);
  const auto lines = whole.substr(0, kept).rfind('\n');
  std::vector<int64_t> expected, found;
  const auto before = lines == std::string::npos
                          ? 0
                          : std::count(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(lines), '\n');
  for (int64_t update = 1; update <= before; ++update) expected.push_back(update);
  expected.insert(expected.end(), {13, 14});
  for (const auto& line : again.metrics("train")) found.push_back(line.at("update"));  // every line parses
  CHECK(found == expected);
  CHECK(again.metrics("header").size() == 1);
  CHECK_THAT(again.said(), ContainsSubstring("warning: "));
}

TEST_CASE("resume: with less time than it takes to begin, each session makes one update", "[train][resume]") {
  const TemporaryFolder folder;
  auto options = tiny_options();
  options.minutes = 1e-6;
  std::optional<int64_t> update;
  int64_t sessions = 0;
  for (auto ending = Ending::time_limit; ending == Ending::time_limit;) {
    REQUIRE(sessions < 20);
    const auto outcome = TinyRun(0, folder.path()).train(options, update);
    CHECK(outcome.update == ++sessions);
    ending = outcome.ending;
    update = outcome.update;
  }
  CHECK(sessions == 12);
}

TEST_CASE("resume: the summary counts the updates of its own session, the outcome the seconds of all",
          "[train][resume]") {
  TinyRun run;
  auto options = tiny_options();
  const auto first = run.train(options);
  CHECK_THAT(run.said(), ContainsSubstring("training: 12 updates in "));
  TinyRun again(0, run.folder.root());
  options.updates = 14;
  const auto second = again.train(options, 12);
  CHECK_THAT(again.said(), ContainsSubstring("training: 2 updates in "));
  CHECK(second.seconds > first.seconds);  // the clock advances by this many seconds per update
}

TEST_CASE("resume: another learning rate is taken over, the schedule's factor kept", "[train][resume]") {
  TinyRun run;
  auto options = tiny_options();
  options.schedule = selection("halve", HalveOptions{.from_epoch = 1, .every_epochs = 100});
  run.train(options);
  TinyRun again(0, run.folder.root());
  options.updates = 14;
  options.optimizer = selection("sgd", SgdOptions{.learning_rate = 0.1});
  again.train(options, 12);
  CHECK(again.metrics("train").back().at("learning_rate") == 0.05);
}

}  // namespace
}  // namespace seq2seq::train
