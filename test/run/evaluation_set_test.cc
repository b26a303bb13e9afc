#include "seq2seq/run/evaluation_set.h"

#include <algorithm>
#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/pipeline.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

using Ids = std::vector<int64_t>;
using data::Reason;

/// Writes a source file and files of references with these contents.
data::FilePair files_of(const TemporaryFolder& folder, const std::string& source,
                        const std::vector<std::string>& references) {
  data::FilePair files{folder.file("source", source), {}};
  for (size_t i = 0; i < references.size(); ++i)
    files.target.push_back(folder.file("reference." + std::to_string(i), references[i]));
  return files;
}

}  // namespace

TEST_CASE("evaluation set: a sentence with a reference in any file is in it, whatever the order of the files",
          "[run][evaluate][property]") {
  const TemporaryFolder folder;
  std::vector<std::string> references{"w3\n\n\n \nw4\n", "\nw5\n\n\nw6 w7\n", "\n\n\n\nw8\n"};
  const std::string source = "w3\nw4\nw5\nw6\nw7\n";
  const std::vector<std::vector<std::string>> wanted{{"w3"}, {"w5"}, {"w4", "w6 w7", "w8"}};
  std::sort(references.begin(), references.end());
  do {
    CAPTURE(references);
    const auto set = run::read_evaluation_set(files_of(folder, source, references), numbered_pipeline({}));
    REQUIRE(set.corpus.pairs() == 3);
    for (size_t i = 0; i < wanted.size(); ++i) {
      auto found = set.references[i];
      CHECK(numbered_pipeline({}).target_ids({found.front().substr(0, 2)}).front() ==
            set.corpus.target[static_cast<int64_t>(i)].front());  // the first one has the log-probabilities
      std::sort(found.begin(), found.end());
      CHECK(found == wanted[i]);
    }
    CHECK(Ids{set.corpus.number(0), set.corpus.number(1), set.corpus.number(2)} == Ids{0, 1, 4});
    CHECK(set.corpus.left_out[Reason::empty_target].first_lines == Ids{3, 4});
    CHECK(set.most_references == 3);
  } while (std::next_permutation(references.begin(), references.end()));
}

TEST_CASE("evaluation set: references are the lines of the file, whatever the model reads", "[run][evaluate]") {
  const TemporaryFolder folder;
  data::DataOptions options;
  options.target.normalize = {.form = text::NormalForm::nfkc, .lowercase = true};
  options.target.tokenizer = {.kind = "moses", .options = nullptr};
  const std::string line = " W3,  \"W4\"\t\uFB01n . ";
  const auto set = run::read_evaluation_set(files_of(folder, "w3\n", {line + "\n"}), numbered_pipeline(options));

  CHECK(set.references == metrics::References{{line}});
  CHECK(set.corpus.target[0].front() == 3);  // `w3`
}

TEST_CASE("evaluation set: long pairs and empty sources are in it", "[run][evaluate]") {
  const TemporaryFolder folder;
  data::DataOptions options;
  options.clean.max_length = 1;
  std::string line;
  for (int i = 0; i < 1000; ++i) line += "w3 ";
  const auto set =
      run::read_evaluation_set(files_of(folder, line + "\n\n", {"w3 w3\nw3\n"}), numbered_pipeline(options));

  REQUIRE(set.corpus.pairs() == 2);
  CHECK(set.corpus.source.length(0) == 1000);
  CHECK(set.corpus.source[1].empty());
}

TEST_CASE("evaluation set: a line that is not UTF-8 is no reference where such lines may be dropped",
          "[run][evaluate][error]") {
  const TemporaryFolder folder;
  const auto files = files_of(folder, "w3\nw3\nw\xFF\nw3\n", {"w\xFF\nw4\nw4\nw\xFF\n", "w5\nw\xFF\nw5\n\n"});
  data::DataOptions options;
  options.invalid_utf8 = data::InvalidUtf8::drop;
  const auto set = run::read_evaluation_set(files, numbered_pipeline(options));

  CHECK(set.references == metrics::References{{"w5"}, {"w4"}});
  CHECK(set.corpus.left_out[Reason::invalid_utf8].first_lines == Ids{3, 4});
  CHECK(set.corpus.left_out[Reason::empty_target].pairs == 0);
  CHECK_THAT(message_of<Error>([&] { run::read_evaluation_set(files, numbered_pipeline({})); }),
             ContainsSubstring("source:3:2: byte 0xFF") && ContainsSubstring("set `data.invalid_utf8: drop`"));
}

TEST_CASE("evaluation set: a special symbol is refused in every reference where the configuration refuses it",
          "[run][evaluate][error]") {
  const TemporaryFolder folder;
  data::DataOptions options;
  options.special_symbols = text::SpecialSymbols::error;
  const auto files = files_of(folder, "w3\nw3\n", {"w3\nw3\n", "w3\nw3 <s>\n"});

  CHECK_THAT(message_of<Error>([&] { run::read_evaluation_set(files, numbered_pipeline(options)); }),
             ContainsSubstring("reference.1:2: holds the token `<s>`"));
}

TEST_CASE("evaluation set: files that do not belong together are refused with what is wrong",
          "[run][evaluate][error]") {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& source, const std::vector<std::string>& references) {
    const auto files = files_of(folder, source, references);
    return message_of<Error>([&] { run::read_evaluation_set(files, numbered_pipeline({})); });
  };
  CHECK_THAT(message("w3\n", {}), ContainsSubstring("source: has no target file"));
  CHECK_THAT(message("w3\nw3\n", {"w3\nw3\n", "w3\n"}), ContainsSubstring("reference.1: has 1 line, but") &&
                                                            ContainsSubstring("source has 2 lines") &&
                                                            ContainsSubstring("Leave a line empty"));
  const auto one_sided = message_of<Error>([&] {
    const data::FilePair files{{}, {folder.file("one", "w3\nw3\n"), folder.file("two", "w3\n")}};
    run::read_evaluation_set(files, numbered_pipeline({}));
  });
  CHECK_THAT(one_sided, ContainsSubstring("two: has 1 line, but " + (folder / "one").string() + " has 2 lines"));
  CHECK_THAT(message("", {""}), ContainsSubstring("source: is empty; expected at least one line"));
  CHECK_THAT(message("w3\nw3\n", {"\n\n", "\n \n"}),
             ContainsSubstring("all pairs were left out: 2 with an empty target"));
}

}  // namespace seq2seq::test
