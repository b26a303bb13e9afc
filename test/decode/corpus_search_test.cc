#include "seq2seq/decode/corpus_search.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <c10/util/Exception.h>

#include "seq2seq/data/text_pipeline.h"
#include "test/decode/small_predictor.h"
#include "test/decode/tree_predictor.h"
#include "test/support/catch.h"

namespace seq2seq::test {
namespace {

data::TextPipeline plain_text() {
  const auto vocabulary = [] { return text::Vocabulary({{"a", 3}, {"b", 2}, {"c", 1}}); };
  data::DataOptions options;
  options.reverse = data::Reverse::none;
  return {options, text::builtin_tokenizers(), vocabulary(), vocabulary()};
}

/// Returns different sentences of one to five words.
decode::Sentences sentences() {
  decode::Sentences all;
  for (int64_t i = 0; i < 21; ++i) {
    std::vector<int64_t> ids;
    for (int64_t rest = i + 3; rest > 0; rest /= 3) ids.push_back(3 + rest % 3);
    all.push_back(ids);
  }
  return all;
}

decode::DecodeOptions search_options() {
  return {.beam = 2, .n_best = 2, .max_length = {.ratio = 1, .plus = 2, .limit = 10}, .batch = 8};
}

}  // namespace

TEST_CASE("corpus search: a batch that does not fit into memory is halved, with the same outputs, and said once",
          "[decode][corpus_search][batch]") {
  const auto failure = GENERATE(Failure::cpu, Failure::other_device, Failure::standard);
  const int64_t most = GENERATE(2, 5, 9, 15);  // hypotheses; a sentence has two, all 8 of a batch 16
  CAPTURE(static_cast<int>(failure), most);
  const TreePredictor whole({.seed = 3});
  const SmallPredictor small(whole, most, failure);
  const auto text = plain_text();
  std::vector<int64_t> finished, halved;
  decode::Done done([&finished](int64_t count) { finished.push_back(count); });
  done.halved = [&halved](int64_t count) { halved.push_back(count); };

  const auto found = decode::search_all(small, sentences(), text, search_options(), done);

  const auto wanted = decode::search_all(whole, sentences(), text, search_options());
  REQUIRE(found.size() == wanted.size());
  for (size_t i = 0; i < found.size(); ++i) {
    REQUIRE(found[i].size() == wanted[i].size());
    for (size_t j = 0; j < found[i].size(); ++j) {
      CHECK(found[i][j].ids == wanted[i][j].ids);
      CHECK(found[i][j].score == wanted[i][j].score);
    }
  }
  CHECK(halved == std::vector<int64_t>{8});
  CHECK(finished.back() == 21);
  CHECK(std::is_sorted(small.sizes.rbegin(), small.sizes.rend()));  // later batches are not larger
  CHECK(small.sizes.back() <= std::max<int64_t>(most / 2, 1));
}

TEST_CASE("corpus search: scores of pairs are halved alike", "[decode][corpus_search][batch]") {
  const TreePredictor whole({.seed = 4});
  const SmallPredictor small(whole, 3, Failure::other_device);
  const auto text = plain_text();
  int64_t halved = 0;
  decode::Done done;
  done.halved = [&halved](int64_t) { ++halved; };
  const auto found = decode::score_all(small, sentences(), sentences(), text, 8, done);
  const auto wanted = decode::score_all(whole, sentences(), sentences(), text, 8);
  CHECK(halved == 1);
  REQUIRE(found.size() == wanted.size());
  for (size_t i = 0; i < found.size(); ++i) CHECK(found[i].score == wanted[i].score);
}

TEST_CASE("corpus search: a sentence that does not fit alone, and any other fault, is thrown",
          "[decode][corpus_search][error]") {
  const TreePredictor whole({.seed = 3});
  const auto text = plain_text();
  const SmallPredictor small(whole, 0, Failure::other_device);
  CHECK_THROWS_AS(decode::search_all(small, sentences(), text, search_options()), c10::OutOfMemoryError);
  CHECK(small.sizes == std::vector<int64_t>{8, 4, 2, 1});
  const SmallPredictor broken(whole, 0, Failure::none);
  CHECK_THROWS_AS(decode::search_all(broken, sentences(), text, search_options()), std::logic_error);
  CHECK(broken.sizes == std::vector<int64_t>{8});
}

TEST_CASE("corpus search: the warning about memory comes once for any number of searches", "[decode][corpus_search]") {
  std::ostringstream out;
  Log log(out);
  const auto done = decode::on_small_memory(&log);
  const TreePredictor whole({.seed = 3});
  const SmallPredictor small(whole, 4, Failure::other_device);
  for (int i = 0; i < 2; ++i) decode::search_all(small, sentences(), plain_text(), search_options(), done);
  CHECK(out.str() ==
        "warning: memory does not suffice for 8 sentences together; each batch that does not fit is halved\n");
}

}  // namespace seq2seq::test
