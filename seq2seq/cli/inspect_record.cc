#include "seq2seq/cli/inspect_record.h"

#include <ostream>
#include <string>

#include <fmt/format.h>

#include "seq2seq/cli/inspect_line.h"
#include "seq2seq/core/files.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/study/record/record.h"

namespace seq2seq::cli {

namespace {

void print_training(std::ostream& out, const study::Record& record) {
  const auto& training = record.training;
  print_line(out, "made",
             fmt::format("{} by seq2seq {} ({}{})", record.created, record.program, record.commit,
                         record.dirty ? ", modified" : ""));
  print_line(out, "on",
             fmt::format("{}, {}, {}", record.machine.device, format_count(record.machine.threads, "thread"),
                         record.processor));
  print_line(out, "trained",
             fmt::format("{} updates, epoch {:.4g}, {}, {} words/s; measured at update {}",
                         format_count(training.updates), training.epochs, format_duration(training.seconds),
                         format_count(static_cast<int64_t>(training.words_per_second)), format_count(training.update)));
  print_line(out, "parameters", format_count(record.parameters_in_all()));
}

void print_texts(std::ostream& out, const study::Identity& identity) {
  constexpr size_t digits = 12;
  for (const auto& [name, mark] :
       {std::pair{"training", &identity.train}, {"validation", &identity.validation}, {"test", &identity.test}}) {
    if (!mark->path.empty()) print_line(out, name, fmt::format("{} ({})", mark->path, mark->sha256.substr(0, digits)));
  }
}

}  // namespace

void inspect_record(std::ostream& out, const std::filesystem::path& json) {
  const auto record = study::read_record(disk_files(), json);
  print_line(out, "record", json.string());
  print_line(out, "row", fmt::format("{}, seed {}", record.cell, record.seed));
  const auto metrics = record.metrics();
  for (const auto& metric : metrics)
    print_line(out, metric == metrics.front() ? "figures" : "",
               fmt::format("{:<32} {:.6g}", metric, record.figure(metric)));
  print_line(out, "", "on " + format_count(std::ssize(record.sentences), "sentence"));
  print_training(out, record);
  print_texts(out, record.identity);
  for (const auto& example : record.examples) {
    out << fmt::format("\n{:<12} {}\n{:<12} {}\n{:<12} {}\n", "source", example.source, "reference", example.reference,
                       "output", example.output);
  }
}

}  // namespace seq2seq::cli
