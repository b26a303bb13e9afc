#include "seq2seq/run/translate/request_reader.h"

#include <utility>

#include "seq2seq/core/error.h"
#include "seq2seq/run/json_lines.h"

namespace seq2seq::run {

namespace {

// Batches read ahead and sorted by length together: more make lengths more alike, fewer reduce the delay of answers.
constexpr int64_t batches_ahead = 32;

}  // namespace

std::vector<const Request*> RequestBatch::readable() const {
  std::vector<const Request*> all;
  for (const auto& request : requests)
    if (request.fault.empty()) all.push_back(&request);
  return all;
}

RequestReader::RequestReader(const LoadedRun& run, data::LineReader& input, const TranslateOptions& options)
    : run_(run),
      input_(input),
      options_(options),
      reader_(run, options.tokens),
      constraints_(run, options.constraints, options.tokens) {}

RequestBatch RequestReader::next() {
  const int64_t most = run_.options().decode.batch * batches_ahead;
  RequestBatch batch;
  const auto note_start = [&batch] {
    if (batch.requests.empty()) batch.started = std::chrono::steady_clock::now();
  };
  while (std::ssize(batch.requests) < most && (batch.requests.empty() || input_.ready())) {
    Request request{.number = read_};
    const int64_t before = input_.lines();
    try {
      batch.last = !input_.next(request.line);
      if (batch.last) break;
      note_start();
      parse(request);
    } catch (const Error& fault) {
      note_start();  // also for a line that is not UTF-8
      const bool next_line_follows = input_.lines() > before;
      if (!options_.keep_going || !next_line_follows) {
        batch.fault = std::current_exception();
        break;
      }
      request.fault = fault.what();
    }
    batch.requests.push_back(std::move(request));
    ++read_;
  }
  batch.sources = reader_.take();
  return batch;
}

void RequestReader::parse(Request& request) {
  const Place place{.file = input_.file().string(), .line = input_.lines()};
  request.source = options_.input == InputFormat::json ? json_source(request.line, place) : request.line;
  auto line = reader_.read(request.source, place);
  const auto& ids = line.ids.front();
  if (options_.constraints.any()) request.constraints = constraints_.next(std::ssize(ids));
  unknown_.add(ids, *run_.text, text::Side::source, place.line);
  request.tokens = std::move(line.tokens);
  request.copied = run_.text->copied_words(request.tokens);
  reader_.add(std::move(line));
}

}  // namespace seq2seq::run
