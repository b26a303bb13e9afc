#include "seq2seq/run/pretrained.h"

#include <ATen/ops/tensor.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/interrupt.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/data/input/word_vectors.h"

namespace seq2seq::run {

namespace {

constexpr double kMegabyte = 1e6;

const char* name_of(nn::Side side) { return side == nn::Side::source ? "source" : "target"; }

/// Returns the tables of a side's words: one, or one per encoder.
std::vector<at::Tensor> tables_of(const nn::Model& model, nn::Side side) {
  std::vector<at::Tensor> tables;
  for (const auto& use : model.roles()) {
    if (use.role.kind == nn::Role::Kind::embedding && use.role.row_per_word && use.side == side)
      tables.push_back(use.parameter);
  }
  if (!tables.empty()) return tables;
  throw Error(Place{.part = fmt::format("model.pretrained.{}", name_of(side))},
              fmt::format("the model has no word vectors for the {}", name_of(side)), "Leave the key out");
}

void set_side(nn::Model& model, nn::Side side, const std::filesystem::path& file, const text::Vocabulary& words,
              const Environment& environment) {
  if (file.empty()) return;
  const auto tables = tables_of(model, side);
  std::error_code unknown;  // the reader reports a missing file
  const auto bytes = std::filesystem::file_size(file, unknown);
  Progress progress(*environment.log, fmt::format("word vectors of the {}", name_of(side)), "MB",
                    unknown ? 0 : static_cast<double>(bytes) / kMegabyte, environment.progress);
  const auto vectors = data::read_word_vectors(file, words, tables.front().size(1), [&](int64_t done) {
    if (interrupted()) throw Interrupted("interrupted; nothing was written");
    progress.update(static_cast<double>(done) / kMegabyte);
  });
  progress.finish();
  for (auto table : tables)
    table.index_copy_(0, at::tensor(vectors.ids).to(table.device()),
                      vectors.rows.to(table.device(), table.scalar_type()));
  const auto found = std::ssize(vectors.ids);
  const int64_t all = words.size() - text::special_count;
  environment.log->say(fmt::format("{} of {} ({:.1f} %) start from {}", format_count(found),
                                   format_count(all, fmt::format("{} word", name_of(side))),
                                   100 * static_cast<double>(found) / static_cast<double>(all), file.string()));
}

}  // namespace

void set_pretrained(nn::Model& model, const PretrainedOptions& options, const data::TextPipeline& text,
                    const Environment& environment) {
  const c10::AutoGradMode no_gradient(false);
  set_side(model, nn::Side::source, options.source, text.source_vocabulary(), environment);
  set_side(model, nn::Side::target, options.target, text.target_vocabulary(), environment);
}

}  // namespace seq2seq::run
