#include "seq2seq/cli/inspect_yaml.h"

#include <ostream>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/cli/inspect_line.h"
#include "seq2seq/config/resolved.h"
#include "seq2seq/core/files.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/parallel/plan/hardware.h"
#include "seq2seq/run/placement_rules.h"
#include "seq2seq/run/yaml_kind.h"
#include "seq2seq/study/grid/spec.h"

namespace seq2seq::cli {

namespace {

namespace fs = std::filesystem;

/// Prints the most important values of a configuration, if they are set.
void inspect_configuration(std::ostream& out, const fs::path& file, const run::Registries& registries) {
  const auto configuration = run::read_to_check(file, {}, registries);
  const std::set<std::string> shown{"seed",
                                    "data.train.source",
                                    "data.train.target",
                                    "data.test.source",
                                    "data.reverse",
                                    "data.source.tokenizer.kind",
                                    "data.target.tokenizer.kind",
                                    "model.architecture",
                                    "model.width",
                                    "model.embedding.size",
                                    "model.encoder.kind",
                                    "model.encoder.layers",
                                    "model.encoder.cells",
                                    "model.encoder.bidirectional",
                                    "model.decoder.layers",
                                    "model.decoder.cells",
                                    "model.attention.kind",
                                    "train.batch.sentences",
                                    "train.batch.tokens",
                                    "train.optimizer.kind",
                                    "train.optimizer.learning_rate",
                                    "train.updates",
                                    "train.epochs",
                                    "decode.beam"};
  print_line(out, "configuration", file.string() + ": valid; `seq2seq config check --show FILE` prints every key");
  for (const auto& value : config::values(configuration->keys))
    if (shown.contains(value.key) && value.text != "null") out << fmt::format("{:<32} {}\n", value.key, value.text);
}

void inspect_study(std::ostream& out, const fs::path& file) {
  const auto study = study::read_study(file);
  std::vector<std::string> rows, scales;
  for (const auto& row : study.rows) rows.push_back(row.name);
  for (const auto& scale : study.scales)
    if (scale.named) scales.push_back(scale.name);
  print_line(out, "study", file.string());
  print_line(out, "question", study.question);
  print_line(out, "rows", fmt::format("{}", fmt::join(rows, "; ")));
  if (!scales.empty()) print_line(out, "scales", fmt::format("{}", fmt::join(scales, ", ")));
  print_line(out, "metrics", fmt::format("{}", fmt::join(study.metrics, ", ")));
}

void inspect_hardware(std::ostream& out, const fs::path& file) {
  const auto hardware = parallel::read_hardware(file);
  print_line(out, "machine", fmt::format("{}: {}, for `seq2seq plan --hardware`", file.string(), hardware.name));
  print_line(
      out, "devices",
      fmt::format("{} {} of {:.4g} GB", hardware.device.count, hardware.device.name, hardware.device.memory / 1e9));
}

}  // namespace

bool inspect_yaml(std::ostream& out, const fs::path& file, const run::Registries& registries) {
  const auto kind = run::kind_of_yaml(disk_files().read(file));
  if (kind == run::YamlKind::study) return inspect_study(out, file), true;
  if (kind == run::YamlKind::configuration) return inspect_configuration(out, file, registries), true;
  if (kind == run::YamlKind::machine) return inspect_hardware(out, file), true;
  if (kind != run::YamlKind::placement) return false;
  print_line(out, "placement", file.string() + ": places for the parts of a model, for `--placement FILE`");
  return true;
}

}  // namespace seq2seq::cli
