#include "seq2seq/nn/model/model.h"

#include <numeric>
#include <set>

#include "seq2seq/data/batch.h"
#include "seq2seq/nn/weights.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/registered.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;

/// Sources and targets, packed like a batch of a corpus.
struct Pairs {
  Packed source, inputs, targets;
};

Pairs pairs(const std::vector<std::vector<int64_t>>& sources, const std::vector<std::vector<int64_t>>& targets,
            const std::vector<int64_t>& keys) {
  std::vector<std::vector<int64_t>> inputs, outputs;
  for (const auto& target : targets) {
    inputs.push_back({text::start_id});
    inputs.back().insert(inputs.back().end(), target.begin(), target.end());
    outputs.push_back(target);
    outputs.back().push_back(text::end_id);
  }
  return {data::pack(sources, keys), data::pack(inputs, keys), data::pack(outputs, keys)};
}

Features features(const Model& model, const Pairs& batch, const Draw* draw) {
  const auto memory = model.encode(batch.source, draw);
  const auto state = model.start(memory, at::arange(memory.sentences()));
  return model.advance(batch.inputs, *state, draw);
}

at::Tensor losses(const Model& model, const Pairs& batch, const Draw* draw, double smoothing = 0) {
  return model.output().loss(features(model, batch, draw), batch.targets.rows,
                             {.label_smoothing = smoothing, .row_scale = {}, .draw = draw});
}

const std::vector<int64_t> source_lengths{4, 1, 9, 4, 2}, target_lengths{3, 5, 0, 12, 1};

TEST_CASE("models: every gradient agrees with differences in double", "[nn][model][gradient]") {
  const auto name = GENERATE_COPY(from_range(names_of(model_variants())));
  const auto [smoothing, dropout] = GENERATE(table<double, double>({{0, 0}, {0.1, 0.3}}));
  CAPTURE(name, smoothing, dropout);
  const auto model = random_variant(name, 5, dropout);
  const auto batch = pairs(random_ids(1, {3, 1, 2}, 9), random_ids(2, {2, 3, 0}, 8), {0, 1, 2});
  const Draw draw{.seed = 1, .update = 3};
  const bool may_smooth = model->output().refuses_smoothing().empty();
  const auto loss = [&] { return losses(*model, batch, &draw, may_smooth ? smoothing : 0).sum(); };
  loss().backward();
  const torch::NoGradGuard no_gradient;
  const auto given = [](const at::Tensor& parameter, const at::Tensor& along) {
    return parameter.grad().defined() ? (parameter.grad() * along).sum().item<double>() : 0;  // of a layer left out
  };
  torch::manual_seed(7);
  for (auto& item : model->named_parameters()) {
    CAPTURE(item.key());
    // Along random directions, each of which shows a wrong element.
    for (int direction = 0; direction < 2; ++direction) {
      auto parameter = item.value();
      const auto value = parameter.clone(), along = at::randn_like(parameter);
      const double step = 1e-6;
      parameter.copy_(value + step * along);
      const double above = loss().item<double>();
      parameter.copy_(value - step * along);
      const double below = loss().item<double>();
      parameter.copy_(value);
      const double expected = (above - below) / (2 * step), found = given(parameter, along);
      REQUIRE_THAT(found, WithinAbs(expected, 1e-7 * std::max(1.0, std::abs(expected))));
    }
  }
}

TEST_CASE("models: a pair has the same losses alone and in a batch, dropout included", "[nn][model][batch]") {
  const auto name = GENERATE_COPY(from_range(names_of(model_variants())));
  const auto seed = GENERATE(range<uint64_t>(1, 4));
  CAPTURE(name, seed);
  const torch::NoGradGuard no_gradient;
  const auto model = random_variant(name, seed, 0.4);
  const auto sources = random_ids(seed, source_lengths, 9), targets = random_ids(seed + 100, target_lengths, 8);
  const Draw draw{.seed = seed, .update = 17};
  const auto together = pairs(sources, targets, {10, 11, 12, 13, 14});
  const auto batch = Packed{losses(*model, together, &draw), together.targets.layout};
  for (size_t sentence = 0; sentence < sources.size(); ++sentence) {
    const auto alone = pairs({sources[sentence]}, {targets[sentence]}, {static_cast<int64_t>(10 + sentence)});
    REQUIRE(torch::allclose(rows_of(batch, static_cast<int64_t>(sentence)), losses(*model, alone, &draw), 0, 1e-12));
  }
}

