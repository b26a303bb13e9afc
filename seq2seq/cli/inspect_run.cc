#include "seq2seq/cli/inspect_run.h"

#include <optional>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "seq2seq/cli/inspect_factors.h"
#include "seq2seq/cli/inspect_line.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/files.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/run/build.h"
#include "seq2seq/run/description.h"
#include "seq2seq/run/digest.h"
#include "seq2seq/run/place_table.h"
#include "seq2seq/text/vocabulary.h"
#include "seq2seq/train/checkpoint.h"
#include "seq2seq/train/checkpoint_folder.h"

namespace seq2seq::cli {

namespace {

using Json = nlohmann::ordered_json;

void print_description(std::ostream& out, const run::RunDescription& run) {
  print_line(
      out, "created",
      fmt::format("{} by seq2seq {} ({}{})", run.created, run.program, run.commit, run.dirty ? ", modified" : ""));
  print_line(out, "digest", run.digest);
  print_line(out, "seed", std::to_string(run.seed));
  print_line(out, "data",
             fmt::format("training {}, validation {}, test {}", run::short_digest(run.data.train),
                         run::short_digest(run.data.validation), run::short_digest(run.data.test)));
  const auto words = format_count(run.target.size - text::special_count);
  const int64_t source = run.source.size - text::special_count;  // 0 for a language model
  print_line(out, "words", source == 0 ? words : fmt::format("source {}, target {}", format_count(source), words));
  const char* name = "model";
  for (const auto& [part, count] : run.parameters) {
    print_line(out, name, fmt::format("{:<24} {:>13}", part, format_count(count)));
    name = "";
  }
  print_line(out, "", fmt::format("{:<24} {:>13} parameters", "total", format_count(run.parameters_in_all())));
  if (run.init_from)
    print_line(out, "started from", fmt::format("{}, update {}", run.init_from->run.string(), run.init_from->update));
  for (const auto& session : run.sessions) {
    const auto& machine = session.machine;
    print_line(out, "trained",
               fmt::format("{} from update {}: {}, {}, kernels for {}; LibTorch {} with {} for {}", session.started,
                           format_count(session.from_update), machine.device, format_count(machine.threads, "thread"),
                           machine.kernels, machine.torch, machine.product_library, machine.instruction_set));
  }
}

void print_factors_of(const RunFolder& folder, std::ostream& out, size_t count) {
  try {
    std::vector<text::Vocabulary> factors;
    for (size_t factor = 1; factor <= count; ++factor)
      factors.push_back(text::Vocabulary::load(folder.factor_vocabulary(static_cast<int64_t>(factor))));
    print_factors(out, factors);
  } catch (const Error& error) {
    print_line(out, "damaged", error.what());
  }
}

/// Returns true if the run's configuration file is the one that `train` wrote; otherwise prints what is wrong with it.
bool has_intact_configuration(std::ostream& out, const RunFolder& folder, const run::RunDescription& description) {
  try {
    run::check_configuration(disk_files(), folder, description);
    return true;
  } catch (const Error& error) {
    print_line(out, "damaged", error.what());
    return false;
  }
}

/// Prints the places of the configured placement, with the bytes of their parameters.
void print_places(std::ostream& out, const RunFolder& folder, const run::RunDescription& description,
                  const run::Registries& registries) {
  try {
    const auto configuration = run::read_configuration(folder.config(), {}, registries);
    const auto& options = configuration->options;
    if (run::names_nothing(options.placement)) return;
    run::SourceSizes sizes{.factors = {}, .parts = options.data.source_form.parts};
    for (const auto& factor : description.factors) sizes.factors.push_back(factor.size);
    const auto model = run::outline(options.model, registries, description.source.size, description.target.size, sizes);
    const auto placement = run::make_placement(options.placement, c10::kCPU, model->layers(), description.target.size);
    const auto table = run::place_table(*model, placement);
    if (table.size() < 2) return;
    const char* name = "places";
    for (const auto& line : run::place_lines(table, /*bytes=*/4)) {
      print_line(out, name, line);
      name = "";
    }
  } catch (const Error& error) {
    print_line(out, "damaged", error.what());
  }
}

/// Prints the checkpoint of `last` or `best`; a missing checkpoint is reported, and the rest is still shown.
std::optional<int64_t> named(std::ostream& out, const RunFolder& folder,
                             std::optional<int64_t> (*which)(const Files&, const RunFolder&)) {
  try {
    return which(disk_files(), folder);
  } catch (const FormatError& error) {
    print_line(out, "damaged", error.what());
    return {};
  }
}

void print_state(std::ostream& out, const RunFolder& folder) {
  const auto updates = folder.updates();
  const auto last = named(out, folder, train::last_update);
  if (updates.empty()) return print_line(out, "state", "no checkpoint");
  try {
    const auto state = train::load_state(disk_files(), folder, last.value_or(updates.back()));
    print_line(out, "state",
               fmt::format("update {}, {}, {} of training{}", format_count(state.update), epochs_made(state),
                           format_duration(state.seconds),
                           state.finished ? ", finished (" + state.finished_because + ")" : ""));
  } catch (const FormatError& error) {
    print_line(out, "damaged", error.what());
  }
  std::string list;
  const auto best = last ? named(out, folder, train::best_update) : std::nullopt;
  for (const auto update : updates) {
    list += fmt::format("{}{}{}", list.empty() ? "" : ", ", update, best == update ? " (best)" : "");
  }
  print_line(out, "checkpoints", list);
}

/// Prints the last line of each kind in metrics.jsonl: `update 500, epoch 0.6, perplexity 1.9`.
void print_figures(std::ostream& out, const RunFolder& folder) {
  if (!fs::exists(folder.metrics())) return;
  std::istringstream lines(disk_files().read(folder.metrics()));
  Json training, validation;
  for (std::string text; std::getline(lines, text);) {
    const auto json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) continue;
    if (json.value("kind", "") == "train") training = json;
    if (json.value("kind", "") == "validation") validation = json;
  }
  for (const auto& [name, json] : {std::pair{"training", training}, {"validation", validation}}) {
    std::string figures;
    for (const auto& [key, value] : json.items()) {
      if (value.is_number())
        figures += fmt::format("{}{} {:.6g}", figures.empty() ? "" : ", ", key, value.get<double>());
    }
    if (!figures.empty()) print_line(out, name, figures);
  }
}

}  // namespace

std::string epochs_made(const train::TrainerState& state) {
  const auto epochs = format_count(state.epoch, "epoch");
  if (state.batch == 0) return epochs;
  return fmt::format("{} and {} batch{}", epochs, format_count(state.batch), state.batch == 1 ? "" : "es");
}

void inspect_checkpoints(std::ostream& out, const RunFolder& folder) {
  print_line(out, "folder", folder.checkpoints().string() + ": checkpoints of a run");
  print_state(out, folder);
}

void inspect_run(std::ostream& out, const RunFolder& folder, const run::Registries& registries) {
  const auto description = run::read_description(disk_files(), folder);
  print_line(out, "run", folder.root().string());
  print_description(out, description);
  print_factors_of(folder, out, description.factors.size());
  if (has_intact_configuration(out, folder, description)) print_places(out, folder, description, registries);
  print_state(out, folder);
  print_figures(out, folder);
}

}  // namespace seq2seq::cli
