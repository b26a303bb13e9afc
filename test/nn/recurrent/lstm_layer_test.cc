#include "seq2seq/nn/recurrent/lstm_layer.h"

#include <cstdlib>

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "seq2seq/core/isa.h"
#include "seq2seq/nn/scoped_precision.h"
#include "test/nn/kernels/variants.h"
#include "test/support/catch.h"

namespace seq2seq::nn {
namespace {

using test::Variant;
using test::variants;

/// Sets the variant of kernels and the number of threads during its lifetime.
class Machine {
 public:
  Machine(const Variant& variant, int threads)
      : threads_before_(at::get_num_threads()), computing_(variant.rounds() ? Precision::bf16 : Precision::float32) {
    if (const char* before = std::getenv("SEQ2SEQ_ISA")) isa_before_ = before;
    ::setenv("SEQ2SEQ_ISA", name(variant.isa).c_str(), 1);
    at::set_num_threads(threads);
  }
  ~Machine() {
    isa_before_.empty() ? ::unsetenv("SEQ2SEQ_ISA") : ::setenv("SEQ2SEQ_ISA", isa_before_.c_str(), 1);
    at::set_num_threads(threads_before_);
  }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

 private:
  int threads_before_;
  std::string isa_before_;
  ScopedPrecision computing_;
};

struct Operands {
  Operands(int64_t input, int64_t cells, std::vector<int64_t> running) : running(std::move(running)) {
    torch::manual_seed(7);
    int64_t rows = 0;
    for (const int64_t sentences : this->running) rows += sentences;
    const int64_t sentences = this->running.front();
    const auto random = [](std::vector<int64_t> shape) { return torch::rand(shape) * 0.4 - 0.2; };
    tensors = {random({rows, input}),      random({sentences, cells}), random({sentences, cells}),
               random({4 * cells, input}), random({4 * cells, cells}), random({4 * cells}),
               random({4 * cells}),        random({rows, cells}),      random({sentences, cells}),
               random({sentences, cells})};
  }

  /// Returns rows, last h and c, then the gradients of x, both states and all weights.
  std::vector<at::Tensor> run(at::ScalarType type) const {
    std::vector<at::Tensor> leaf;
    for (const auto& tensor : tensors) leaf.push_back(tensor.to(type).clone().requires_grad_());
    const auto result = lstm_layer(leaf[0], running, leaf[1], leaf[2], {leaf[3], leaf[4], leaf[5], leaf[6]});
    ((result.rows * leaf[7]).sum() + (result.hidden * leaf[8]).sum() + (result.cell * leaf[9]).sum()).backward();
    std::vector<at::Tensor> all{result.rows.detach(), result.hidden.detach(), result.cell.detach()};
    for (size_t i = 0; i < 7; ++i) all.push_back(leaf[i].grad());
    return all;
  }

  std::vector<int64_t> running;
  std::vector<at::Tensor> tensors;
};

const char* const names[] = {"rows", "h", "c", "dx", "dh", "dc", "weight_ih", "weight_hh", "bias_ih", "bias_hh"};

/// More rows than a block of the gradients of weights; cells and inputs that do not fill a whole panel.
Operands large_layer() { return {37, 70, {40, 40, 40, 40, 39, 38, 30, 20, 11, 4, 1, 1}}; }

TEST_CASE("lstm layer: float32 kernels give what the plain equations give in double", "[nn][lstm][kernels][gradient]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  const auto layer = GENERATE(Operands(37, 70, {40, 40, 40, 40, 39, 38, 30, 20, 11, 4, 1, 1}), Operands(1, 1, {1}),
                              Operands(5, 33, {3, 1}), Operands(64, 16, {2, 2, 2}));
  CAPTURE(name(isa));
  const Machine machine({isa}, 2);
  const auto ours = layer.run(at::kFloat);
  const auto exact = layer.run(at::kDouble);
  for (size_t i = 0; i < ours.size(); ++i) {
    CAPTURE(names[i]);
    CHECK(torch::allclose(ours[i].to(at::kDouble), exact[i], 1e-5, 2e-6));
  }
}

at::Tensor rounded(const at::Tensor& tensor) { return tensor.to(at::kFloat).to(at::kBFloat16).to(at::kDouble); }

/// Computes a b' [n, m] of a [n, k], b [m, k] in double. Its operands, and those of its gradients, are rounded to bf16.
struct RoundedProduct : torch::autograd::Function<RoundedProduct> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& a, const at::Tensor& b) {
    context->save_for_backward({rounded(a), rounded(b)});
    return at::mm(rounded(a), rounded(b).t());
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto from_above = rounded(gradients[0]);
    return {at::mm(from_above, saved[1]), at::mm(from_above.t(), saved[0])};
  }
};

