// An exception that leaves an OpenMP region ends the process, so code inside one must not allocate. Here every
// `operator new` of the program records calls in such regions while a test watches. Sanitizers have their own
// `operator new`, so the case has none of their tags.

#include <atomic>
#include <cstdlib>
#include <new>
#include <omp.h>

#include <ATen/Parallel.h>
#include <ATen/ops/randn.h>

#include "seq2seq/nn/recurrent/lstm_layer.h"
#include "test/support/catch.h"

namespace {

std::atomic<bool> watching = false;
std::atomic<int64_t> in_parallel = 0;

void* allocate(std::size_t bytes) {
  if (watching && omp_in_parallel() != 0) ++in_parallel;
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t bytes) { return allocate(bytes); }
void* operator new[](std::size_t bytes) { return allocate(bytes); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace seq2seq::nn {

TEST_CASE("lstm layer: nothing is allocated while several threads work on a layer", "[nn][lstm]") {
  const bool gradients = GENERATE(false, true);
  CAPTURE(gradients);
  at::manual_seed(1);
  at::set_num_threads(2);
  constexpr int64_t cells = 128, input = 64, sentences = 40;
  const auto parameter = [&](at::IntArrayRef shape) { return at::randn(shape).set_requires_grad(gradients); };
  const LstmWeights weights{.input = parameter({4 * cells, input}),
                            .hidden = parameter({4 * cells, cells}),
                            .input_bias = parameter({4 * cells}),
                            .hidden_bias = parameter({4 * cells})};
  const auto x = at::randn({5 * sentences, input}), state = at::randn({sentences, cells});
  const std::vector<int64_t> running(5, sentences);
  const auto pass = [&] {
    const auto result = lstm_layer(x, running, state, state, weights);
    if (gradients) result.rows.sum().backward();
  };
  pass();  // allocations that happen once are made before
  in_parallel = 0;
  watching = true;
  pass();
  watching = false;
  CHECK(in_parallel == 0);
}

}  // namespace seq2seq::nn
