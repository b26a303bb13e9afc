#include "seq2seq/cli/inspect_json.h"

#include <functional>
#include <map>
#include <ostream>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "seq2seq/cli/inspect_line.h"
#include "seq2seq/cli/inspect_prepared.h"
#include "seq2seq/cli/inspect_record.h"
#include "seq2seq/cli/inspect_run.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/files.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/core/run_folder.h"
#include "seq2seq/data/prepare/prepared_folder.h"
#include "seq2seq/parallel/timeline/chrome_trace.h"
#include "seq2seq/train/trainer_state.h"

namespace seq2seq::cli {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Returns the JSON of a text, or `discarded`.
Json parsed(std::string_view text) { return Json::parse(text, nullptr, /*allow_exceptions=*/false); }

std::string text_of(const Json& json, const char* name) {
  const auto found = json.is_object() ? json.find(name) : json.end();
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

/// Returns the numbers of an object: `perplexity 1.9, bleu 30`.
std::string numbers_of(const Json& json) {
  std::string text;
  for (const auto& [name, value] : json.items())
    if (value.is_number()) text += fmt::format("{}{} {:.6g}", text.empty() ? "" : ", ", name, value.get<double>());
  return text;
}

/// Prints the lines of metrics.jsonl by kind, and the last of each.
void inspect_metrics(std::ostream& out, const fs::path& file) {
  std::istringstream lines(disk_files().read(file));
  std::map<std::string, std::pair<int64_t, Json>> kinds;
  for (std::string line; std::getline(lines, line);) {
    auto json = parsed(line);
    const auto kind = text_of(json, "kind");
    if (kind.empty()) continue;
    ++kinds[kind].first;
    kinds[kind].second = std::move(json);
  }
  print_line(out, "metrics", file.string() + ": figures of a training; `scripts/plot RUN` draws them");
  for (const auto& [kind, found] : kinds)
    print_line(out, kind.c_str(),
               fmt::format("{}, the last: {}", format_count(found.first, "line"), numbers_of(found.second)));
}

void inspect_attention(std::ostream& out, const fs::path& file) {
  std::istringstream lines(disk_files().read(file));
  int64_t outputs = 0;
  for (std::string line; std::getline(lines, line);) ++outputs;
  print_line(out, "attention",
             fmt::format("{}: weights of {}; `scripts/plot attention FILE` draws them", file.string(),
                         format_count(outputs, "output")));
}

/// Prints what `translate --format json` wrote.
void inspect_answers(std::ostream& out, const fs::path& file) {
  std::istringstream lines(disk_files().read(file));
  int64_t answers = 0, errors = 0;
  for (std::string line; std::getline(lines, line); ++answers) errors += parsed(line).contains("error") ? 1 : 0;
  print_line(
      out, "translations",
      fmt::format("{}: answers of `translate --format json` to {}{}", file.string(), format_count(answers, "line"),
                  errors == 0 ? "" : fmt::format(", {} with an error", format_count(errors))));
}

/// Returns true for a line of `translate --format json`.
bool is_answer(const Json& line) {
  return line.is_object() && (line.contains("hypotheses") || (line.contains("output") && line.contains("score")) ||
                              (line.contains("error") && line.at("error").is_string()));
}

void inspect_timeline(std::ostream& out, const fs::path& file) {
  const auto timeline = parallel::read_chrome_trace(disk_files().read(file), Place{.file = file.string()});
  print_line(out, "timeline",
             fmt::format("{}: an update of {:.4g} s, {}; ui.perfetto.dev shows it", file.string(), timeline.seconds,
                         format_count(std::ssize(timeline.entries), "job")));
  print_line(out, "places", fmt::format("{}", fmt::join(timeline.places, ", ")));
}

void inspect_state(std::ostream& out, const fs::path& file) {
  const auto state = train::from_json(disk_files().read(file), file);
  print_line(out, "state",
             fmt::format("{}: of a checkpoint at update {}, {}", file.string(), format_count(state.update),
                         epochs_made(state)));
}

void inspect_card(std::ostream& out, const fs::path& file, const Json& json) {
  print_line(out, "data card", file.string() + ": description of a data set; card.md is the version for people");
  for (const auto& [part, facts] : json.at("splits").items()) print_line(out, part.c_str(), numbers_of(facts));
}

}  // namespace

void inspect_table(std::ostream& out, const fs::path& file) {
  const auto table = parsed(disk_files().read(file));
  const auto damaged = [&file](const char* what) {
    return FormatError(Place{.file = file.string()}, what, "`seq2seq study table` writes it again");
  };
  if (!table.is_object() || !table.contains("lines")) throw damaged("is a damaged table");
  const auto scale = text_of(table, "scale");
  print_line(out, "table", fmt::format("{}{}", file.string(), scale.empty() ? "" : ": scale " + scale));
  print_line(out, "question", text_of(table, "question"));
  for (const auto& line : table.at("lines")) {
    if (!line.is_object() || !line.contains("records") || !line.contains("figures"))
      throw damaged("is a damaged table");
    std::string figures;
    for (const auto& [metric, figure] : line.at("figures").items()) {
      const auto value = figure.is_object() ? figure.value("/mean/value"_json_pointer, Json()) : Json();
      if (value.is_number())
        figures += fmt::format("{}{} {:.6g}", figures.empty() ? "" : ", ", metric, value.get<double>());
    }
    print_line(out, "row",
               fmt::format("{}, {}{}{}", text_of(line, "row"), format_count(std::ssize(line.at("records")), "run"),
                           figures.empty() ? "" : ": ", figures));
  }
}

bool inspect_json(std::ostream& out, const fs::path& file, std::string_view first_line,
                  const run::Registries& registries) {
  const auto line = parsed(first_line);
  if (text_of(line, "format") == "seq2seq metrics") return inspect_metrics(out, file), true;
  if (line.is_object() && line.contains("weights") && line.contains("target"))
    return inspect_attention(out, file), true;
  if (is_answer(line)) return inspect_answers(out, file), true;
  const auto json = parsed(disk_files().read(file));
  const auto format = text_of(json, "format");
  if (format == "seq2seq record") return inspect_record(out, file), true;
  if (format == "seq2seq table") return inspect_table(out, file), true;
  if (format == "seq2seq training state") return inspect_state(out, file), true;
  if (format == "seq2seq run") return inspect_run(out, RunFolder(file.parent_path()), registries), true;
  if (format == "seq2seq prepared data") return inspect_prepared(out, data::PreparedFolder{file.parent_path()}), true;
  if (format == "seq2seq checkpoint")
    return print_line(out, "checksums", file.string() + ": SHA-256 of the files of a checkpoint"), true;
  if (json.is_object() && json.contains("traceEvents")) return inspect_timeline(out, file), true;
  if (json.is_object() && json.contains("splits") && json.at("splits").is_object())
    return inspect_card(out, file, json), true;
  if (json.is_discarded() && file.extension() == ".json")
    throw FormatError(Place{.file = file.string()}, "is not JSON, or is damaged", "Restore it from a copy");
  return false;
}

}  // namespace seq2seq::cli
