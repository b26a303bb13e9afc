#include "seq2seq/train/scheduled_sampling.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <fmt/format.h>

namespace seq2seq::train {
namespace {

using Decay = ScheduledSamplingOptions::Decay;

std::string wrong_end(const ScheduledSamplingOptions& options) {
  if (options.decay == Decay::linear && !options.to_update)
    return "`decay: linear` needs `to_update`, the update at which the decay ends";
  if (options.decay == Decay::linear && *options.to_update <= options.from_update)
    return fmt::format("the decay ends at update {} before it begins: `from_update` is {}", *options.to_update,
                       options.from_update);
  return options.to_update && options.decay != Decay::linear ? "only `decay: linear` has a `to_update`" : "";
}

std::string wrong_k(const ScheduledSamplingOptions& options) {
  const bool needed = options.decay == Decay::exponential || options.decay == Decay::inverse_sigmoid;
  if (needed != options.k.has_value())
    return needed ? "is missing; it sets how fast the share falls"
                  : "only `exponential` and `inverse_sigmoid` have a `k`";
  if (options.decay == Decay::exponential && *options.k >= 1)
    return fmt::format("`exponential` needs k below 1, such as 0.9999, not {}", *options.k);
  return options.decay == Decay::inverse_sigmoid && *options.k < 1
             ? fmt::format("`inverse_sigmoid` needs k of at least 1, such as 2000, not {}", *options.k)
             : "";
}

std::string idle_keys(const ScheduledSamplingOptions& options) {
  if (options.decay != Decay::none || (options.from_update == 0 && options.final == 0)) return "";
  return "`from_update` and `final` need a `decay`; set one, or leave them out";
}

}  // namespace

void declare(config::Keys& keys, ScheduledSamplingOptions& options) {
  keys.add("decay", options.decay,
           {{"none", Decay::none},
            {"linear", Decay::linear},
            {"exponential", Decay::exponential},
            {"inverse_sigmoid", Decay::inverse_sigmoid}},
           "factor of `teacher_forcing`, i updates after `from_update`. none: 1; linear: falls from 1 to `final` at "
           "`to_update`; exponential: k^i; inverse_sigmoid: k / (k + exp(i / k))");
  keys.add("from_update", options.from_update, "update at which the decrease begins").unit("updates").at_least(0);
  keys.add("to_update", options.to_update, "update at which `linear` reaches `final`").unit("updates").at_least(1);
  keys.add("k", options.k, "parameter of `exponential` (below 1) and `inverse_sigmoid` (1 or more); larger is slower")
      .above(0);
  keys.add("final", options.final, "smallest factor of `teacher_forcing`").at_least(0).at_most(1);
  keys.add("by", options.by, {{"pair", SampleBy::pair}, {"word", SampleBy::word}},
           "unit of the draw: all words of a pair together, or each word (as in the paper)");
  keys.rule("to_update", [&options] { return wrong_end(options); });
  keys.rule("k", [&options] { return wrong_k(options); });
  keys.rule("decay", [&options] { return idle_keys(options); });
}

double ScheduledSamplingOptions::factor(int64_t update) const {
  if (decay == Decay::none) return 1;
  const auto i = static_cast<double>(std::max<int64_t>(0, update - from_update));
  if (decay == Decay::linear) {
    const auto way = std::min(1.0, i / static_cast<double>(to_update.value() - from_update));
    return 1 - (1 - final) * way;
  }
  const double k = this->k.value();
  return std::max(final, decay == Decay::exponential ? std::pow(k, i) : k / (k + std::exp(i / k)));
}

}  // namespace seq2seq::train