TEST_CASE("models: step by step equals all at once, also after hypotheses were selected", "[nn][model][property]") {
  const auto name = GENERATE_COPY(from_range(names_of(model_variants())));
  CAPTURE(name);
  const torch::NoGradGuard no_gradient;
  const auto model = random_variant(name, 9);
  const auto batch = pairs(random_ids(1, {4, 2, 7}, 9), random_ids(2, {5, 5, 5}, 8), {0, 1, 2});
  const auto expected = Packed{features(*model, batch, nullptr).rows, batch.inputs.layout};

  const auto memory = model->encode(batch.source, nullptr);
  const std::vector<int64_t> owners{2, 0, 2, 1};
  auto state = model->start(memory, at::tensor(owners));
  std::vector<int64_t> now = owners;
  for (int64_t step = 0; step < 6; ++step) {
    std::vector<int64_t> ids;
    for (const int64_t sentence : now) ids.push_back(rows_of(batch.inputs, sentence)[step].item<int64_t>());
    const auto size = static_cast<int64_t>(now.size());
    const auto out = model->advance({at::tensor(ids), data::make_step(size, step)}, *state, nullptr);
    for (int64_t row = 0; row < size; ++row) {
      REQUIRE(torch::allclose(out.rows[row], rows_of(expected, now[static_cast<size_t>(row)])[step], 0, 1e-12));
    }
    const std::vector<int64_t> survivors =
        step % 2 == 0 ? std::vector<int64_t>{2, 1, 0, 0} : std::vector<int64_t>{1, 2, 3};
    state->select(at::tensor(survivors));
    std::vector<int64_t> next;
    for (const int64_t survivor : survivors) next.push_back(now[static_cast<size_t>(survivor)]);
    now = next;
  }
}

TEST_CASE("models: states joined go on as each did", "[nn][model][property]") {
  const auto name = GENERATE_COPY(from_range(names_of(model_variants())));
  CAPTURE(name);
  const torch::NoGradGuard no_gradient;
  const auto model = random_variant(name, 9);
  const auto batch = pairs(random_ids(1, {4, 2, 7}, 9), random_ids(2, {5, 5, 5}, 8), {0, 1, 2});
  const auto memory = model->encode(batch.source, nullptr);
  const auto step = [&](DecoderState& state, const std::vector<int64_t>& ids, int64_t position) {
    return model->advance({at::tensor(ids), data::make_step(std::ssize(ids), position)}, state, nullptr).rows;
  };
  auto whole = model->start(memory, at::tensor({2, 0, 1}));
  auto first = model->start(memory, at::tensor({2}));
  const auto second = model->start(memory, at::tensor({0, 1}));
  step(*whole, {1, 1, 1}, 0);
  step(*first, {1}, 0);
  step(*second, {1, 1}, 0);
  first->append(*second);
  CHECK(torch::allclose(step(*first, {5, 6, 7}, 1), step(*whole, {5, 6, 7}, 1), 0, 1e-12));
}

