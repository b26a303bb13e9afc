#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/cli/commands.h"
#include "seq2seq/cli/common.h"
#include "seq2seq/cli/inspect_prepared.h"
#include "seq2seq/cli/inspect_record.h"
#include "seq2seq/cli/inspect_run.h"
#include "seq2seq/core/error.h"
#include "seq2seq/text/vocabulary.h"
#include "seq2seq/train/checkpoint.h"

namespace seq2seq::cli {

namespace {

constexpr size_t words_shown = 20;

void inspect_vocabulary(std::ostream& out, const fs::path& file) {
  const auto vocabulary = text::Vocabulary::load(file);
  int64_t tokens = 0;
  for (const auto& word : vocabulary.words()) tokens += word.count;
  out << fmt::format("{}: {} words and {} special ones; {} tokens of the training text\n", file.string(),
                     format_count(std::ssize(vocabulary.words())), text::special_count, format_count(tokens));
  const auto shown = std::min(words_shown, vocabulary.words().size());
  for (size_t i = 0; i < shown; ++i) {
    const auto& word = vocabulary.words()[i];
    out << fmt::format("{:>12}  {}\n", format_count(word.count), word.text);
  }
  if (shown < vocabulary.words().size())
    out << fmt::format("{:>12}  and {} more\n", "",
                       format_count(std::ssize(vocabulary.words()) - static_cast<int64_t>(shown)));
}

/// The update of `checkpoints/<update>` in a run folder; -1 for another folder.
int64_t update_of(const fs::path& folder) {
  const auto name = folder.filename().string();
  int64_t update = -1;
  std::from_chars(name.data(), name.data() + name.size(), update);
  return fs::exists(folder / "weights.safetensors") ? update : -1;
}

void inspect_checkpoint(std::ostream& out, const fs::path& folder, int64_t update) {
  const RunFolder run(folder.parent_path().parent_path());
  const auto checkpoint = train::load_weights_only(disk_files(), run, update);
  const auto& state = checkpoint.state;
  train::verify_checkpoint(disk_files(), run, update);  // the optimiser's file, too
  out << fmt::format("{}: update {}, {}; checksums agree\n", folder.string(), format_count(state.update),
                     epochs_made(state));
  for (const auto& [name, tensor] : checkpoint.weights.tensors)
    out << fmt::format("{:<40} [{}]\n", name, fmt::join(tensor.sizes(), ", "));
}

class Inspect final : public Command {
 public:
  std::string name() const override { return "inspect"; }
  std::string about() const override {
    return "say what a run, a checkpoint, prepared text, a vocabulary or a study's record is and holds";
  }
  Help help() const override {
    return {.examples = {"inspect runs/g2p", "inspect runs/g2p/checkpoints/best"}, .page = "docs/formats.md"};
  }
  void declare(Arguments& arguments) override {
    arguments.required(
        "PATH", path_,
        "folder of a run, of one of its checkpoints or of prepared text, a vocabulary, or a record's .json");
  }

  int run(const Context& context) override {
    auto& out = *context.streams.out;
    auto path = fs::absolute(path_).lexically_normal();
    if (!path.has_filename()) path = path.parent_path();  // a final slash
    if (!fs::exists(path)) throw Error(Place{.file = path_}, "no such file or folder");
    const int64_t update = update_of(path);
    if (fs::is_regular_file(path) && path.extension() == ".json") {
      inspect_record(out, path_);
    } else if (fs::is_regular_file(path)) {
      inspect_vocabulary(out, path_);
    } else if (const data::PreparedFolder prepared{path}; fs::exists(prepared.summary())) {
      inspect_prepared(out, prepared);
    } else if (update >= 0) {
      inspect_checkpoint(out, path, update);
    } else {
      inspect_run(out, RunFolder(path_), *context.registries);
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