/// Returns the results of Operands::run() by the equations in double with rounded products, differentiated by autograd.
std::vector<at::Tensor> with_rounded_products(const Operands& layer) {
  std::vector<at::Tensor> leaf;
  for (const auto& tensor : layer.tensors) leaf.push_back(tensor.to(at::kDouble).clone().requires_grad_());
  at::Tensor h = leaf[1], c = leaf[2];
  std::vector<at::Tensor> rows, last_h, last_c;  // the last rows, from the first sentence that ends
  int64_t offset = 0;
  for (size_t step = 0; step < layer.running.size(); ++step) {
    const int64_t here = layer.running[step], later = step + 1 < layer.running.size() ? layer.running[step + 1] : 0;
    const auto sums = RoundedProduct::apply(leaf[0].narrow(0, offset, here), leaf[3]) +
                      RoundedProduct::apply(h.narrow(0, 0, here), leaf[4]) + leaf[5] + leaf[6];
    const auto gate = sums.chunk(4, 1);
    c = gate[1].sigmoid() * c.narrow(0, 0, here) + gate[0].sigmoid() * gate[2].tanh();
    h = gate[3].sigmoid() * c.tanh();
    rows.push_back(h);
    last_h.insert(last_h.begin(), h.narrow(0, later, here - later));
    last_c.insert(last_c.begin(), c.narrow(0, later, here - later));
    offset += here;
  }
  std::vector<at::Tensor> all{at::cat(rows), at::cat(last_h), at::cat(last_c)};
  ((all[0] * leaf[7]).sum() + (all[1] * leaf[8]).sum() + (all[2] * leaf[9]).sum()).backward();
  for (auto& result : all) result = result.detach();
  for (size_t i = 0; i < 7; ++i) all.push_back(leaf[i].grad());
  return all;
}

TEST_CASE("lstm layer: bf16 rounds the operands of products and nothing else", "[nn][lstm][kernels][gradient]") {
  const auto variant = GENERATE_COPY(from_range(test::bf16_variants()));
  CAPTURE(variant);
  const Machine machine(variant, 2);
  const auto layer = large_layer();
  const auto ours = layer.run(at::kFloat), rounding = with_rounded_products(layer), exact = layer.run(at::kDouble);
  for (size_t i = 0; i < ours.size(); ++i) {
    CAPTURE(names[i]);
    CHECK(ours[i].scalar_type() == at::kFloat);
    const auto size = [](const at::Tensor& difference) { return difference.norm().item<double>(); };
    // Only float32's rounding remains; it moves a few numbers across the midpoint of two bf16 neighbours.
    CHECK(size(ours[i].to(at::kDouble) - rounding[i]) < 0.1 * size(rounding[i] - exact[i]));
  }
}

TEST_CASE("lstm layer: the same bits on any number of threads", "[nn][lstm][kernels]") {
  const auto variant = GENERATE_COPY(from_range(variants()));
  CAPTURE(variant);
  const auto layer = large_layer();
  const auto run_on = [&](int threads) {
    const Machine machine(variant, threads);
    return layer.run(at::kFloat);
  };
  const auto one = run_on(1);
  for (const int threads : {2, 3, 5}) {
    const auto several = run_on(threads);
    for (size_t i = 0; i < one.size(); ++i) {
      CAPTURE(threads, names[i]);
      CHECK(at::equal(one[i], several[i]));
    }
  }
}

TEST_CASE("lstm layer: panels made beforehand change no bit", "[nn][lstm][kernels]") {
  const auto variant = GENERATE_COPY(from_range(variants()));
  const auto layer = GENERATE(large_layer(), Operands(1, 1, {1}), Operands(5, 33, {3, 1}), Operands(64, 16, {2, 2, 2}),
                              Operands(20, 100, {1}));
  const int threads = GENERATE(1, 2, 5);
  CAPTURE(variant, layer.running, threads);
  const Machine machine(variant, threads);
  const at::NoGradGuard no_gradient;
  const auto& t = layer.tensors;
  const LstmWeights weights{t[3], t[4], t[5], t[6]};
  const auto panels = lstm_panels(weights);
  const auto with = lstm_layer(t[0], layer.running, t[1], t[2], weights, &panels);
  const auto without = lstm_layer(t[0], layer.running, t[1], t[2], weights);
  CHECK(with.rows.equal(without.rows));
  CHECK(with.hidden.equal(without.hidden));
  CHECK(with.cell.equal(without.cell));
  CHECK_FALSE(lstm_panels({t[3].to(at::kDouble), t[4].to(at::kDouble), {}, {}}).hidden.defined());
}

TEST_CASE("lstm layer: a sentence's rows are the same bits alone and in a batch", "[nn][lstm][kernels][batch]") {
  const auto variant = GENERATE_COPY(from_range(variants()));
  CAPTURE(variant);
  const Machine machine(variant, 2);
  const torch::NoGradGuard no_gradient;
  const auto layer = large_layer();
  const auto run = [&](const at::Tensor& x, const std::vector<int64_t>& running, int64_t first, int64_t count) {
    const auto& t = layer.tensors;
    return lstm_layer(x, running, t[1].narrow(0, first, count), t[2].narrow(0, first, count), {t[3], t[4], t[5], t[6]});
  };
  const auto together = run(layer.tensors[0], layer.running, 0, layer.running.front());
  for (const int64_t sentence : {0, 3, 10, 39}) {
    std::vector<int64_t> numbers;
    int64_t offset = 0;
    for (const int64_t sentences : layer.running) {
      if (sentence < sentences) numbers.push_back(offset + sentence);
      offset += sentences;
    }
    const auto own = torch::tensor(numbers);
    const auto alone = run(layer.tensors[0].index_select(0, own), std::vector<int64_t>(numbers.size(), 1), sentence, 1);
    CAPTURE(sentence);
    CHECK(at::equal(alone.rows, together.rows.index_select(0, own)));
    CHECK(at::equal(alone.cell[0], together.cell[sentence]));
  }
}

}  // namespace
}  // namespace seq2seq::nn
