#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <string>
#include <vector>

#include "seq2seq/data/copied_words.h"
#include "seq2seq/data/input/line_reader.h"
#include "seq2seq/decode/output_constraints.h"
#include "seq2seq/decode/reading.h"
#include "seq2seq/run/constraints.h"
#include "seq2seq/run/ensemble.h"
#include "seq2seq/run/translate/options.h"
#include "seq2seq/run/unknown_tokens.h"

namespace seq2seq::run {

/// A line of the input.
struct Request {
  int64_t number = 0;                 // of the line, counted from 0
  std::string line{};                 // as read
  std::string source{};               // the sentence in it
  std::vector<std::string> tokens{};  // of the source
  data::CopiedWords copied{};         // from the source
  decode::OutputConstraints constraints{};
  std::string fault{};  // reason why it is not translated; empty: it is
};

/// Lines that are answered together.
struct RequestBatch {
  std::vector<Request> requests;
  decode::Readings sources;                       // of the requests without a fault
  std::chrono::steady_clock::time_point started;  // when the first line was read
  bool last = false;                              // the input has ended
  std::exception_ptr fault;                       // error of the next line, after which nothing can be read

  /// Returns the requests without a fault, in the order of `sources`.
  std::vector<const Request*> readable() const;
};

/// Reads the lines of an input, with their constraints.
class RequestReader {
 public:
  /// `run`, `input` and `options` must outlive it. Throws UsageError if the run or its search does not support the
  /// constraints.
  RequestReader(const LoadedRun& run, data::LineReader& input, const TranslateOptions& options);
  /// Returns the lines that are waiting: at least one, unless the input has ended or the next line is a fault.
  RequestBatch next();
  /// Throws Error if a file of constraints has more lines than the input.
  void finish() { constraints_.finish(); }
  const UnknownTokens& unknown() const { return unknown_; }  // of the sources read so far

 private:
  void parse(Request& request);

  const LoadedRun& run_;
  data::LineReader& input_;
  const TranslateOptions& options_;
  SourceReader reader_;
  ConstraintReader constraints_;
  UnknownTokens unknown_;
  int64_t read_ = 0;  // requests
};

}  // namespace seq2seq::run
