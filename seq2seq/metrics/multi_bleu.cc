#include "seq2seq/metrics/multi_bleu.h"

#include <fmt/format.h>

namespace seq2seq::metrics {

std::string MultiBleuMetric::text(std::span<const double> sums) const {
  const auto found = bleu(sums);
  const auto& counts = found.counts;
  const auto& precisions = found.precisions;
  if (counts.reference_tokens == 0) return "BLEU = 0, 0/0/0/0 (BP=0, ratio=0, hyp_len=0, ref_len=0)";
  const double ratio = static_cast<double>(counts.hypothesis_tokens) / static_cast<double>(counts.reference_tokens);
  return fmt::format("BLEU = {:.2f}, {:.1f}/{:.1f}/{:.1f}/{:.1f} (BP={:.3f}, ratio={:.3f}, hyp_len={}, ref_len={})",
                     found.score, precisions[0], precisions[1], precisions[2], precisions[3], found.brevity_penalty,
                     ratio, counts.hypothesis_tokens, counts.reference_tokens);
}

std::string MultiBleuMetric::settings() const {
  return fmt::format("case:{}|eff:no|tok:ascii-blanks|smooth:none|as:multi-bleu.perl", lowercase_ ? "lc" : "mixed");
}

std::unique_ptr<Metric> make_multi_bleu(const MetricOptions& options) {
  return std::make_unique<MultiBleuMetric>(options.lowercase);
}

}  // namespace seq2seq::metrics
