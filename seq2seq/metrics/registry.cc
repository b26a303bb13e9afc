#include "seq2seq/metrics/bleu_metric.h"
#include "seq2seq/metrics/chrf.h"
#include "seq2seq/metrics/exact_match.h"
#include "seq2seq/metrics/metric.h"
#include "seq2seq/metrics/multi_bleu.h"
#include "seq2seq/metrics/position_independent_error_rate.h"
#include "seq2seq/metrics/ter.h"
#include "seq2seq/metrics/word_error_rate.h"

namespace seq2seq::metrics {

const std::vector<MetricKind>& metric_kinds() {
  constexpr bool higher = true, lower = false, share = true, score = false;
  static const std::vector<MetricKind> kinds{
      {"bleu", "BLEU", higher, score, make_bleu},
      {"multi_bleu", "multi-bleu", higher, score, make_multi_bleu},
      {"chrf", "chrF", higher, score, make_chrf},
      {"chrf++", "chrF++", higher, score, make_chrf_plus_plus},
      {"ter", "TER", lower, score, make_ter},
      {"word_error_rate", "word error rate", lower, share, make_word_error_rate},
      {"position_independent_error_rate", "position-independent error rate", lower, share,
       make_position_independent_error_rate},
      {"exact_match", "exact match", higher, share, make_exact_match},
  };
  return kinds;
}

const MetricKind* find_metric(std::string_view name) {
  for (const auto& kind : metric_kinds())
    if (kind.name == name) return &kind;
  return nullptr;
}

}  // namespace seq2seq::metrics
