#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>

#include "seq2seq/cli/commands.h"
#include "seq2seq/cli/common.h"
#include "seq2seq/cli/inspect_file.h"
#include "seq2seq/cli/inspect_json.h"
#include "seq2seq/cli/inspect_prepared.h"
#include "seq2seq/cli/inspect_run.h"
#include "seq2seq/core/error.h"

namespace seq2seq::cli {

namespace {

/// Returns the update of `checkpoints/<update>` in a run folder; -1 for any other folder.
int64_t update_of(const fs::path& folder) {
  const auto name = folder.filename().string();
  int64_t update = -1;
  const auto [end, fault] = std::from_chars(name.data(), name.data() + name.size(), update);
  const bool whole = fault == std::errc() && end == name.data() + name.size();
  return whole && fs::exists(folder / "weights.safetensors") ? update : -1;
}

bool holds_checkpoint(const fs::path& checkpoints) {
  std::error_code absent;
  const fs::directory_iterator entries(checkpoints, absent), end;
  return std::any_of(entries, end, [](const auto& entry) { return update_of(entry.path()) >= 0; });
}

/// Returns true for `checkpoints` in a folder of a run, even if its description is missing.
bool is_checkpoints_folder(const fs::path& folder) {
  return folder.filename() == "checkpoints" &&
         (RunFolder(folder.parent_path()).holds_run() || holds_checkpoint(folder));
}

/// Returns true for a run that has lost its description.
bool is_damaged_run(const RunFolder& folder) { return !folder.holds_run() && holds_checkpoint(folder.checkpoints()); }

class Inspect final : public Command {
 public:
  std::string name() const override { return "inspect"; }
  std::string about() const override { return "identify and describe a file or folder of this program"; }
  Help help() const override {
    return {.examples = {"inspect runs/g2p", "inspect runs/g2p/checkpoints/best"}, .page = "docs/formats.md"};
  }
  void declare(Arguments& arguments) override {
    arguments.required(
        "PATH", path_,
        "folder of a run, its checkpoints, a checkpoint, prepared text or a table; or a file: configuration, study, "
        "machine, metrics, record, table, vocabulary, tokenizer, weights, `checkpoints/best`, lock, n-best list, "
        "translations as JSON, states as an array, timeline, data card");
  }

  int run(const Context& context) override {
    auto& out = *context.streams.out;
    auto path = fs::absolute(path_).lexically_normal();
    if (!path.has_filename()) path = path.parent_path();  // if the path ends in a slash
    if (!fs::exists(path)) throw Error(Place{.file = path_}, "no such file or folder");
    const int64_t update = update_of(path);
    if (!fs::is_directory(path)) {
      inspect_file(out, path_, *context.registries);
    } else if (const data::PreparedFolder prepared{path}; fs::exists(prepared.summary())) {
      inspect_prepared(out, prepared);
    } else if (update >= 0) {
      inspect_checkpoint(out, path, update);
    } else if (fs::exists(path / "table.json")) {
      inspect_table(out, fs::path(path_) / "table.json");
    } else if (is_checkpoints_folder(path)) {
      inspect_checkpoints(out, RunFolder(fs::path(path_) / ".."));
    } else if (RunFolder folder(path_); is_damaged_run(folder)) {
      throw FormatError(Place{.file = folder.description().string()},
                        "is missing, but this folder has the checkpoints of a run",
                        "Restore it from a copy; nothing else has its contents");
    } else if (!folder.holds_run() && fs::exists(folder.config())) {
      inspect_file(out, folder.config(), *context.registries);  // a folder made by `init`, not trained yet
    } else {
      inspect_run(out, folder, *context.registries);
    }
    out.flush();
    check_written(out);
    return Exit::done;
  }

 private:
  std::string path_;
};

}  // namespace

std::unique_ptr<Command> inspect_command() { return std::make_unique<Inspect>(); }

}  // namespace seq2seq::cli
