#include "seq2seq/run/translate.h"

#include <cstddef>
#include <exception>
#include <ostream>

#include "seq2seq/core/error.h"
#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/run/translate/answer_writer.h"
#include "seq2seq/run/translate/request_reader.h"
#include "seq2seq/run/translate/search_requests.h"

namespace seq2seq::run {

namespace {

/// Counts the best output of a line.
void count(Translated& translated, const Request& request, const decode::Hypothesis& best,
           const decode::DecodeOptions& options) {
  if (best.cut) ++translated.cut;
  if (request.constraints.any()) translated.unmet.add(best.ids, request.constraints, request.number + 1);
  const bool searched = !best.token_scores.empty();
  if (searched && std::ssize(best.ids) < options.min_length) ++translated.below_minimum;
  if (searched && options.search == decode::SearchKind::exact) translated.exact.add(best);
}

void count(Translated& translated, const RequestBatch& batch, const Outputs& outputs,
           const decode::DecodeOptions& options) {
  const auto answered = batch.readable();
  for (size_t i = 0; i < answered.size(); ++i) count(translated, *answered[i], outputs[i].front(), options);
  translated.lines += std::ssize(batch.requests);
  translated.failed += std::ssize(batch.requests) - std::ssize(answered);
}

}  // namespace

Translated translate(const LoadedRun& run, data::LineReader& input, std::ostream& output,
                     const TranslateOptions& options) {
  if (options.keep_going && options.constraints.any())
    throw UsageError(
        "lines that cannot be read are skipped, so files of prefixes or constraints would not fit the rest",
        "Turn `keep_going` off, or leave them out");
  if (options.alignments.wanted()) check_attends(run);
  AnswerWriter writer(run, output, options);
  RequestReader reader(run, input, options);
  const auto done = decode::on_small_memory(options.log);
  Translated translated;
  writer.begin();
  for (bool more = true; more && output;) {
    const auto batch = reader.next();
    const auto outputs = search_requests(batch, run, done);
    writer.write(batch, outputs);
    count(translated, batch, outputs, run.options().decode);
    output.flush();
    if (batch.fault) std::rethrow_exception(batch.fault);
    more = !batch.last;
  }
  if (output) reader.finish();
  translated.unknown = reader.unknown();
  return translated;
}

}  // namespace seq2seq::run
