#pragma once

namespace seq2seq::metrics {

/// Student's t distribution; `degrees_of_freedom` is above 0 and need not be whole, infinity gives the normal one.
/// P(T <= t). To 1e-9 or better.
double student_cdf(double t, double degrees_of_freedom);
/// The t below which a share of `probability` in (0, 1) lies.
double student_quantile(double probability, double degrees_of_freedom);

}  // namespace seq2seq::metrics
