#include <algorithm>
#include <cmath>
#include <set>

#include "seq2seq/nn/model/transformer.h"
#include "seq2seq/parallel/plan/fit_costs.h"
#include "seq2seq/parallel/plan/memory.h"
#include "seq2seq/parallel/plan/outline.h"
#include "seq2seq/parallel/plan/search.h"
#include "seq2seq/parallel/plan/servers.h"
#include "seq2seq/parallel/timeline/measures.h"
#include "test/support/catch.h"
#include "test/support/models.h"

namespace seq2seq::parallel {
namespace {

using namespace seq2seq::test;

constexpr ModelShape shape{.source_words = 90, .target_words = 80, .embedding = 16, .layers = 4, .cells = 16};

std::shared_ptr<nn::Model> meta_model() { return random_model(1, shape); }

Layout paper_layout() {
  Layout layout{
      .devices = {0, 1, 2, 3, 4, 5}, .parts = {}, .output = {{.place = 4, .share = 0.5}, {.place = 5, .share = 0.5}}};
  for (int64_t layer = 0; layer < 4; ++layer) {
    layout.parts["encoder." + std::to_string(layer)] = layer;
    layout.parts["decoder." + std::to_string(layer)] = layer;
  }
  return layout;
}

struct Asked {
  std::shared_ptr<nn::Model> model = meta_model();
  Outline outline = outline_of(*model);
  Hardware hardware = eight_h200();
  ScheduleRegistry schedules = builtin_schedules();
  PredictionInput input{.outline = &outline,
                        .hardware = &hardware,
                        .schedules = &schedules,
                        .batch = {.sentences = 8, .source = 6, .target = 6}};
};

TEST_CASE("plan: parameters by place are those of the model, each counted once", "[parallel][plan]") {
  const Asked asked;
  double in_model = 0;
  for (const auto& parameter : asked.model->parameters()) in_model += static_cast<double>(parameter.nbytes());
  for (const auto& layout : {Layout{}, paper_layout()}) {
    const auto memory = memory_of(place(asked.outline, layout), layout, asked.input.batch, 8, nn::Precision::float32);
    double parameters = 0, state = 0;
    for (const auto& each : memory) {
      CHECK(each.gradients == each.parameters);
      parameters += each.parameters;
      state += each.state;
    }
    CHECK(parameters == in_model);
    CHECK(state == 2 * in_model);  // 8 bytes per parameter of 4 bytes
  }
}

TEST_CASE("plan: a layer's place holds that layer of both sides", "[parallel][plan]") {
  const Asked asked;
  const auto layout = paper_layout();
  const auto memory = memory_of(place(asked.outline, layout), layout, asked.input.batch, 0, nn::Precision::float32);
  double layer = 0, output = 0;
  for (const auto& item : asked.model->named_parameters()) {
    if (item.key().ends_with("_l2")) layer += static_cast<double>(item.value().nbytes());
    if (item.key().starts_with("output.")) output += static_cast<double>(item.value().nbytes());
  }
  CHECK(memory[2].parameters == layer);
  CHECK(memory[4].parameters + memory[5].parameters == output);
}

void check_same_stages(const std::vector<OutlinedStage>& planned, const std::vector<nn::Stage>& real) {
  REQUIRE(planned.size() == real.size());
  for (size_t number = 0; number < real.size(); ++number) {
    const auto &a = planned[number].stage, &b = real[number];
    CHECK(std::tuple(a.name, a.place, a.side, a.recurrent, a.whole, a.defers_weights, a.products, a.width, a.kept) ==
          std::tuple(b.name, b.place, b.side, b.recurrent, b.whole, b.defers_weights, b.products, b.width, b.kept));
    REQUIRE(a.inputs.size() == b.inputs.size());
    for (size_t input = 0; input < a.inputs.size(); ++input)
      CHECK((a.inputs[input].stage == b.inputs[input].stage && a.inputs[input].needs == b.inputs[input].needs));
  }
}

TEST_CASE("plan: the stages at their places are those of the model built there", "[parallel][plan]") {
  const bool tied = GENERATE(false, true), shared = GENERATE(false, true), whole = GENERATE(false, true);
  CAPTURE(tied, shared, whole);
  nn::Seq2SeqOptions options{.embedding = 16, .tied_embeddings = tied, .shared_embeddings = shared};
  options.encoder = lstm_encoder(4, 16);
  options.decoder = lstm_stack(4, 16);
  nn::ModelContext context{.source_vocabulary = shared ? 80 : 90, .target_vocabulary = 80, .placement = {}};
  context.placement.device = c10::kMeta;
  const auto outline = outline_of(nn::Seq2Seq(options, context));
  const auto layout = whole ? Layout{} : paper_layout();
  for (const auto& [part, place] : layout.parts)
    context.placement.parts.emplace(part, nn::PartPlace{.device = c10::kMeta, .place = static_cast<int>(place)});
  if (!whole) context.placement.output = {{c10::kMeta, 0, 40, 4}, {c10::kMeta, 40, 80, 5}};
  const nn::Seq2Seq model(options, context);

  check_same_stages(place(outline, layout).stages, model.stages());
}

TEST_CASE("plan: the stages of a Transformer at their places are those of the model built there", "[parallel][plan]") {
  const bool tied = GENERATE(false, true), whole = GENERATE(false, true);
  CAPTURE(tied, whole);
  nn::TransformerOptions options{.width = 16, .encoder_layers = 4, .decoder_layers = 4, .tied_embeddings = tied};
  options.layer.norm = nn::NormOrder::pre;
  nn::ModelContext context{.source_vocabulary = 90, .target_vocabulary = 80, .placement = {}};
  context.placement.device = c10::kMeta;
  const auto outline = outline_of(nn::Transformer(options, context));
  const auto layout = whole ? Layout{} : paper_layout();
  for (const auto& [part, place] : layout.parts)
    context.placement.parts.emplace(part, nn::PartPlace{.device = c10::kMeta, .place = static_cast<int>(place)});
  if (!whole) context.placement.output = {{c10::kMeta, 0, 40, 4}, {c10::kMeta, 40, 80, 5}};
  check_same_stages(place(outline, layout).stages, nn::Transformer(options, context).stages());
}

/// The stage of a whole encoder, and the model.
struct WholeEncoder {
  WholeEncoder(const nn::ModelContext& context, const nn::Seq2SeqOptions& options) : model(options, context) {
    for (const auto& each : outline_of(model).stages)
      if (each.stage.name == "encoder") stage = each;
  }
  /// Counts the numbers in the encoder's parameters with this text in their names.
  double numbers(const std::string& name) const {
    double sum = 0;
    for (const auto& item : model.named_parameters())
      if (item.key().starts_with("encoder.") && item.key().find(name) != std::string::npos)
        sum += static_cast<double>(item.value().numel());
    return sum;
  }
  nn::Seq2Seq model;
  OutlinedStage stage;
};

TEST_CASE("plan: a row of a source of several sentences passes one of the encoders", "[parallel][plan]") {
  const int64_t sources = GENERATE(2, 3);
  CAPTURE(sources);
  nn::Seq2SeqOptions options{.embedding = 8};
  options.encoder = lstm_encoder(2, 16);
  options.decoder = lstm_stack(2, 16);
  nn::ModelContext context{.source_vocabulary = 90, .target_vocabulary = 80, .placement = {}};
  context.placement.device = c10::kMeta;
  context.source_parts = {.options = {}, .count = sources, .separator = 2};
  const WholeEncoder whole(context, options);
  const auto combined = whole.numbers("encoder.weight_h_l") / static_cast<double>(sources);
  CHECK(whole.stage.stage.products ==
        whole.numbers("source_0.lstm.weight_ih") + whole.numbers("source_0.lstm.weight_hh") + combined);
  CHECK(whole.stage.recurrent_products == whole.numbers("source_0.lstm.weight_hh"));
  CHECK(whole.stage.numbers == whole.numbers(""));
}

TEST_CASE("plan: the tables of words and factors are counted, not multiplied by", "[parallel][plan]") {
  const int64_t words = GENERATE(90, 9000);
  nn::Seq2SeqOptions options{.embedding = 8};
  options.encoder = lstm_encoder(2, 16);
  options.decoder = lstm_stack(2, 16);
  nn::ModelContext context{.source_vocabulary = words, .target_vocabulary = 80, .placement = {}};
  context.placement.device = c10::kMeta;
  context.source_factors = {.options = {.sizes = {3, 2}}, .values = {7, 5}};
  const WholeEncoder whole(context, options);
  const double layers = 4 * 16 * (8 + 16) + 4 * 16 * (16 + 16);
  CHECK(whole.stage.stage.products == layers);
  CHECK(whole.stage.recurrent_products == 2 * 4 * 16 * 16);
  CHECK(whole.stage.numbers == layers + 2 * 2 * 4 * 16 + static_cast<double>(3 * words + 3 * 7 + 2 * 5));
  // Vectors, output, and gates, states and cells of two layers, for any number of words.
  CHECK(whole.stage.stage.kept == 8 + 16 + 2 * (4 + 2) * 16);
}

TEST_CASE("plan: shares of the output layer add up to the whole, each with its words", "[parallel][plan]") {
  const Asked asked;
  auto layout = paper_layout();
  layout.output = {{.place = 4, .share = 0.75}, {.place = 5, .share = 0.25}};
  const auto& whole = asked.outline.stages[asked.outline.stages.size() - 2];
  const auto placed = place(asked.outline, layout).stages;
  const auto &large = placed[placed.size() - 3], &small = placed[placed.size() - 2];
  CHECK(large.stage.products == 60 * 16);  // 80 words of 16 cells
  CHECK(large.stage.products + small.stage.products == whole.stage.products);
  CHECK(large.numbers + small.numbers == whole.numbers);
  CHECK(placed.back().stage.inputs.size() == 2);
}

TEST_CASE("plan: operations of an update are six a parameter of a matrix and row, on any layout", "[parallel][plan]") {
  const Asked asked;
  double expected = 0;
  for (const auto& item : asked.model->named_parameters())
    if (item.value().dim() == 2 && item.key().find("embedding") == std::string::npos)
      expected += 6.0 * 8 * 6 * static_cast<double>(item.value().numel());
  for (const auto& layout : {Layout{}, paper_layout()}) {
    Plan plan{.layout = layout, .schedule = {.kind = "wavefront"}, .chunk = 2};
    double operations = 0;
    for (const double each : predict(asked.input, plan).operations) operations += each;
    CHECK_THAT(operations, WithinRel(expected, 1e-12));
  }
}

TEST_CASE("plan: the simulated timeline has every job once, each place one at a time", "[parallel][plan][property]") {
  const Asked asked;
  const auto schedule = GENERATE_COPY(from_range(asked.schedules.names()));
  const int64_t chunk = GENERATE(0, 1, 4);
  const Plan plan{.layout = paper_layout(), .schedule = {.kind = schedule}, .chunk = chunk};
  const auto prediction = predict(asked.input, plan);
  auto size = asked.input.batch;
  const auto made = asked.schedules.make(plan.schedule);
  size.micro_batches = made->micro_batches();
  const auto graph = jobs_of(place(asked.outline, plan.layout), size, {.chunk = made->cuts_steps() ? chunk : 0});
  CHECK(prediction.timeline.entries.size() == graph.jobs.size());
  const auto busy = busy_seconds(prediction.timeline);
  std::vector<double> sum(busy.size(), 0);
  for (const auto& entry : prediction.timeline.entries)
    sum[static_cast<size_t>(entry.place)] += entry.end - entry.start;
  for (size_t place = 0; place < busy.size(); ++place) CHECK_THAT(sum[place], WithinAbs(busy[place], 1e-12));
}

TEST_CASE("plan: search is never slower than one device, and gives all it tries in order", "[parallel][plan]") {
  Asked asked;
  const bool slow_links = GENERATE(false, true);
  if (slow_links) asked.hardware.link = {.bandwidth = 1e6, .latency = 1, .shared = true};
  const auto ranked = search(asked.input, 6, asked.input.batch);
  const auto single = predict(asked.input, single_plan(asked.hardware)).update;
  CHECK(ranked.front().update <= single);
  CHECK(std::ranges::is_sorted(ranked, {}, &Ranked::update));
  if (slow_links) CHECK(ranked.front().plan.layout.devices_used() == 1);
}

TEST_CASE("plan: search puts what fits before what does not", "[parallel][plan]") {
  Asked asked;
  asked.hardware.device.memory = 1.2e5;  // less than the whole model needs, more than a part of it
  const auto ranked = search(asked.input, 6, asked.input.batch);
  CHECK(ranked.front().fits);
  CHECK(ranked.front().plan.name != "single");
  CHECK_FALSE(std::ranges::find(ranked, "single", [](const auto& each) { return each.plan.name; })->fits);
}

TEST_CASE("plan: pays from the size after which it stays faster", "[parallel][plan]") {
  CHECK(break_even_size({{5, 0.5}, {10, 1.2}, {25, 0.9}, {50, 1.1}, {100, 2}}) == 50);
  CHECK(break_even_size({{5, 1.5}, {10, 1.2}}) == 5);
  CHECK_FALSE(break_even_size({{5, 1.5}, {10, 0.9}}).has_value());
}

TEST_CASE("plan: a ring sends twice its share of the bytes to the next machine", "[parallel][plan]") {
  const NetworkOptions network{.bandwidth = 1e9, .latency = 0};
  CHECK(ring_seconds(network, 1, 1e9, 1e9) == 0);
  CHECK_THAT(ring_seconds(network, 2, 1e9, 1e9), WithinRel(1.0, 1e-12));
  CHECK_THAT(ring_seconds(network, 4, 1e9, 1e9), WithinRel(1.5, 1e-12));  // 2 (n - 1) / n
  const NetworkOptions slow{.bandwidth = 1e30, .latency = 1};
  CHECK_THAT(ring_seconds(slow, 4, 1e9, 5e8), WithinRel(12.0, 1e-12));  // 6 steps of each of 2 buckets
}

TEST_CASE("plan: a slow network is exposed, a fast one hides behind backward", "[parallel][plan]") {
  Asked asked;
  const auto plan = single_plan(asked.hardware);
  asked.hardware.network = {.bandwidth = 1e15, .latency = 0};
  const auto fast = predict_servers(asked.input, plan, 8, false);
  CHECK(fast.efficiency > 0.99);
  asked.hardware.network = {.bandwidth = 1e6, .latency = 0};
  const auto slow = predict_servers(asked.input, plan, 8, false);
  CHECK(slow.exposed > 0);
  CHECK_THAT(slow.update - slow.exposed, WithinAbs(predict(asked.input, plan).update, 1e-12));
  CHECK_THAT(predict_servers(asked.input, plan, 1, true).efficiency, WithinAbs(1, 1e-12));
}

TEST_CASE("measured costs: the fit finds the costs that made the samples, and none below zero", "[parallel][plan]") {
  std::vector<CostSample> samples;
  for (const double steps : {1.0, 5.0, 25.0})
    for (const double millions : {0.5, 4.0, 100.0})
      samples.push_back({.steps = steps, .millions = millions, .seconds = 3e-5 + 2e-6 * steps + 7e-6 * millions});
  const auto costs = fit_costs(samples);
  CHECK_THAT(costs[0], WithinRel(3e-5, 1e-6));
  CHECK_THAT(costs[1], WithinRel(2e-6, 1e-6));
  CHECK_THAT(costs[2], WithinRel(7e-6, 1e-6));
  for (auto& sample : samples)
    sample.seconds = 9e-6 * sample.millions + 1e-7 * (26 - sample.steps);  // decreases with steps
  for (const double cost : fit_costs(samples)) CHECK(cost >= 0);
}

TEST_CASE("measured costs: replace those of the device", "[parallel][plan]") {
  Asked asked;
  asked.hardware.processors = {.count = 2, .speed_up = 1, .together = 2};
  auto& measured = asked.hardware.measured;
  for (auto* costs : {&measured.layer_forward, &measured.layer_backward, &measured.layer_weights})
    *costs = {1, 0, 0};  // a second per job; everything else costs nothing
  const auto prediction = predict(asked.input, single_plan(asked.hardware));
  CHECK(prediction.timeline.seconds == 3 * 8);  // forward, backward, derivatives of eight layers, one after another
}

}  // namespace
}  // namespace seq2seq::parallel
