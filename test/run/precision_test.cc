// Training with products in bf16 on the CPU.

#include <cstdlib>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "seq2seq/core/error.h"
#include "seq2seq/core/isa.h"
#include "seq2seq/run/evaluate.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

/// Limits the instruction set during its lifetime.
class AllowedIsa {
 public:
  explicit AllowedIsa(Isa isa) {
    if (const char* before = std::getenv("SEQ2SEQ_ISA")) before_ = before;
    ::setenv("SEQ2SEQ_ISA", name(isa).c_str(), 1);
  }
  ~AllowedIsa() { before_.empty() ? ::unsetenv("SEQ2SEQ_ISA") : ::setenv("SEQ2SEQ_ISA", before_.c_str(), 1); }
  AllowedIsa(const AllowedIsa&) = delete;
  AllowedIsa& operator=(const AllowedIsa&) = delete;

 private:
  std::string before_;
};

std::vector<Isa> isas_for_bf16() {
  std::vector isas{Isa::reference};
  for (const Isa isa : available_isas()) {
    if (isa >= Isa::avx512 && processor_has_bf16()) isas.push_back(isa);
  }
  return isas;
}

std::vector<std::string> in_bf16(const std::vector<std::string>& more) {
  std::vector<std::string> keys{"train.precision=bf16"};
  keys.insert(keys.end(), more.begin(), more.end());
  return keys;
}

/// Returns the lines of this kind in metrics.jsonl of a run.
std::vector<nlohmann::json> lines_of_kind(const fs::path& run, const std::string& kind) {
  std::vector<nlohmann::json> found;
  for (const auto& line : lines_in(content_of(run / "metrics.jsonl"))) {
    auto json = nlohmann::json::parse(line);
    if (json.value("kind", "") == kind) found.push_back(std::move(json));
  }
  return found;
}

}  // namespace

TEST_CASE("bf16: a resumed run has the parameters of an uninterrupted one", "[run][precision][resume]") {
  const AllowedIsa allowed(GENERATE_COPY(from_range(isas_for_bf16())));
  Toy toy(copied);
  check_exact_resume(toy, in_bf16({"train.checkpoint.every_updates=5"}));
}

TEST_CASE("bf16: losses follow those of float32, and validation is in float32", "[run][precision][learn]") {
  const AllowedIsa allowed(GENERATE_COPY(from_range(isas_for_bf16())));
  Toy toy(copied);
  const std::vector<std::string> keys{"train.updates=40", "train.report_every_updates=1"};
  toy.train("float32", keys);
  toy.train("bf16", in_bf16(keys));
  const auto exact = lines_of_kind(toy / "float32", "train"), rounded = lines_of_kind(toy / "bf16", "train");
  REQUIRE(exact.size() == 40);
  REQUIRE(rounded.size() == exact.size());
  bool same = true;
  for (size_t i = 0; i < exact.size(); ++i) {
    const double loss = exact[i].at("loss"), other = rounded[i].at("loss");
    CHECK_THAT(other, WithinRel(loss, 0.02));
    same = same && loss == other;
  }
  CHECK_FALSE(same);
  const auto evaluation = run::evaluate(toy.load("bf16"), {}, toy.environment);
  const double validated = lines_of_kind(toy / "bf16", "validation").back().at("perplexity");
  CHECK_THAT(validated, WithinRel(evaluation.perplexity.value(), 1e-6));  // bf16 differs by 1e-4 and more
}

TEST_CASE("bf16: a processor that does not have the instructions is refused before anything is written",
          "[run][precision][error]") {
  if (available_isas().back() == Isa::reference) {
    WARN("skipped: the reference is the best set of this processor");
    return;
  }
  Toy toy(copied);
  const AllowedIsa allowed(Isa::avx2);
  const std::string reason =
      processor_has_bf16() ? "but SEQ2SEQ_ISA allows avx2 alone" : "which this one does not have";
  const auto refused = ContainsSubstring("train.precision: `bf16` on a processor needs AVX512-BF16, " + reason +
                                         ". Use `train.precision: float32`");
  CHECK_THROWS_WITH(toy.train("run", {"train.precision=bf16"}), refused);
  const config::Override bf16{.option = "--set", .key = "train.precision", .value = "bf16"};
  CHECK_THROWS_WITH(
      run::explain_training({.config = toy / "toy.yaml", .overrides = {bf16}, .folder = toy / "run", .init_from = {}},
                            toy.environment),
      refused);
  CHECK_FALSE(fs::exists(toy / "run"));
}

}  // namespace seq2seq::test
