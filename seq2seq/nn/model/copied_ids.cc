#include "seq2seq/nn/model/copied_ids.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>

#include "seq2seq/core/error.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::nn {
namespace {

Ids known(const Ids& ids, int64_t vocabulary) { return at::where(ids.lt(vocabulary), ids, text::unknown_id); }

Packed known(const Packed& ids, int64_t vocabulary) {
  const auto& host = ids.ids_on_host;
  return {known(ids.rows, vocabulary), ids.layout, host.defined() ? known(host, vocabulary) : host};
}

}  // namespace

CopiedIds::CopiedIds(const ModelContext& context, bool extended)
    : sizes_{.source = context.source_vocabulary, .target = context.target_vocabulary} {
  if (context.target_of_source == nullptr) return;
  const auto ids = context.target_of_source();
  if (!extended && std::ranges::all_of(ids, [](int64_t id) { return id < text::special_count; }))
    throw UsageError(
        "`copy` writes a source word as the target word of the same spelling, and no word is in both "
        "vocabularies",
        "Set `model.output.extended_vocabulary: true`, or `model.output.kind: full`");
  target_of_source_ = at::tensor(ids, at::kLong).to(context.placement.of("embeddings"));
}

Packed CopiedIds::read(const Packed& source) const { return known(source, sizes_.source); }

Packed CopiedIds::written(const Packed& target) const { return known(target, sizes_.target); }

Packed CopiedIds::copied(const Packed& packed) const {
  const auto& source = packed.rows;
  const auto in_source = known(source, sizes_.source);
  auto target = in_source;
  if (target_of_source_.defined()) target = target_of_source_.index_select(0, in_source);
  // Words that only the source's vocabulary has. Without a table, these are the ids beyond the target's vocabulary.
  const auto lacks = target_of_source_.defined()
                         ? target.eq(text::unknown_id).logical_and(in_source.ne(text::unknown_id))
                         : target.ge(sizes_.target);
  target = at::where(lacks, in_source + sizes_.of_source_word(0), target);
  const auto of_target = source - sizes_.of_target_word(0);  // for words that only the target's vocabulary has
  return packed.with(
      at::where(source.lt(sizes_.source), target, at::where(of_target.lt(sizes_.target), of_target, source)));
}

}  // namespace seq2seq::nn
