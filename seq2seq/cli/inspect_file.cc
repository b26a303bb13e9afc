#include "seq2seq/cli/inspect_file.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/cli/inspect_json.h"
#include "seq2seq/cli/inspect_line.h"
#include "seq2seq/cli/inspect_record.h"
#include "seq2seq/cli/inspect_run.h"
#include "seq2seq/cli/inspect_yaml.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/file_lock.h"
#include "seq2seq/core/files.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/core/run_folder.h"
#include "seq2seq/data/store/token_store.h"
#include "seq2seq/nn/weights.h"
#include "seq2seq/text/sentencepiece.h"
#include "seq2seq/text/vocabulary.h"
#include "seq2seq/train/checkpoint.h"

namespace seq2seq::cli {

namespace {

namespace fs = std::filesystem;

constexpr size_t words_shown = 20;

/// Returns the first bytes of a file.
std::string head_of(const fs::path& file) {
  constexpr size_t most = 65536;
  std::string head(most, '\0');
  std::ifstream in(file, std::ios::binary);
  if (!in) throw Error(Place{.file = file.string()}, "cannot be read: " + std::string(std::strerror(errno)));
  in.read(head.data(), static_cast<std::streamsize>(most));
  head.resize(static_cast<size_t>(in.gcount()));
  return head;
}

std::string_view line_at_start(std::string_view text) { return text.substr(0, text.find('\n')); }

void inspect_vocabulary(std::ostream& out, const fs::path& file) {
  const auto vocabulary = text::Vocabulary::load(file);
  int64_t tokens = 0;
  for (const auto& word : vocabulary.words()) tokens += word.count;
  out << fmt::format("{}: {} and {} special ones; {} of the training text\n", file.string(),
                     format_count(std::ssize(vocabulary.words()), "word"), text::special_count,
                     format_count(tokens, "token"));
  const auto shown = std::min(words_shown, vocabulary.words().size());
  for (size_t i = 0; i < shown; ++i) {
    const auto& word = vocabulary.words()[i];
    out << fmt::format("{:>12}  {}\n", format_count(word.count), word.text);
  }
  if (shown < vocabulary.words().size())
    out << fmt::format("{:>12}  and {} more\n", "",
                       format_count(std::ssize(vocabulary.words()) - static_cast<int64_t>(shown)));
}

void print_tensors(std::ostream& out, const nn::NamedTensors& named) {
  for (const auto& [name, tensor] : named.tensors)
    out << fmt::format("{:<40} [{}]\n", name, fmt::join(tensor.sizes(), ", "));
}

void inspect_tensors(std::ostream& out, const fs::path& file) {
  const auto in = disk_files().open(file);
  const auto named = nn::read_safetensors(*in, file);
  int64_t numbers = 0;
  for (const auto& [name, tensor] : named.tensors) numbers += tensor.numel();
  const auto format = named.metadata.find("format");
  print_line(
      out, "tensors",
      fmt::format("{}: {} with {}, {}", file.string(), format_count(std::ssize(named.tensors)),
                  format_count(numbers, "number"), format == named.metadata.end() ? "safetensors" : format->second));
  print_tensors(out, named);
}

void inspect_store(std::ostream& out, const fs::path& file) {
  const auto store = data::TokenStore::open(file, /*verify=*/true);
  print_line(out, "token store",
             fmt::format("{}: {} with {}, of prepared text; its checksum agrees", file.string(),
                         format_count(store.size(), "sentence"), format_count(store.tokens(), "token")));
}

/// Returns false if the file is not a SentencePiece model.
bool inspect_subwords(std::ostream& out, const fs::path& file) {
  text::SentencePieceTokenizer tokenizer({});
  try {
    tokenizer.set_model(disk_files().read(file));
  } catch (const Error&) {
    return false;
  }
  const auto pieces = tokenizer.pieces();
  print_line(out, "tokenizer",
             fmt::format("{}: a SentencePiece model of {}", file.string(), format_count(std::ssize(pieces), "piece")));
  const auto shown = std::min(words_shown, pieces.size());
  print_line(out, "pieces",
             fmt::format("{}{}", fmt::join(pieces.begin(), pieces.begin() + static_cast<int64_t>(shown), " "),
                         shown < pieces.size() ? " ..." : ""));
  return true;
}

/// Returns the update in `checkpoints/best` or `checkpoints/last`.
std::optional<int64_t> named_update(const fs::path& file, std::string_view head) {
  if (file.parent_path().filename() != "checkpoints") return {};
  int64_t update = 0;
  const auto [end, fault] = std::from_chars(head.data(), head.data() + head.size(), update);
  if (fault != std::errc() || std::string_view(end, head.data() + head.size()) != "\n") return {};
  return update;
}

/// Returns true for a line of `translate --n-best`.
bool is_n_best(std::string_view line) {
  const auto digits = line.find_first_not_of("0123456789");
  return digits != 0 && digits != line.npos && line.substr(digits).starts_with(" ||| ");
}

void inspect_n_best(std::ostream& out, const fs::path& file) {
  std::ifstream in(file);
  int64_t hypotheses = 0, sentences = 0;
  std::string before;
  for (std::string line; std::getline(in, line); ++hypotheses) {
    auto number = line.substr(0, line.find(' '));
    if (hypotheses == 0 || number != before) ++sentences;
    before = std::move(number);
  }
  print_line(out, "n-best list",
             fmt::format("{}: {} of {}", file.string(), format_count(hypotheses, "output"),
                         format_count(sentences, "sentence")));
}

/// Returns true for the lock of a run.
bool is_lock(const fs::path& file) {
  if (file.filename() != "lock") return false;
  const RunFolder folder(fs::absolute(file).parent_path());
  std::error_code absent;
  return folder.holds_run() || fs::exists(folder.config(), absent);
}

void inspect_lock(std::ostream& out, const fs::path& file, std::string_view head) {
  const auto process = head.substr(0, head.find('\n'));
  print_line(out, "lock",
             fmt::format("{}: of a run; {}", file.string(),
                         is_locked(file) ? fmt::format("process {} is using the run", process)
                                         : "no process of this machine is using the run"));
}

/// Prints a NumPy array, as `states` writes it. Its header is the text of a dictionary in Python.
void inspect_array(std::ostream& out, const fs::path& file, std::string_view head) {
  const auto value_of = [head](std::string_view key, char begin, char end) {
    const auto found = head.find(key);
    const auto first = found == head.npos ? head.npos : head.find(begin, found + key.size());
    const auto last = first == head.npos ? head.npos : head.find(end, first + 1);
    return last == head.npos ? std::string("?") : std::string(head.substr(first + 1, last - first - 1));
  };
  print_line(out, "array",
             fmt::format("{}: a NumPy array [{}] of type {}; `seq2seq states` writes such files", file.string(),
                         value_of("'shape':", '(', ')'), value_of("'descr':", '\'', '\'')));
}

/// Returns the record to which a file of sentences belongs; no value if it is not a file of a record.
std::optional<fs::path> record_of(const fs::path& file, std::string_view head) {
  constexpr std::string_view ending = ".sentences.gz";
  const auto name = file.filename().string();
  if (!head.starts_with("\x1F\x8B") || !name.ends_with(ending)) return {};
  return file.parent_path() / (name.substr(0, name.size() - ending.size()) + ".json");
}

[[noreturn]] void refuse(const fs::path& file) {
  throw Error(Place{.file = file.string()}, "is not a file of this program",
              "`seq2seq inspect --help` lists the files that it knows");
}

}  // namespace

void inspect_checkpoint(std::ostream& out, const fs::path& folder, int64_t update) {
  const RunFolder run(folder.parent_path().parent_path());
  const auto checkpoint = train::load_weights_only(disk_files(), run, update);
  const auto& state = checkpoint.state;
  train::verify_checkpoint(disk_files(), run, update);  // also checks the optimizer's file
  out << fmt::format("{}: update {}, {}; checksums agree\n", folder.string(), format_count(state.update),
                     epochs_made(state));
  print_tensors(out, checkpoint.weights);
}

void inspect_file(std::ostream& out, const fs::path& file, const run::Registries& registries) {
  if (!fs::is_regular_file(file)) refuse(file);
  const auto head = head_of(file);
  const auto extension = file.extension();
  if (head.starts_with("# seq2seq vocabulary") || extension == ".vocabulary") return inspect_vocabulary(out, file);
  if (head.starts_with("# seq2seq counts"))
    return print_line(out, "counts", file.string() + ": of the target's words in the training text, a line each");
  if (head.starts_with("s2stoken")) return inspect_store(out, file);
  if (head.starts_with("\x93NUMPY")) return inspect_array(out, file, head);
  if (is_lock(file)) return inspect_lock(out, file, head);
  if (extension == ".safetensors") return inspect_tensors(out, file);
  if (const auto record = record_of(file, head)) {
    print_line(out, "sentences", fmt::format("{}: figures by sentence, of the record below", file.string()));
    return inspect_record(out, *record);
  }
  if (const auto update = named_update(file, head))
    return inspect_checkpoint(out, fs::absolute(file).parent_path() / std::to_string(*update), *update);
  if (file.filename().string().starts_with("events.out.tfevents."))
    return print_line(out, "TensorBoard", file.string() + ": figures of a training; `tensorboard --logdir` shows them");
  if (head.starts_with('{') && inspect_json(out, file, line_at_start(head), registries)) return;
  if ((extension == ".yaml" || extension == ".yml") && inspect_yaml(out, file, registries)) return;
  if (is_n_best(line_at_start(head))) return inspect_n_best(out, file);
  if (head.find('\0') != std::string::npos && inspect_subwords(out, file)) return;
  refuse(file);
}

}  // namespace seq2seq::cli
