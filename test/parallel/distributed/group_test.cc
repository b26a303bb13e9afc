#include <algorithm>
#include <chrono>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/parallel/distributed/data_parallel.h"
#include "seq2seq/parallel/distributed/process_group.h"
#include "seq2seq/train/agreement.h"
#include "seq2seq/train/freeze.h"
#include "test/parallel/distributed/ranks.h"
#include "test/support/catch.h"
#include "test/support/gpu.h"
#include "test/support/models.h"
#include "test/train/tiny_run.h"

// The ranks are processes of this program, which run the hidden case with all checks.

namespace seq2seq::parallel {
namespace {

using namespace test;
using Catch::Matchers::ContainsSubstring;

/// Computes the gradients in a different order, because a backward pass may end anywhere.
class OutOfOrder final : public train::GradientSource {
 public:
  OutOfOrder(train::GradientSource& source, const nn::Model& model, uint64_t seed)
      : source_(source), parameters_(model.parameters()), random_(seed) {}
  std::vector<at::Tensor> accumulate(const std::vector<data::Batch>& batches, double divisor,
                                     const nn::Draw& draw) override {
    auto losses = source_.accumulate(batches, divisor, draw);
    std::shuffle(parameters_.begin(), parameters_.end(), random_);
    for (size_t i = 0; i + 2 < parameters_.size(); ++i) ready()(parameters_[i]);  // and two are not announced
    return losses;
  }

