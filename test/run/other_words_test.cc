#include "seq2seq/run/other_words.h"

#include <algorithm>
#include <regex>
#include <sstream>
#include <string>

#include "seq2seq/config/resolved.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/text.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

/// Returns the message that refuses a setting.
std::string said_about(const Toy& toy, const std::string& set) {
  return message_of<UsageError>(
      [&] { run::read_configuration(toy / "toy.yaml", overrides({set}), *toy.environment.registries); });
}

}  // namespace

TEST_CASE("other words: keys of other programs are answered by the names that they have here", "[run][error]") {
  Toy toy(copied);
  const auto refused = [&toy](const std::string& set) { return said_about(toy, set); };
  CHECK_THAT(refused("train.lr=1"),
             ContainsSubstring("unknown key `train.lr`; it is `train.optimizer.learning_rate` here"));
  CHECK_THAT(refused("model.hidden_size=8"),
             ContainsSubstring("it is `model.encoder.cells` and `model.decoder.cells` here"));
  CHECK_THAT(refused("train.dropout=0.1"), ContainsSubstring("it is `model.dropout` here"));
  CHECK_THAT(refused("valid=x"), ContainsSubstring("it is `data.validation` here"));
  CHECK_THAT(refused("decode.length_penalty=1"),
             ContainsSubstring("unknown key `decode.length_penalty`; it is `decode.length_normalization` here"));
  CHECK_THAT(refused("model.attention=general"),
             ContainsSubstring("`model.attention` is a section: write `model.attention.kind: general`"));
  CHECK_THAT(refused("model.encoder=gru"), ContainsSubstring("write `model.encoder.kind: gru`"));
  CHECK_THAT(refused("train.batch.size=64"), ContainsSubstring("it is `train.batch.sentences` here"));
  CHECK_THAT(refused("model.encoder.dropout=0.3"), ContainsSubstring("is a key of kind `transformer`") &&
                                                       ContainsSubstring("`model.dropout.layers`") &&
                                                       !ContainsSubstring("Remove it"));
  CHECK_THAT(refused("data.train.src=x"), ContainsSubstring("it is `data.train.source` here"));
  CHECK_THAT(refused("data.validation.tgt=x"), ContainsSubstring("it is `data.validation.target` here"));
  CHECK_THAT(refused("train.adam-betas=1"), ContainsSubstring("`train.optimizer.beta1` and `train.optimizer.beta2`"));

  // Every key in an answer exists.
  run::RunOptions options;
  config::Keys keys;
  declare(keys, options, *toy.environment.registries);
  for (const auto& [word, answer] : run::other_words()) {
    CAPTURE(word, answer);
    const std::regex name("`([a-z_]+(\\.[a-z_]+)*)`");
    for (std::sregex_iterator found(answer.begin(), answer.end(), name), end; found != end; ++found) {
      if (const auto path = (*found)[1].str(); path != "torchrun" && word.find('=') == word.npos)
        CHECK_NOTHROW(config::reference(keys, path));
    }
  }
}

TEST_CASE("other words: values of other programs are answered by the values that exist here", "[run][error]") {
  Toy toy(copied);
  const auto refused = [&toy](const std::string& set) { return said_about(toy, set); };
  CHECK_THAT(refused("train.optimizer.kind=AdamW"), ContainsSubstring("the nearest is `adamw`"));
  CHECK_THAT(refused("model.encoder.bidirectional=true"), ContainsSubstring("found `true`; write `all`"));
  CHECK_THAT(refused("data.source.tokenizer.kind=bpe"), ContainsSubstring("write `sentencepiece`"));
  CHECK_THAT(refused("model.attention.kind=Bahdanau"), ContainsSubstring("write `additive`"));
  CHECK_THAT(refused("model.attention.kind=luong"), ContainsSubstring("write `general`"));
  CHECK_THAT(refused("train.precision=fp16"),
             ContainsSubstring("only `bf16` and `tf32` exist here") && !ContainsSubstring("the nearest"));

  // Every value in an answer exists, and no word that is answered does.
  const std::regex value("write `([a-z0-9_]+)`");
  for (const auto& [word, answer] : run::other_words()) {
    if (word.find('=') == word.npos) continue;
    CAPTURE(word, answer);
    const auto key = word.substr(0, word.find('='));
    CHECK_THAT(refused(word), ContainsSubstring("`" + key + "`: expected one of ") && ContainsSubstring(answer));
    std::smatch found;
    if (!std::regex_search(answer, found, value)) continue;
    std::string said;
    try {
      run::read_configuration(toy / "toy.yaml", overrides({key + "=" + found[1].str()}), *toy.environment.registries);
    } catch (const UsageError& error) {  // another key may not suit it
      said = error.what();
    }
    CHECK_THAT(said, !ContainsSubstring("expected one of"));
  }
}

TEST_CASE("other words: every name in the tables of docs/coming-from.md is answered", "[run][error]") {
  Toy toy(copied);
  run::RunOptions options;
  config::Keys keys;
  declare(keys, options, *toy.environment.registries);
  const auto reference = config::reference(keys, "");
  const auto is_ours = [&reference](const std::string& name) {
    return std::regex_search(reference, std::regex("(^|[ .\n])" + name + "(:|\\.)"));
  };
  const auto answers = run::other_words();
  const std::regex row("\\| `(data|model|train|decode|metrics|seed|task)[`.].*"), name("`([a-z0-9_-]+)`.*");
  int names = 0;
  std::istringstream lines(content_of(fs::path(SEQ2SEQ_SOURCE_DIR) / "docs/coming-from.md"));
  for (std::string line; std::getline(lines, line);) {
    if (!std::regex_match(line, row)) continue;
    const auto cells = split(line, '|');
    for (size_t i = 2; i < 6; ++i) {  // of the four toolkits; most of PyTorch's are not keys
      std::string cell(cells.at(i));
      for (size_t from = 0; from < cell.size();) {
        const auto next = std::min(cell.find(", ", from), cell.size());
        auto piece = cell.substr(from, next - from);
        piece.erase(0, piece.find_first_not_of(' '));
        from = next + 2;
        std::smatch found;
        if (!std::regex_match(piece, found, name) || found[1] == "beta" || found[1] == "weight") continue;
        auto word = found[1].str();
        CAPTURE(line, word);
        const bool answered = answers.contains(word);
        std::replace(word.begin(), word.end(), '-', '_');
        CHECK((answered || is_ours(word)));
        ++names;
      }
    }
  }
  CHECK(names > 200);
  for (const auto* word :
       {"betas", "requires_grad", "emb_dim", "tie_weights", "accumulate_grad_batches", "log_every", "steps"})
    CHECK(answers.contains(word));
}

TEST_CASE("other words: metrics of other programs are answered by the names that they have here", "[run][error]") {
  Toy toy(copied);
  const auto [name, ours] = GENERATE(table<std::string, std::string>({{"wer", "word_error_rate"},
                                                                      {"WER", "sequence_error_rate"},
                                                                      {"per", "token_error_rate"},
                                                                      {"accuracy", "exact_match"},
                                                                      {"acc", "exact_match"},
                                                                      {"ppl", "perplexity"}}));
  const auto set = "train.validate.metrics=[perplexity, " + name + "]";
  const auto refused = said_about(toy, set);
  CHECK_THAT(refused, ContainsSubstring("`train.validate.metrics`: has no metric `" + name + "`; it is `") &&
                          ContainsSubstring("`" + ours + "`") && !ContainsSubstring("did you mean"));
}

}  // namespace seq2seq::test
