#include "seq2seq/metrics/student.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "test/support/catch.h"

using namespace seq2seq::metrics;
using namespace seq2seq::test;

namespace {

/// Returns P(T <= t) by Simpson's rule over the density, from the middle, where it is 1/2.
double by_integration(double t, double freedom) {
  const double front =
      std::exp(std::lgamma((freedom + 1) / 2) - std::lgamma(freedom / 2)) / std::sqrt(freedom * std::numbers::pi);
  const auto density = [&](double x) { return front * std::pow(1 + x * x / freedom, -(freedom + 1) / 2); };
  constexpr int steps = 4000;
  const double width = t / steps;
  double sum = density(0) + density(t);
  for (int i = 1; i < steps; ++i) sum += density(i * width) * (i % 2 == 1 ? 4 : 2);
  return 0.5 + sum * width / 3;
}

}  // namespace

TEST_CASE("student: with one and two degrees of freedom the closed forms", "[metrics][student]") {
  const double t = GENERATE(-40.0, -3.1, -1.0, -1e-3, 0.0, 0.4, 2.0, 12.7);
  CAPTURE(t);
  CHECK_THAT(student_cdf(t, 1), WithinAbs(0.5 + std::atan(t) / std::numbers::pi, 1e-13));
  CHECK_THAT(student_cdf(t, 2), WithinAbs(0.5 + t / (2 * std::sqrt(2 + t * t)), 1e-13));
}

TEST_CASE("student: the integral of the density", "[metrics][student]") {
  const double freedom = GENERATE(1.3, 2.5, 4.0, 9.7, 50.0, 800.0);
  const double t = GENERATE(-4.5, -1.96, -0.2, 0.9, 3.0);
  CAPTURE(freedom, t);
  CHECK_THAT(student_cdf(t, freedom), WithinAbs(by_integration(t, freedom), 1e-10));
}

TEST_CASE("student: with infinitely many degrees of freedom the normal distribution", "[metrics][student]") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const double t = GENERATE(-5.0, -1.0, 0.0, 0.3, 2.0);
  CHECK_THAT(student_cdf(t, infinity), WithinAbs(std::erfc(-t / std::numbers::sqrt2) / 2, 1e-14));
  CHECK_THAT(student_cdf(t, 1e9), WithinAbs(student_cdf(t, infinity), 1e-8));
  CHECK_THAT(student_cdf(t, 1.001e6), WithinAbs(student_cdf(t, 0.999e6), 1e-9));
}

TEST_CASE("student: a quantile is where the share lies below", "[metrics][student][property]") {
  const double freedom = GENERATE(1.0, 1.7, 3.0, 20.0, std::numeric_limits<double>::infinity());
  const double probability = GENERATE(1e-6, 0.025, 0.3, 0.5, 0.8, 0.975, 0.9995);
  CAPTURE(freedom, probability);
  CHECK_THAT(student_cdf(student_quantile(probability, freedom), freedom), WithinAbs(probability, 1e-12));
}