 private:
  train::GradientSource& source_;
  std::vector<at::Tensor> parameters_;
  std::mt19937_64 random_;
};

std::vector<data::Batch> batches_of(const TinyRun& run, const std::vector<std::vector<int64_t>>& pairs) {
  std::vector<data::Batch> batches;
  batches.reserve(pairs.size());
  for (const auto& indices : pairs) batches.push_back(data::make_batch(run.corpus, indices, run.text));
  return batches;
}

void check_exchange(ProcessGroup& group) {
  const auto rank = group.rank(), ranks = group.ranks();
  std::vector<double> values{1, static_cast<double>(rank), 0.1};
  group.sum(values);
  REQUIRE(values[0] == static_cast<double>(ranks));
  REQUIRE(2 * values[1] == static_cast<double>(ranks * (ranks - 1)));
  const auto text = [](int64_t of) { return std::string(static_cast<size_t>(3 * of), static_cast<char>('a' + of)); };
  const auto all = group.gather(text(rank));
  REQUIRE(std::ssize(all) == ranks);
  for (int64_t other = 0; other < ranks; ++other) REQUIRE(all[static_cast<size_t>(other)] == text(other));
  REQUIRE(group.gather(std::string()) == std::vector<std::string>(static_cast<size_t>(ranks)));
  REQUIRE(group.broadcast(fmt::format("from {}", rank)) == "from 0");
  bool worked = false;
  group.after_leader([&worked] { worked = true; });
  REQUIRE(worked == (rank == 0));
  group.barrier();
}

/// Checks sums for any order of gradients, and with a rank that has no batch.
void check_order(ProcessGroup& group) {
  TinyRun run(0.2, {}, at::kDouble), whole(0.2, {}, at::kDouble);
  train::SerialGradients own(*run.model, {});
  OutOfOrder shuffled(own, *run.model, static_cast<uint64_t>(group.rank()) + 1);
  const std::vector<std::vector<int64_t>> all{{0, 1, 2, 3}, {4, 5}, {6, 7, 8}};
  for (const int64_t bucket_bytes : {1, 300, 100'000}) {
    DataParallel joint(shuffled, group, *run.model, train::trainable_parameters(*run.model, {}), bucket_bytes);
    for (int64_t update = 0; update < 3; ++update) {
      const nn::Draw draw{.seed = 1, .update = update};
      // Rank r has the batches r, r + ranks, ...; with one more rank than batches, one has none.
      std::vector<std::vector<int64_t>> mine;
      for (int64_t batch = 0; batch < 3; ++batch)
        mine.push_back(batch % group.ranks() == group.rank() ? all[static_cast<size_t>(batch)]
                                                             : std::vector<int64_t>());
      for (auto* model : {run.model.get(), whole.model.get()})
        for (auto& parameter : model->parameters()) parameter.mutable_grad().reset();
      joint.accumulate(batches_of(run, mine), 9, draw);
      train::SerialGradients(*whole.model, {}).accumulate(batches_of(whole, all), 9, draw);
      const auto expected = whole.model->named_parameters();
      for (const auto& parameter : run.model->named_parameters()) {
        CAPTURE(parameter.key(), bucket_bytes, update);
        REQUIRE(at::allclose(parameter.value().grad(), expected[parameter.key()].grad(), 0, 1e-12));
      }
    }
  }
}

/// Checks that all ranks skip the update and name the pair if the loss of one pair is not finite at one rank.
void check_not_finite(ProcessGroup& group) {
  TinyRun run;
  data::TokenStoreBuilder weights;
  for (int64_t pair = 0; pair < run.corpus.pairs(); ++pair)
    weights.add({data::stored_weight(pair == 5 ? std::numeric_limits<float>::infinity() : 1)});
  run.corpus.weights = weights.finish();
  train::SerialGradients own(*run.model, {});
  DataParallel joint(own, group, *run.model, train::trainable_parameters(*run.model, {}));
  run.setup.team = &group;
  run.setup.gradients = &joint;
  auto options = tiny_options();
  options.updates = 6;  // the 23 pairs once, four at a time
  options.not_finite = train::NotFinite::skip;
  const auto outcome = run.train(options);
  REQUIRE(outcome.skipped == 1);
  REQUIRE((run.said().find("for pair 6 of the training text;") != std::string::npos) == (group.rank() == 0));
}

/// Checks that the clock of the first rank decides for all; that of another rank runs a thousand times as fast.
void check_time_limit(ProcessGroup& group) {
  TinyRun run;
  train::SerialGradients own(*run.model, {});
  DataParallel joint(own, group, *run.model, train::trainable_parameters(*run.model, {}));
  run.setup.team = &group;
  run.setup.gradients = &joint;
  std::chrono::seconds now{0};
  const std::chrono::seconds step{group.rank() == 0 ? 1 : 1000};
  run.setup.progress.now = [&] { return std::chrono::steady_clock::time_point(now += step); };
  auto options = tiny_options();
  options.minutes = 0.5;
  const auto outcome = run.train(options);
  REQUIRE(outcome.ending == train::Ending::time_limit);
  REQUIRE(outcome.update > 1);
  const auto updates = group.gather(std::to_string(outcome.update));
  for (const auto& update : updates) REQUIRE(update == updates.front());
}

void check_disagreement(ProcessGroup& group) {
  TinyRun run;
  train::check_same_parameters(group, *run.model, 7);
  if (group.rank() == group.ranks() - 1) {
    const at::NoGradGuard no_gradient;
    run.model->named_parameters()["decoder.lstm.weight_hh_l0"].view(-1)[3] += 1e-6;
  }
  REQUIRE_THROWS_WITH(
      train::check_same_parameters(group, *run.model, 7),
      ContainsSubstring(fmt::format(
          "after update 7, parameter `decoder.lstm.weight_hh_l0` differs from rank 0 on rank {}", group.ranks() - 1)));
}

TEST_CASE("process group: ranks wait longer than the time-out for one that is busy", "[parallel]") {
  const auto ended = Ranks(this_program(), {"[rank-of-busy]"}, 2).wait();
  CAPTURE(all_said(ended));
  for (const auto& each : ended) CHECK(each.code == 0);
}

TEST_CASE("process group: a rank that is busy, or waits", "[.][rank-of-busy]") {
  if (!variable_of_process("RANK")) return;  // CTest runs all cases of a file
  ProcessGroup group(read_launch(), {.timeout = 3}, c10::kCPU);
  group.run([&] {
    group.barrier();
    group.busy(group.rank() == 0);
    if (group.rank() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(4000));
    group.busy(false);
    group.barrier();
  });
}

TEST_CASE("process group: ranks exchange, add up, and agree", "[parallel][property]") {
  const int64_t ranks = GENERATE(2, 4);
  const auto ended = Ranks(this_program(), {"[rank-of-group]"}, ranks).wait();
  CAPTURE(all_said(ended));
  for (const auto& each : ended) CHECK(each.code == 0);
}

TEST_CASE("process group: a rank of the test above", "[.][rank-of-group]") {
  if (!variable_of_process("RANK")) return;  // CTest runs all cases of a file
  ProcessGroup group(read_launch(), {.timeout = 20}, c10::kCPU);
  group.run([&] {
    check_exchange(group);
    check_order(group);
    check_not_finite(group);
    check_time_limit(group);
    check_disagreement(group);
  });
}

/// Checks that the sums of a group of one equal the gradients of the source.
void check_alone(c10::Device device, const std::string& backend) {
  ProcessGroup group({.host = "127.0.0.1", .port = static_cast<uint16_t>(std::stoi(free_port()))},
                     {.backend = backend, .timeout = 20}, device);
  const auto model = random_model(3, {}, at::kFloat, nn::Placement{.device = device});
  TinyRun run;
  const auto batches = batches_of(run, {{0, 1, 2}, {3, 4}});
  train::SerialGradients own(*model, {});
  own.accumulate(batches, 5, {.seed = 1, .update = 0});
  std::vector<at::Tensor> expected;
  for (auto& parameter : model->parameters()) {
    expected.push_back(parameter.grad().clone());
    parameter.mutable_grad().reset();
  }
  DataParallel joint(own, group, *model, train::trainable_parameters(*model, {}), 300);
  joint.accumulate(batches, 5, {.seed = 1, .update = 0});
  const auto parameters = model->parameters();
  for (size_t i = 0; i < parameters.size(); ++i) CHECK(at::equal(parameters[i].grad(), expected[i]));
}

TEST_CASE("process group: one rank keeps its gradients", "[parallel]") { check_alone(c10::kCPU, "gloo"); }

TEST_CASE("process group: one rank on a GPU keeps its gradients", "[parallel][gpu]") {
  const auto device = gpu();
  if (!device) return;
  check_alone(*device, GENERATE("nccl", "gloo"));
}

TEST_CASE("process group: NCCL without a GPU is refused", "[parallel][error]") {
  REQUIRE_THROWS_WITH(ProcessGroup({.host = "127.0.0.1", .port = 1}, {.backend = "nccl", .timeout = 1}, c10::kCPU),
                      ContainsSubstring("distributed.backend: `nccl`"));
}

TEST_CASE("launch: threads that were asked for stay, and one rank has all", "[parallel][launch]") {
  CHECK(threads_of({.ranks = 4, .local_ranks = 4}, 3) == 3);
  CHECK(threads_of({}, 0) == 0);
  CHECK(threads_of({.ranks = 1000, .local_ranks = 1000}, 0) == 1);
}

}  // namespace
}  // namespace seq2seq::parallel
