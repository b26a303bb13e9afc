#include "seq2seq/study/record/epoch_tokens.h"

#include <string>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

TEST_CASE("epoch tokens: the text is read once for all runs with the same tokens", "[study][record]") {
  Toy toy(copied);
  toy.train("one", {"train.updates=5"});
  toy.train("two", {"train.updates=5", "seed=2", "decode.beam=3"});
  toy.train("other", {"train.updates=5", "data.max_length=2"});
  double tokens = 0;  // on each side: the letters, and an end symbol for each line
  for (const auto& line : lines_in(content_of(toy / "train.source")))
    tokens += static_cast<double>((line.size() + 1) / 2 + 1);

  study::EpochCounter counter;
  const auto first = counter.count(toy.load("one"), toy.environment);
  CHECK(first.source == tokens);
  CHECK(first.target == tokens);
  const auto other = counter.count(toy.load("other"), toy.environment);
  CHECK(other.source < tokens);

  fs::remove(toy / "train.source");
  const auto second = counter.count(toy.load("two"), toy.environment);
  CHECK(second.source == tokens);
  CHECK(second.target == tokens);
  study::EpochCounter fresh;
  CHECK_THROWS_AS(fresh.count(toy.load("two"), toy.environment), Error);
}

}  // namespace seq2seq::test
