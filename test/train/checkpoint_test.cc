#include "seq2seq/train/checkpoint.h"

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>

#include "seq2seq/core/error.h"
#include "seq2seq/train/checkpoint_folder.h"
#include "seq2seq/train/trainer_state.h"
#include "test/support/catch.h"
#include "test/support/failing_files.h"
#include "test/support/temporary_folder.h"

namespace seq2seq::train {
namespace {

using namespace test;

Checkpoint checkpoint_at(int64_t update, std::optional<int64_t> best = {}) {
  Checkpoint checkpoint;
  checkpoint.weights.tensors["w"] = at::full({5}, static_cast<double>(update));
  checkpoint.optimizer.tensors["w.step"] = at::full({}, static_cast<double>(2 * update));
  checkpoint.state.update = update;
  checkpoint.state.best_update = best;
  return checkpoint;
}

/// A run folder, and its log.
struct Run {
  TemporaryFolder temporary;
  RunFolder folder{temporary.path()};
  std::ostringstream said;
  Log log{said};

  void save(int64_t update, std::optional<int64_t> best = {}, int64_t keep = 2) {
    save_checkpoint(disk_files(), folder, checkpoint_at(update, best), keep);
  }
  std::filesystem::path file(int64_t update, const std::string& name) const { return folder.checkpoint(update) / name; }
  /// Returns the update of the newest complete checkpoint, after checking its weights.
  int64_t newest() {
    const auto found = newest_intact_checkpoint(disk_files(), folder, log);
    REQUIRE(found);
    const auto loaded = load_checkpoint(disk_files(), folder, found->update);
    REQUIRE(at::equal(loaded.weights.tensors.at("w"), checkpoint_at(found->update).weights.tensors.at("w")));
    return found->update;
  }
};

void overwrite(const std::filesystem::path& file, const std::string& bytes) { disk_files().write(file, bytes); }

TEST_CASE("checkpoint: weights, optimizer and state come back to the bit", "[train][checkpoint]") {
  Run run;
  auto saved = checkpoint_at(12, 12);
  saved.state = {.update = 12,
                 .epoch = 3,
                 .batch = 4,
                 .skipped = 5,
                 .bad_validations = 6,
                 .best_update = 12,
                 .best_score = 0.1 + 0.2,
                 .schedule = R"({"factor":0.30000000000000004})",
                 .seconds = 1.0 / 3,
                 .metrics_bytes = 789,
                 .finished = true,
                 .finished_because = "epochs"};
  save_checkpoint(disk_files(), run.folder, saved, 2);
  const auto loaded = load_checkpoint(disk_files(), run.folder, 12);
  CHECK(at::equal(loaded.weights.tensors.at("w"), saved.weights.tensors.at("w")));
  CHECK(at::equal(loaded.optimizer.tensors.at("w.step"), saved.optimizer.tensors.at("w.step")));
  CHECK(to_json(loaded.state) == to_json(saved.state));
  CHECK(loaded.state.best_score == 0.1 + 0.2);
  CHECK(loaded.state.seconds == 1.0 / 3);
  CHECK(loaded.state.schedule == saved.state.schedule);
}

TEST_CASE("checkpoint: the last ones and the best are kept", "[train][checkpoint]") {
  Run run;
  CHECK_FALSE(best_update(disk_files(), run.folder));
  run.save(10);
  CHECK(best_update(disk_files(), run.folder) == 10);  // no validation yet: the last
  run.save(20, 20);
  run.save(30, 20);
  run.save(40, 20);
  CHECK(run.folder.updates() == std::vector<int64_t>{20, 30, 40});
  CHECK(best_update(disk_files(), run.folder) == 20);
  run.save(50, 50);
  CHECK(run.folder.updates() == std::vector<int64_t>{40, 50});
  CHECK(best_update(disk_files(), run.folder) == 50);
  CHECK(content_of(run.folder.last()) == "50\n");
}

TEST_CASE("checkpoint: what a resumed run left behind it is removed", "[train][checkpoint][resume]") {
  Run run;
  run.save(10);
  run.save(20);
  run.save(15);  // resumed from 10
  CHECK(run.folder.updates() == std::vector<int64_t>{10, 15});
}

TEST_CASE("checkpoint: a best that a killed process did not name is named by the next", "[train][checkpoint][resume]") {
  Run run;
  run.save(10, 10);
  save_checkpoint(disk_files(), run.folder, checkpoint_at(20, 20), 2);  // as if killed before `best`
  overwrite(run.folder.best(), "10\n");
  run.save(30, 20);
  CHECK(best_update(disk_files(), run.folder) == 20);
}

TEST_CASE("checkpoint: a damaged one is named, and the one before it is used", "[train][checkpoint][resume][error]") {
  Run run;
  run.save(10);
  run.save(20);
  const std::string name = GENERATE("weights.safetensors", "optimizer.safetensors", "state.json", "checksums.json");
  CAPTURE(name);
  const auto file = run.file(20, name);
  const auto whole = content_of(file);
  SECTION("missing") { std::filesystem::remove(file); }
  SECTION("empty") { overwrite(file, ""); }
  SECTION("cut off") { overwrite(file, whole.substr(0, whole.size() / 2)); }
  SECTION("a bit flipped") {
    auto bytes = whole;
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    overwrite(file, bytes);
  }
  CHECK_THROWS_WITH(load_checkpoint(disk_files(), run.folder, 20), ContainsSubstring(file.parent_path().string()));
  CHECK(run.newest() == 10);
  CHECK_THAT(run.said.str(), ContainsSubstring("warning: ") && ContainsSubstring(file.parent_path().string()));
}

TEST_CASE("checkpoint: a flipped bit anywhere is found", "[train][checkpoint][error][property]") {
  Run run;
  run.save(10);
  const std::string name = GENERATE("weights.safetensors", "optimizer.safetensors", "state.json", "checksums.json");
  const auto file = run.file(10, name);
  const auto whole = content_of(file);
  for (size_t byte = 0; byte < whole.size(); ++byte) {
    // Damage to a file without a digest is only found if it matters: blanks of the JSON do not.
    if (name == "checksums.json" && (whole[byte] == ' ' || whole[byte] == '\n')) continue;
    auto bytes = whole;
    bytes[byte] = static_cast<char>(bytes[byte] ^ (1 << byte % 8));
    overwrite(file, bytes);
    CAPTURE(name, byte);
    REQUIRE_THROWS_AS(load_checkpoint(disk_files(), run.folder, 10), Error);
  }
}

TEST_CASE("checkpoint: when all are damaged, there is one clear error", "[train][checkpoint][error]") {
  Run run;
  run.save(10);
  run.save(20);
  overwrite(run.file(10, "weights.safetensors"), "");
  overwrite(run.file(20, "state.json"), "");
  CHECK_THROWS_AS(newest_intact_checkpoint(disk_files(), run.folder, run.log), FormatError);
  CHECK_THAT(run.said.str(), ContainsSubstring("20/state.json") && ContainsSubstring("10/weights.safetensors"));
}

TEST_CASE("checkpoint: without any, none is found", "[train][checkpoint]") {
  Run run;
  CHECK_FALSE(newest_intact_checkpoint(disk_files(), run.folder, run.log));
}

TEST_CASE("checkpoint: another format version is told in one line, not passed over", "[train][checkpoint][error]") {
  Run run;
  run.save(10);
  run.save(20);
  auto text = content_of(run.file(20, "checksums.json"));
  text.replace(text.find("\"version\": 1"), 12, "\"version\": 9");
  overwrite(run.file(20, "checksums.json"), text);
  CHECK_THROWS_WITH(newest_intact_checkpoint(disk_files(), run.folder, run.log),
                    ContainsSubstring("checkpoint of format version 9, but this program reads version 1"));
}

TEST_CASE("checkpoint: a `last` or `best` that holds no number is an error that names it",
          "[train][checkpoint][error]") {
  Run run;
  run.save(10);
  overwrite(run.folder.best(), "ten\n");
  CHECK_THROWS_WITH(best_update(disk_files(), run.folder), ContainsSubstring("best: does not contain"));
}

TEST_CASE("checkpoint: a `last` or `best` that names a missing one is an error that says what is there",
          "[train][checkpoint][resume][error]") {
  Run run;
  run.save(10, 10);
  run.save(20, 20, 5);
  run.save(30, 20, 5);
  SECTION("last") {
    std::filesystem::remove_all(run.folder.checkpoint(30));
    CHECK_THROWS_WITH(run.newest(),
                      ContainsSubstring("last: refers to checkpoint 30, which is missing; the run has 10, 20") &&
                          ContainsSubstring("--resume " + run.folder.root().string() + " --checkpoint N"));
    CHECK_THROWS_AS(last_update(disk_files(), run.folder), FormatError);
    CHECK(best_update(disk_files(), run.folder) == 20);
  }
  SECTION("best") {
    std::filesystem::remove_all(run.folder.checkpoint(20));
    CHECK_THROWS_WITH(best_update(disk_files(), run.folder),
                      ContainsSubstring("best: refers to checkpoint 20, which is missing; the run has 10, 30") &&
                          ContainsSubstring("instead of the run: " + run.folder.root().string() + "/checkpoints/N"));
    CHECK(run.newest() == 30);
  }
  SECTION("all") {
    for (const auto update : {10, 20, 30}) std::filesystem::remove_all(run.folder.checkpoint(update));
    CHECK_THROWS_WITH(run.newest(),
                      ContainsSubstring("last: refers to checkpoint 30, which is missing; the run has no other"));
    std::filesystem::remove(run.folder.last());
    CHECK_THROWS_WITH(run.newest(), ContainsSubstring("best: refers to checkpoint 20, which is missing"));
  }
}

TEST_CASE("checkpoint: one that was removed by hand counts as removed", "[train][checkpoint][resume]") {
  Run run;
  run.save(10, 10);
  run.save(20, 20);
  std::filesystem::remove_all(run.folder.checkpoint(20));
  std::filesystem::remove_all(run.folder.checkpoint(10));
  run.save(30, 20);
  CHECK(run.folder.updates() == std::vector<int64_t>{30});
  CHECK(best_update(disk_files(), run.folder) == 30);  // no `best` that names a missing checkpoint
  CHECK(run.newest() == 30);
}

TEST_CASE("checkpoint: what `last` names is gone on from, not a later one of a past that was left",
          "[train][checkpoint][resume]") {
  Run run;
  run.save(10, 10);
  run.save(20, 20);
  name_checkpoints(disk_files(), run.folder, 10, 10);
  CHECK(run.newest() == 10);
  CHECK(best_update(disk_files(), run.folder) == 10);
  name_checkpoints(disk_files(), run.folder, 10, {});
  CHECK(best_update(disk_files(), run.folder) == 10);
}

TEST_CASE("checkpoint: what a killed save left half written is removed, what it set aside is put back",
          "[train][checkpoint][resume]") {
  Run run;
  run.save(10, 10);
  run.save(20, 10);
  const auto& checkpoints = run.folder.checkpoints();
  run.temporary.file("checkpoints/.30.partial/weights.safetensors", "half");
  run.temporary.file("checkpoints/.last.partial", "3");
  std::filesystem::copy(run.folder.checkpoint(10), checkpoints / ".10.replaced");
  std::filesystem::rename(run.folder.checkpoint(20), checkpoints / ".20.replaced");
  tidy_checkpoints(disk_files(), run.folder);
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(checkpoints)) left.push_back(entry.path().filename());
  std::sort(left.begin(), left.end());
  CHECK(left == std::vector<std::string>{"10", "20", "best", "last"});
  CHECK(run.newest() == 20);
}

TEST_CASE("checkpoint: whichever operation fails, a whole one is left", "[train][checkpoint][resume][error]") {
  const auto mode = GENERATE(FailingFiles::Mode::once, FailingFiles::Mode::from_then_on);
  const int64_t update = GENERATE(10, 20);  // 10: exists already, from before a resume at 5
  FailingFiles counter(disk_files());
  for (int nth = 0; nth == 0 || nth <= counter.operations(); ++nth) {
    CAPTURE(nth, update);
    Run run;
    run.save(5, 5);
    run.save(10, 5);
    if (update == 10) name_checkpoints(disk_files(), run.folder, 5, 5);  // as in a resume from 5
    if (nth == 0) {
      save_checkpoint(counter, run.folder, checkpoint_at(update, 5), 1);
      REQUIRE(counter.operations() > 8);
      continue;
    }
    FailingFiles files(disk_files(), nth, mode);
    CHECK_THROWS_AS(save_checkpoint(files, run.folder, checkpoint_at(update, 5), 1), Error);
    CHECK(run.newest() >= (update == 10 ? 5 : 10));
    CHECK(best_update(disk_files(), run.folder) == 5);
    run.save(30, 5);  // and the next one can be written
    CHECK(run.newest() == 30);
    CHECK(run.folder.updates().size() <= 3);
  }
}

TEST_CASE("checkpoint: what was renamed but not synced may be lost, and a whole one is still there",
          "[train][checkpoint][resume][error]") {
  Run run;
  const TemporaryFolder backups;
  ForgetfulFiles files(disk_files(), backups.path());
  for (int64_t update = 10; update <= 50; update += 10) {
    save_checkpoint(files, run.folder, checkpoint_at(update), 1);
    files.lose_power();
    CHECK(run.newest() == update);
  }
}

}  // namespace
}  // namespace seq2seq::train
