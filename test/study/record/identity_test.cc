#include "seq2seq/study/record/identity.h"

#include <set>

#include "test/study/study_folder.h"
#include "test/support/catch.h"

namespace seq2seq::test {

TEST_CASE("identity: rows that differ in one file of the training text are different runs", "[study][identity]") {
  const std::string guided = "model.attention.kind: general, train.guided_alignment.weight: 1, data.train.alignment: ";
  const std::string weighted =
      "data.train.source: [train.source, train.source], data.train.target: [train.target, "
      "train.target], data.train.weights: ";
  StudyFolder study(
      "seeds: [1]\nscales: {tiny: {set: {train.updates: 10}}}\nrows:\n  - {name: plain}\n"
      "  - {name: links, set: {" +
      guided +
      "links}}\n"
      "  - {name: other links, set: {" +
      guided +
      "other}}\n"
      "  - {name: no links, set: {" +
      guided +
      "none}}\n"
      "  - {name: first weighted, set: {" +
      weighted +
      "[weights, '']}}\n"
      "  - {name: second weighted, set: {" +
      weighted + "['', weights]}}\n");
  const auto lines = lines_in(content_of(study.toy / "train.source")).size();
  std::string links, other, weights;
  for (size_t line = 0; line < lines; ++line) {
    links += "0-0\n";
    other += "\n";
    weights += "0.5\n";
  }
  study.toy.folder().file("links", links);
  study.toy.folder().file("other", other);
  study.toy.folder().file("weights", weights);

  const auto plan = study.plan();
  REQUIRE(plan.planned.size() == 6);
  std::set<std::string> trainings, texts;
  for (const auto& planned : plan.planned) {
    trainings.insert(planned.identity.training);
    texts.insert(planned.identity.train.sha256);
  }
  CHECK(trainings.size() == 6);  // empty for the row without its links
  CHECK(texts.size() == 6);
  CHECK(study::missing_texts(plan) == std::set<std::string>{study.toy / "none"});
}

}  // namespace seq2seq::test
