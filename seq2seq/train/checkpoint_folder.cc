#include "seq2seq/train/checkpoint_folder.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/text.h"

namespace seq2seq::train {
namespace {

bool is_there(const fs::path& path) {
  std::error_code unreadable;
  return fs::exists(path, unreadable);
}

std::optional<int64_t> number_in(std::string_view text) {
  int64_t update = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), update);
  if (fault != std::errc() || std::string_view(end, text.data() + text.size()) != "\n") return {};
  return update;
}

/// Returns the update that `last` or `best` names; no value if there is no such file. Throws if that checkpoint does
/// not exist.
std::optional<int64_t> named_update(const Files& files, const RunFolder& folder, const fs::path& file,
                                    const std::string& remedy) {
  if (!is_there(file)) return {};
  const Place place{.file = file.string()};
  const auto update = number_in(files.read(file));
  if (!update)
    throw FormatError(place, "does not contain the number of an update",
                      "Write the name of a checkpoint folder into it");
  if (is_there(folder.checkpoint(*update))) return update;
  const auto others = folder.updates();
  if (others.empty()) {
    throw FormatError(place, fmt::format("refers to checkpoint {}, which is missing; the run has no other", *update),
                      "Restore it from a copy, or train a new run in another folder");
  }
  throw FormatError(
      place, fmt::format("refers to checkpoint {}, which is missing; the run has {}", *update, fmt::join(others, ", ")),
      fmt::format("Restore it from a copy, or {}", remedy));
}

/// For any option that names a run: a run to translate with, one of an ensemble, a language model.
std::string name_another(const RunFolder& folder) {
  return fmt::format("name one of these instead of the run: {}/N", shell_word(folder.last().parent_path().string()));
}

std::string go_on_from_older(const RunFolder& folder) {
  return fmt::format("continue from an older one with `seq2seq train --resume {} --checkpoint N`",
                     shell_word(folder.root().string()));
}

/// Writes the number unless the file already contains it. Any other content is overwritten.
void name_update(Files& files, const fs::path& file, int64_t update) {
  if (is_there(file) && number_in(files.read(file)) == update) return;
  write_atomically(files, file, std::to_string(update) + "\n");
}

}  // namespace

std::optional<int64_t> last_update(const Files& files, const RunFolder& folder) {
  if (const auto last = named_update(files, folder, folder.last(), name_another(folder))) return last;
  const auto updates = folder.updates();  // a process was killed before it first wrote `last`
  return updates.empty() ? std::nullopt : std::optional(updates.back());
}

std::optional<int64_t> best_update(const Files& files, const RunFolder& folder) {
  if (const auto best = named_update(files, folder, folder.best(), name_another(folder))) return best;
  return last_update(files, folder);
}

std::vector<int64_t> updates_to_resume_from(const Files& files, const RunFolder& folder) {
  auto updates = folder.updates();
  if (const auto last = named_update(files, folder, folder.last(), go_on_from_older(folder)))
    std::erase_if(updates, [&last](int64_t update) { return update > *last; });
  if (updates.empty()) named_update(files, folder, folder.best(), {});  // throws if it names a checkpoint
  std::reverse(updates.begin(), updates.end());
  return updates;
}

void name_checkpoints(Files& files, const RunFolder& folder, int64_t update, std::optional<int64_t> best) {
  name_update(files, folder.last(), update);
  if (best && is_there(folder.checkpoint(*best))) return name_update(files, folder.best(), *best);
  if (!is_there(folder.best())) return;
  const auto named = number_in(files.read(folder.best()));
  if (!named || *named > update || !is_there(folder.checkpoint(*named))) files.remove(folder.best());
}

void prune_checkpoints(Files& files, const RunFolder& folder, int64_t current, std::optional<int64_t> best,
                       int64_t keep) {
  auto updates = folder.updates();
  std::reverse(updates.begin(), updates.end());
  int64_t kept = 0;
  for (const int64_t update : updates) {
    if (update <= current && kept < keep) {
      ++kept;
    } else if (update != best) {
      files.remove(folder.checkpoint(update));
    }
  }
}

void tidy_checkpoints(Files& files, const RunFolder& folder) {
  constexpr std::string_view kPartial = ".partial", kReplaced = ".replaced";
  std::vector<fs::path> left;
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(folder.checkpoints(), absent)) left.push_back(entry.path());
  for (const auto& path : left) {
    const std::string name = path.filename().string();
    if (!name.starts_with('.')) continue;
    if (name.ends_with(kPartial)) files.remove(path);
    if (!name.ends_with(kReplaced)) continue;
    const auto whole = folder.checkpoints() / name.substr(1, name.size() - 1 - kReplaced.size());
    if (is_there(whole)) {
      files.remove(path);
    } else {
      files.rename(path, whole);
    }
  }
}

}  // namespace seq2seq::train
