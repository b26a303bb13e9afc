#pragma once

namespace seq2seq::metrics {

/// P(T <= t) for Student's t distribution, with an error of at most 1e-9. `degrees_of_freedom` is above 0 and need not
/// be whole; infinity gives the normal distribution.
double student_cdf(double t, double degrees_of_freedom);
/// Returns the t with P(T <= t) = `probability`, which must be in (0, 1).
double student_quantile(double probability, double degrees_of_freedom);

}  // namespace seq2seq::metrics
