#include <algorithm>
#include <set>
#include <string>

#include "seq2seq/study/grid/plan.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

const fs::path repository = SEQ2SEQ_SOURCE_DIR;

/// The studies of experiments/ with their records, as in a clone without data.
struct Experiments {
  Experiments() {
    for (const auto* name : {"experiments", "configs"}) fs::create_directory_symlink(repository / name, folder / name);
    for (const auto& topic : fs::directory_iterator(folder / "experiments")) {
      if (!fs::is_directory(topic.path() / "records")) continue;
      for (const auto& file : fs::directory_iterator(topic.path()))
        if (file.path().extension() == ".yaml") studies.push_back(file.path());
    }
  }
  study::StudyPlan plan(const fs::path& file, const std::string& scale) const {
    return study::make_plan({.study = file, .scale = scale, .runs = folder / "runs", .only = {}}, registries,
                            disk_files(), log);
  }

  TemporaryFolder folder;
  std::vector<fs::path> studies;
  run::Registries registries = run::builtin_registries();
  mutable std::ostringstream said;
  mutable Log log{said};
};

}  // namespace

// A changed digest would train all of them again: hours, and other figures in the documentation.
TEST_CASE("experiments: the program still finds every record by its study", "[study][digest]") {
  const Experiments experiments;
  REQUIRE_FALSE(experiments.studies.empty());
  std::set<fs::path> found, kept;
  for (const auto& file : experiments.studies) {
    for (const auto& scale : study::read_study(file).scales) {
      const auto plan = experiments.plan(file, scale.name);
      for (const auto& planned : plan.planned)
        if (planned.record) found.insert(plan.records / study::record_name(planned.record->identity));
    }
    for (const auto& record : fs::directory_iterator(file.parent_path() / "records"))
      if (record.path().extension() == ".json") kept.insert(record.path());
  }
  CHECK(found == kept);
  CHECK(experiments.said.str().empty());
}

}  // namespace seq2seq::test
