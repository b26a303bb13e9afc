#include "seq2seq/study/record/record.h"

#include <cstdlib>

#include <ATen/ops/empty.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/random.h"
#include "seq2seq/nn/model/seq2seq.h"
#include "seq2seq/run/metric_names.h"
#include "seq2seq/study/grid/work.h"
#include "seq2seq/study/record/gzip.h"
#include "seq2seq/study/record/operations.h"
#include "seq2seq/study/record/sentence_columns.h"
#include "seq2seq/study/record/training_facts.h"
#include "test/study/study_folder.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/pipeline.h"

namespace seq2seq::test {

namespace {

/// Returns figures of sentences with different values in all fields.
std::vector<study::SentenceFigures> random_sentences(size_t count) {
  const RandomStream stream(1, Purpose::sampling);
  std::vector<study::SentenceFigures> sentences(count);
  for (size_t i = 0; i < count; ++i) {
    const auto draw = [&](uint32_t what, double most) { return static_cast<int64_t>(stream.uniform(i, what) * most); };
    auto& s = sentences[i];
    s.score = -static_cast<double>(draw(0, 40000)) / 1000;
    s.scored_tokens = 1 + draw(1, 20);
    s.source_tokens = draw(2, 20);
    s.rates = {.sequences = 1, .exact = draw(3, 2), .edits = draw(4, 9), .reference_tokens = draw(5, 20)};
    s.bleu.hypothesis_tokens = draw(6, 8);
    s.bleu.reference_tokens = draw(7, 20);
    for (int64_t order = 0; order < 4; ++order) {
      s.bleu.ngrams[static_cast<size_t>(order)] = std::max<int64_t>(0, s.bleu.hypothesis_tokens - order);
      s.bleu.matches[static_cast<size_t>(order)] = draw(8 + static_cast<uint32_t>(order), 3);
    }
  }
  return sentences;
}

}  // namespace

TEST_CASE("record: figures of sentences come back as they were", "[study][record]") {
  const auto sentences = random_sentences(GENERATE(size_t{1}, size_t{300}));
  const auto read = study::unpack_sentences(study::pack_sentences(sentences), "here");
  REQUIRE(read.size() == sentences.size());
  for (size_t i = 0; i < read.size(); ++i) {
    const auto &a = sentences[i], &b = read[i];
    CHECK_THAT(a.score, WithinAbs(b.score, 1e-12));
    CHECK(std::tuple(a.scored_tokens, a.source_tokens) == std::tuple(b.scored_tokens, b.source_tokens));
    CHECK(std::tuple(a.rates.sequences, a.rates.exact, a.rates.edits, a.rates.reference_tokens) ==
          std::tuple(b.rates.sequences, b.rates.exact, b.rates.edits, b.rates.reference_tokens));
    CHECK(a.bleu.matches == b.bleu.matches);
    CHECK(a.bleu.ngrams == b.bleu.ngrams);
    CHECK(std::tuple(a.bleu.hypothesis_tokens, a.bleu.reference_tokens) ==
          std::tuple(b.bleu.hypothesis_tokens, b.bleu.reference_tokens));
  }
}

TEST_CASE("record: gzip reads what is packed, and packs what is read", "[study][record]") {
  const TemporaryFolder folder;
  const std::string text = "columns\n" + std::string(100000, 'x') + "\n";
  const auto file = folder.file("packed.gz", study::gzip(text));
  REQUIRE(std::system(("gunzip -kf " + file.string()).c_str()) == 0);
  CHECK(content_of(folder / "packed") == text);
  REQUIRE(std::system(("gzip -1kf " + (folder / "packed").string()).c_str()) == 0);
  CHECK(study::gunzip(content_of(folder / "packed.gz"), 1 << 20, file) == text);
  CHECK(study::gzip(text) == study::gzip(text));
}

TEST_CASE("record: damaged columns are told with their file", "[study][record][error]") {
  const auto packed = study::pack_sentences(random_sentences(50));
  const auto text = study::gunzip(packed, 1 << 20, "here");
  const auto message = [](const std::string& bytes) {
    return message_of<FormatError>([&bytes] { study::unpack_sentences(bytes, "the/file.gz"); });
  };
  const auto with = [&text](const std::string& what, const std::string& by) {
    auto changed = text;
    return study::gzip(changed.replace(changed.find(what), what.size(), by));
  };
  CHECK_THAT(message(packed.substr(0, packed.size() / 2)), ContainsSubstring("the/file.gz: is truncated"));
  CHECK_THAT(message("no gzip at all"), ContainsSubstring("the/file.gz: is not gzip"));
  CHECK_THAT(message(""), ContainsSubstring("the/file.gz: is truncated"));
  CHECK_THAT(message(with("sentences 1 50", "sentences 2 50")),
             ContainsSubstring("the/file.gz:1: has an unknown first line"));
  CHECK_THAT(message(with("sentences 1 50", "sentences 1 51")), ContainsSubstring("should have 51 values of `score`"));
  CHECK_THAT(message(with("sentences 1 50", "sentences 1 -1")), ContainsSubstring("an invalid number"));
  CHECK_THAT(message(with("edits", "edibs")), ContainsSubstring("values of `edits`"));
  CHECK_THAT(message(with("exact ", "exact x")), ContainsSubstring("instead of a number"));
}

TEST_CASE("record: all of it comes back from its two files", "[study][record]") {
  StudyFolder study(two_by_two);
  auto plan = study.plan();
  study::work(plan, study.toy.environment);
  const auto& made = *plan.planned[2].record;
  const auto read = study::read_record(disk_files(), plan.records / study::record_name(made.identity));
  CHECK(read.cell == "reversed");
  CHECK(read.seed == 1);
  CHECK(read.identity.result == made.identity.result);
  CHECK(read.identity.test.path == "held.source");
  CHECK(read.parameters == made.parameters);
  CHECK(read.operations == made.operations);
  CHECK(read.operations > 0);
  CHECK(read.training.updates == 10);
  REQUIRE(read.training.curve.size() == 2);
  CHECK(read.training.curve[1].figures == made.training.curve[1].figures);
  REQUIRE(read.examples.size() == 8);
  const auto sources = lines_in(content_of(study.toy / "held.source"));  // 20: every second or third sentence
  for (size_t i = 0; i < 8; ++i) CHECK(read.examples[i].source == sources[i * 20 / 8]);
  CHECK(read.examples[0].output == made.examples[0].output);
  CHECK(read.metrics() == made.metrics());
  for (const auto& metric : read.metrics()) CHECK_THAT(read.figure(metric), WithinRel(made.figure(metric), 1e-4));
  CHECK(study::is_record_of(read, plan.planned[2].identity));
  CHECK_FALSE(study::is_record_of(read, plan.planned[3].identity));
}

TEST_CASE("record: a damaged one is told and is as if it were not there", "[study][record][error]") {
  StudyFolder study(two_by_two);
  auto plan = study.plan();
  study::work(plan, study.toy.environment);
  const auto json = plan.records / study::record_name(plan.planned[0].identity);
  const auto content = content_of(json);
  const auto [changed, message] = GENERATE_REF(
      std::pair(content.substr(0, content.size() / 2), "is damaged"), std::pair(std::string("{}"), "is not a record"),
      std::pair(std::string("[]"), "is not a record"), std::pair(std::string(), "is damaged"));
  study.toy.folder().file("records/" + json.filename().string(), changed);
  study.toy.forget_said();
  auto again = study.plan();
  CHECK(again.planned[0].record == nullptr);
  CHECK(again.planned[1].record != nullptr);
  CHECK_THAT(study.toy.said(), ContainsSubstring(json.string()) && ContainsSubstring(message));
  CHECK(study::work(again, study.toy.environment).recorded == 1);  // measured again, from the existing run
  CHECK(content_of(json).size() > content.size() / 2);
}

TEST_CASE("record: training facts are those of the run's metrics", "[study][record]") {
  const std::string metrics =
      "{\"format\":\"seq2seq metrics\",\"version\":1}\n"
      "{\"kind\":\"train\",\"update\":50,\"epoch\":0.5,\"words_per_second\":1000,\"gradient_norm\":2,\"seconds\":10}\n"
      "{\"kind\":\"validation\",\"update\":50,\"epoch\":0.5,\"perplexity\":9.5,\"best\":true,\"seconds\":12}\n"
      "{\"kind\":\"train\",\"update\":100,\"epoch\":1,\"words_per_second\":3000,\"gradient_norm\":null,\"seconds\":40}"
      "\n";
  const auto facts = study::training_facts(metrics, "metrics.jsonl");
  CHECK(facts.updates == 100);
  CHECK(facts.epochs == 1);
  CHECK(facts.seconds == 40);
  CHECK_THAT(facts.words_per_second, WithinRel((1000 * 10 + 3000 * 30) / 40.0, 1e-12));
  CHECK(facts.largest_norm == 2);
  REQUIRE(facts.curve.size() == 1);
  CHECK(facts.curve[0].figures == std::map<std::string, double>{{"perplexity", 9.5}});
  const auto damaged = message_of<FormatError>([&] { study::training_facts(metrics + "{\"kind\":\n", "m.jsonl"); });
  CHECK_THAT(damaged, ContainsSubstring("m.jsonl:5:9: is damaged: `not JSON from here on: "));
  CHECK(study::training_facts(metrics + "{\"kind\":", "m.jsonl").updates ==
        100);  // a run that was killed or is still running
}

TEST_CASE("record: operations count six for each parameter that a token is multiplied by", "[study][record]") {
  // The product of a row and a matrix [3, 4] has 12 multiplications and 12 additions, and twice as many backward.
  using nn::Role;
  const auto use = [](Role::Kind kind, nn::Side side) {
    return nn::ParameterUse{
        .name = "weight", .parameter = at::empty({3, 4}, at::kMeta), .role = {.kind = kind}, .side = side};
  };
  const auto source = use(Role::Kind::projection, nn::Side::source), target = use(Role::Kind::bias, nn::Side::target);
  const auto table = use(Role::Kind::embedding, nn::Side::target);
  CHECK(study::training_operations({source}, 10, 99) == 6 * 12 * 10);
  CHECK(study::training_operations({target, target}, 10, 100) == 6 * 24 * 100);
  CHECK(study::training_operations({table}, 10, 10) == 0);
}

TEST_CASE("record: the product with a tied embedding counts as that of an output layer's own weight",
          "[study][record]") {
  const auto operations = [](bool tied) {
    nn::Seq2SeqOptions options;
    options.tied_embeddings = tied;
    options.embedding = 4;
    options.encoder = lstm_encoder(1, 4);
    options.decoder = lstm_stack(1, 4);
    const auto model =
        nn::builtin_models().make({.kind = "rnn", .options = std::make_shared<nn::Seq2SeqOptions>(options)},
                                  {.source_vocabulary = 9, .target_vocabulary = 8, .placement = {}});
    return study::training_operations(model->roles(), 10, 100);
  };
  CHECK(operations(true) == operations(false));
}

TEST_CASE("record: an epoch reads the tokens of each corpus as often as it is repeated", "[study][record]") {
  auto corpus = corpus_of({{5, 5}, {6}, {7, 7, 7}}, {{5}, {5, 6, 7, 8}, {}});
  CHECK(study::tokens_per_epoch(corpus, corpus.source) == 2 + 1 + 3 + 3);
  corpus.pairs_of = {1, 2};
  corpus.repeat = {2, 0.5};
  CHECK(study::tokens_per_epoch(corpus, corpus.source) == 2 * 3 + 0.5 * (2 + 4));
  CHECK(study::tokens_per_epoch(corpus, corpus.target) == 2 * 2 + 0.5 * (5 + 1));
}

}  // namespace seq2seq::test