TEST_CASE("models: a selected state and the state it comes from go on apart", "[nn][model][property]") {
  const auto name = GENERATE_COPY(from_range(names_of(model_variants())));
  CAPTURE(name);
  const torch::NoGradGuard no_gradient;
  const auto model = random_variant(name, 9);
  const auto batch = pairs(random_ids(1, {4, 2, 7}, 9), random_ids(2, {5, 5, 5}, 8), {0, 1, 2});
  const auto memory = model->encode(batch.source, nullptr);
  const auto step = [&](DecoderState& state, const std::vector<int64_t>& ids, int64_t position) {
    return model->advance({at::tensor(ids), data::make_step(std::ssize(ids), position)}, state, nullptr).rows;
  };
  const auto begun = [&](const std::vector<int64_t>& owners) {
    auto state = model->start(memory, at::tensor(owners));
    for (int64_t position = 0; position < 2; ++position)
      step(*state, std::vector<int64_t>(owners.size(), 1 + position), position);
    return state;
  };
  auto expected = begun({0, 1, 2}), expected_selected = begun({2, 0, 2});
  const auto rows = step(*expected, {5, 6, 7}, 2), selected_rows = step(*expected_selected, {7, 6, 5}, 2);

  auto state = begun({0, 1, 2});
  const auto selected = state->selected(at::tensor({2, 0, 2}));
  CHECK(torch::allclose(step(*selected, {7, 6, 5}, 2), selected_rows, 0, 1e-12));
  const auto again = state->selected(at::tensor({2, 0, 2}));
  CHECK(torch::allclose(step(*state, {5, 6, 7}, 2), rows, 0, 1e-12));
  CHECK(torch::allclose(step(*again, {7, 6, 5}, 2), selected_rows, 0, 1e-12));
  CHECK(torch::allclose(step(*state, {5, 6, 7}, 3), step(*expected, {5, 6, 7}, 3), 0, 1e-12));
}

TEST_CASE("models: the best words of a step have the scores that scoring gives them", "[nn][model][property]") {
  const auto name = GENERATE_COPY(from_range(names_of(model_variants())));
  CAPTURE(name);
  const torch::NoGradGuard no_gradient;
  const auto model = random_variant(name, 3);
  const auto batch = pairs(random_ids(1, {4, 2, 7}, 9), random_ids(2, {0, 0, 0}, 8), {0, 1, 2});
  const auto rows = features(*model, batch, nullptr);
  const auto best = model->output().top_k(rows, 8, {});
  const auto all = model->output().log_probabilities(rows);
  for (int64_t place = 0; place < 8; ++place) {
    const auto scores = model->output().score(rows, best.ids.select(1, place));
    CHECK(torch::allclose(best.scores.select(1, place), scores, 0, 1e-12));
    CHECK(torch::allclose(all.gather(1, best.ids.select(1, place).unsqueeze(1)).squeeze(1), scores, 0, 1e-12));
  }
}

TEST_CASE("models: weights read back give the same losses", "[nn][model]") {
  const auto name = GENERATE_COPY(from_range(names_of(model_variants())));
  CAPTURE(name);
  const torch::NoGradGuard no_gradient;
  const auto model = random_variant(name, 3), other = random_variant(name, 4);
  const auto batch = pairs(random_ids(1, {4, 2, 7}, 9), random_ids(2, {3, 1, 5}, 8), {0, 1, 2});
  CHECK_FALSE(losses(*model, batch, nullptr).equal(losses(*other, batch, nullptr)));
  load_weights(*other, weights_of(*model), "weights");
  CHECK(losses(*model, batch, nullptr).equal(losses(*other, batch, nullptr)));
}

TEST_CASE("models: every parameter has a role, and those with a row a word have as many as their side has words",
          "[nn][model]") {
  const auto name = GENERATE_COPY(from_range(names_of(model_variants())));
  CAPTURE(name);
  const auto model = random_variant(name, 1);
  std::set<std::string> stated;
  for (const auto& use : model->roles()) {
    CAPTURE(use.name);
    stated.insert(use.name);
    CHECK(use.parameter.is_same(model->named_parameters()[use.name]));
    if (use.role.row_per_word) CHECK(use.parameter.size(0) == (use.side == Side::source ? 9 : target_words_of(name)));
    if (use.role.forget_gate >= 0) CHECK(use.role.forget_gate < use.role.gates);
    CHECK(use.parameter.size(0) % use.role.gates == 0);
  }
  for (const auto& item : model->named_parameters()) CHECK(stated.contains(item.key()));
}

