#include "seq2seq/metrics/student.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <numbers>

namespace seq2seq::metrics {

namespace {

double kept_from_zero(double value) {
  constexpr double least = 1e-300;
  return std::abs(value) < least ? least : value;
}

/// The continued fraction of the incomplete beta function (Abramowitz and Stegun 1964, 26.5.8), by Lentz' method.
double beta_fraction(double a, double b, double x) {
  constexpr int most = 1000;
  double c = 1, d = 1 / kept_from_zero(1 - (a + b) * x / (a + 1)), fraction = d;
  for (int m = 1; m <= most; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    double change = 1;
    for (const double term : {even, odd}) {
      d = 1 / kept_from_zero(1 + term * d);
      c = kept_from_zero(1 + term / c);
      change = c * d;
      fraction *= change;
    }
    if (std::abs(change - 1) < std::numeric_limits<double>::epsilon()) break;
  }
  return fraction;
}

/// I_x(a, b), the regularized incomplete beta function.
double incomplete_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front =
      std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

/// P(T > |t|).
double upper_tail(double t, double degrees_of_freedom) {
  constexpr double many = 1e6;      // above this the approximation is more accurate
  if (degrees_of_freedom > many) {  // Abramowitz and Stegun 1964, 26.7.8
    const double normal =
        std::abs(t) * (1 - 1 / (4 * degrees_of_freedom)) / std::sqrt(1 + t * t / (2 * degrees_of_freedom));
    return std::erfc(normal / std::numbers::sqrt2) / 2;
  }
  return incomplete_beta(degrees_of_freedom / 2, 0.5, degrees_of_freedom / (degrees_of_freedom + t * t)) / 2;
}

}  // namespace

double student_cdf(double t, double degrees_of_freedom) {
  const double tail = upper_tail(t, degrees_of_freedom);
  return t > 0 ? 1 - tail : tail;
}

double student_quantile(double probability, double degrees_of_freedom) {
  if (probability == 0.5) return 0;
  const double tail = std::min(probability, 1 - probability);
  double low = 0, high = 1;
  while (upper_tail(high, degrees_of_freedom) > tail) high *= 2;
  // Bisects to the last bit; it is called only a few times per table.
  for (double middle = high / 2; middle > low && middle < high; middle = low + (high - low) / 2) {
    (upper_tail(middle, degrees_of_freedom) > tail ? low : high) = middle;
  }
  return probability < 0.5 ? -high : high;
}

}  // namespace seq2seq::metrics
