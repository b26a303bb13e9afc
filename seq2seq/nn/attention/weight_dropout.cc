#include "seq2seq/nn/attention/weight_dropout.h"

#include <cmath>

#include <ATen/Parallel.h>
#include <ATen/ops/zeros.h>
#include <c10/util/Exception.h>

#include "seq2seq/core/random.h"
#include "seq2seq/nn/kernels/attention/attention.h"

namespace seq2seq::nn {

kernels::WeightMask weight_mask(const WeightDropout& dropout, const AttentionPairs& pairs, int64_t group, int64_t head,
                                int64_t query) {
  TORCH_CHECK(dropout.pair_keys.size() == pairs.groups().size(), "dropout of attention weights has the keys of ",
              dropout.pair_keys.size(), " pairs for ", pairs.groups().size(), " groups");
  const uint64_t seed = dropout.draw.seed;
  return {.key0 = static_cast<uint32_t>(seed),
          // As in dropout of rows: the counter has room for the lower half of a site's number.
          .key1 = static_cast<uint32_t>(seed >> 32) ^ static_cast<uint32_t>(Purpose::dropout) ^
                  (dropout.site.number() & 0xFFFF0000U),
          .update = static_cast<uint32_t>(dropout.draw.update),
          .site = dropout.site.number(),
          .pair = static_cast<uint32_t>(dropout.pair_keys[static_cast<size_t>(group)]),
          .head = static_cast<uint32_t>(head),
          .first_position = static_cast<uint32_t>(dropout.first_position + query),
          .threshold = static_cast<uint32_t>(std::lround(dropout.share * 65536)),
          .scale = static_cast<float>(1 / (1 - dropout.share))};
}

at::Tensor padded_dropout_mask(const AttentionPairs& pairs, int64_t heads, const WeightDropout& dropout) {
  const auto count = static_cast<int64_t>(pairs.groups().size());
  auto mask = at::zeros({count, heads, pairs.longest_queries(), pairs.longest()}, at::kFloat);
  const auto kernel = kernels::attention_kernels();
  auto* const to = mask.mutable_data_ptr<float>();
  at::parallel_for(0, count * heads, 1, [&](int64_t first, int64_t last) {
    for (int64_t at = first; at < last; ++at) {
      const auto& group = pairs.groups()[static_cast<size_t>(at / heads)];
      kernel.fill_mask(weight_mask(dropout, pairs, at / heads, at % heads),
                       {.mask = to + at * pairs.longest_queries() * pairs.longest(),
                        .query_stride = pairs.longest(),
                        .key_stride = 1,
                        .queries = group.queries,
                        .keys = group.keys});
    }
  });
  return mask;
}

}  // namespace seq2seq::nn