TEST_CASE("model: a tied embedding is looked up and multiplied by: it has both roles", "[nn][model]") {
  const auto model = random_variant("rnn, tied", 1);
  std::vector<Role::Kind> kinds;
  for (const auto& use : model->roles()) {
    if (use.name == "decoder.embedding.weight") kinds.push_back(use.role.kind);
  }
  REQUIRE(kinds.size() == 2);
  CHECK((kinds[0] == Role::Kind::embedding && kinds[1] == Role::Kind::projection));
}

TEST_CASE("model: word vectors that both sides share are one parameter, with a use on each side", "[nn][model]") {
  const auto [name, uses] = GENERATE(table<std::string, std::vector<std::pair<Side, Role::Kind>>>(
      {{"rnn, shared", {{Side::source, Role::Kind::embedding}, {Side::target, Role::Kind::embedding}}},
       {"rnn, tied and shared",
        {{Side::source, Role::Kind::embedding},
         {Side::target, Role::Kind::embedding},
         {Side::target, Role::Kind::projection}}},
       {"transformer, shared",
        {{Side::source, Role::Kind::embedding},
         {Side::target, Role::Kind::embedding},
         {Side::target, Role::Kind::projection}}}}));
  CAPTURE(name);
  const auto model = random_variant(name, 1);
  std::vector<std::pair<Side, Role::Kind>> found;
  for (const auto& use : model->roles()) {
    if (use.name == "decoder.embedding.weight") found.emplace_back(use.side, use.role.kind);
  }
  CHECK((found == uses));  // enumerations have no text
  CHECK_FALSE(model->named_parameters().contains("encoder.embedding.weight"));
  int64_t numbers = 0, in_parts = 0;
  for (const auto& parameter : model->parameters()) numbers += parameter.numel();
  for (const auto& [part, size] : model->part_sizes()) in_parts += size;
  CHECK(in_parts == numbers);
}

TEST_CASE("model: shared word vectors of two vocabularies are refused, and the keys named", "[nn][model][error]") {
  const auto name = GENERATE(as<std::string>(), "rnn", "transformer");
  const auto models = builtin_models();
  CHECK_THROWS_WITH(models.make(small(models, name, {{"embedding.shared", "true"}, {"width", "4"}}),
                                {.source_vocabulary = 9, .target_vocabulary = 8, .placement = {}}),
                    ContainsSubstring("9 words") && ContainsSubstring("data.shared_vocabulary"));
}

TEST_CASE("model: parameters have the type that the context asks for", "[nn][model]") {
  const auto model = builtin_models().make(
      {.kind = "rnn", .options = nullptr},
      {.source_vocabulary = 9, .target_vocabulary = 8, .placement = {.device = c10::kMeta}, .type = at::kDouble});
  for (const auto& parameter : model->parameters()) CHECK(parameter.scalar_type() == at::kDouble);
}

TEST_CASE("model: parameters carry the names a PyTorch user expects", "[nn][model]") {
  const auto model = random_model(1);
  std::vector<std::string> names;
  for (const auto& item : model->named_parameters()) names.push_back(item.key());
  CHECK(names == std::vector<std::string>{"encoder.embedding.weight",
                                          "encoder.lstm.weight_ih_l0",
                                          "encoder.lstm.weight_hh_l0",
                                          "encoder.lstm.bias_ih_l0",
                                          "encoder.lstm.bias_hh_l0",
                                          "encoder.lstm.weight_ih_l1",
                                          "encoder.lstm.weight_hh_l1",
                                          "encoder.lstm.bias_ih_l1",
                                          "encoder.lstm.bias_hh_l1",
                                          "decoder.embedding.weight",
                                          "decoder.lstm.weight_ih_l0",
                                          "decoder.lstm.weight_hh_l0",
                                          "decoder.lstm.bias_ih_l0",
                                          "decoder.lstm.bias_hh_l0",
                                          "decoder.lstm.weight_ih_l1",
                                          "decoder.lstm.weight_hh_l1",
                                          "decoder.lstm.bias_ih_l1",
                                          "decoder.lstm.bias_hh_l1",
                                          "output.weight",
                                          "output.bias"});
}

TEST_CASE("model: the paper's sizes make the paper's 384 million parameters", "[nn][model][witness]") {
  // arXiv 1409.3215, section 3.4: 384M parameters, of which 64M recurrent, 32M an LSTM. On the meta device no memory is
  // needed.
  Seq2SeqOptions options;
  options.embedding = 1000;
  options.encoder = lstm_encoder(4, 1000);
  options.decoder = lstm_stack(4, 1000);
  const auto model = builtin_models().make(
      {.kind = "rnn", .options = std::make_shared<Seq2SeqOptions>(options)},
      {.source_vocabulary = 160000, .target_vocabulary = 80000, .placement = {.device = c10::Device(c10::kMeta)}});
  int64_t all = 0, recurrent = 0;
  for (const auto& [part, size] : model->part_sizes()) {
    all += size;
    if (part.find("lstm") != std::string::npos) recurrent += size;
  }
  CHECK(std::llround(static_cast<double>(all) / 1e6) == 384);
  CHECK(std::llround(static_cast<double>(recurrent) / 1e6) == 64);
}

TEST_CASE("model: tied embeddings are one parameter and train as one", "[nn][model][gradient]") {
  Seq2SeqOptions options;
  options.embedding = 4;
  options.tied_embeddings = true;
  options.encoder = lstm_encoder(1, 4);
  options.decoder = lstm_stack(1, 4);
  const auto model = builtin_models().make({.kind = "rnn", .options = std::make_shared<Seq2SeqOptions>(options)},
                                           {.source_vocabulary = 9, .target_vocabulary = 8, .placement = {}});
  randomize(*model, 1, at::kDouble);
  CHECK_FALSE(model->named_parameters().contains("output.weight"));
  const auto batch = pairs(random_ids(1, {3, 1}, 9), random_ids(2, {2, 3}, 8), {0, 1});
  losses(*model, batch, nullptr).sum().backward();
  const torch::NoGradGuard no_gradient;
  auto weight = model->named_parameters()["decoder.embedding.weight"];
  const auto gradient = weight.grad().clone();
  for (int64_t word = 0; word < 8; ++word) {
    const double value = weight[word][1].item<double>();
    weight[word][1] = value + 1e-5;
    const double above = losses(*model, batch, nullptr).sum().item<double>();
    weight[word][1] = value - 1e-5;
    const double below = losses(*model, batch, nullptr).sum().item<double>();
    weight[word][1] = value;
    CHECK_THAT(gradient[word][1].item<double>(), WithinAbs((above - below) / 2e-5, 1e-7));
  }
}

TEST_CASE("model: sizes that do not fit are refused by name", "[nn][model][error]") {
  Seq2SeqOptions options;
  options.encoder = lstm_encoder(2, 4);
  options.decoder = lstm_stack(1, 4);
  const auto make = [&] {
    return builtin_models().make({.kind = "rnn", .options = std::make_shared<Seq2SeqOptions>(options)},
                                 {.source_vocabulary = 9, .target_vocabulary = 8, .placement = {}});
  };
  CHECK_THROWS_WITH(make(), ContainsSubstring("model.bridge") && ContainsSubstring("layers"));
  options.decoder = lstm_stack(2, 6);
  CHECK_THROWS_WITH(make(), ContainsSubstring("cells"));
  options.decoder = lstm_stack(2, 4);
  options.tied_embeddings = true;
  options.embedding = 3;
  CHECK_THROWS_WITH(make(), ContainsSubstring("model.embedding.tied"));
}

}  // namespace
}  // namespace seq2seq::nn
