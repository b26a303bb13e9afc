#include "seq2seq/train/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <exception>
#include <filesystem>
#include <map>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "seq2seq/core/checksum.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/json.h"
#include "seq2seq/train/trainer_state.h"

namespace seq2seq::train {
namespace {

constexpr auto kWeights = "weights.safetensors";
constexpr auto kOptimizer = "optimizer.safetensors";
constexpr auto kState = "state.json";
constexpr auto kChecksums = "checksums.json";
constexpr auto kCheckpointFormat = "seq2seq checkpoint";
constexpr auto kDamaged = "The checkpoint is damaged: name another one";

/// Whole, but of another version: no reason to pass over it and lose what was trained.
class OtherVersion final : public FormatError {
 public:
  using FormatError::FormatError;
};

/// A file with the checksum of all that it holds, whether or not its reader read to the end.
class Summed final : public InputFile {
 public:
  explicit Summed(InputFile& file) : file_(file) {}
  uint64_t bytes() const override { return file_.bytes(); }
  size_t read(char* to, size_t count) override {
    const size_t filled = file_.read(to, count);
    sum_.add({to, filled});
    return filled;
  }
  std::string sum() {
    std::vector<char> rest(size_t{1} << 20);
    while (read(rest.data(), rest.size()) > 0) {
    }
    return sum_.finish();
  }

 private:
  InputFile& file_;
  Sha256 sum_;
};

/// The files of one checkpoint, each verified when it is read.
class Verified {
 public:
  Verified(const Files& files, fs::path folder) : files_(files), folder_(std::move(folder)) {
    const fs::path file = folder_ / kChecksums;
    read_json<nlohmann::json>(files_.read(file), Place{.file = file.string()}, kDamaged, [&](const auto& json) {
      if (json.at("format") != kCheckpointFormat) throw damaged(file, "is not the checksums of a checkpoint");
      if (const auto version = whole<int>(json.at("version")); version != checkpoint_format_version)
        throw OtherVersion(Place{.file = file.string()},
                           fmt::format("checkpoint of format version {}, but this program reads version {}", version,
                                       checkpoint_format_version));
      for (const auto& [name, sum] : json.at("sha256").items()) sums_[name] = sum.template get<std::string>();
    });
  }

  TrainerState state() const {
    auto text = files_.read(folder_ / kState);
    compare(kState, sha256(text));
    return from_json(text, folder_ / kState);
  }

  nn::NamedTensors tensors(const std::string& name) const {
    const auto file = files_.open(folder_ / name);
    Summed summed(*file);
    nn::NamedTensors tensors;
    std::exception_ptr fault;
    try {
      tensors = nn::read_safetensors(summed, folder_ / name);
    } catch (const FormatError&) {
      fault = std::current_exception();
    }
    compare(name, summed.sum());  // that a file is damaged says more than what its damage looks like
    if (fault) std::rethrow_exception(fault);
    return tensors;
  }

  /// Without keeping anything of the file.
  void verify(const std::string& name) const { compare(name, Summed(*files_.open(folder_ / name)).sum()); }

 private:
  static FormatError damaged(const fs::path& file, const std::string& problem) {
    return {Place{.file = file.string()}, problem, kDamaged};
  }

  void compare(const std::string& name, const std::string& found) const {
    const auto sum = sums_.find(name);
    if (sum == sums_.end()) throw damaged(folder_ / kChecksums, fmt::format("holds no checksum of {}", name));
    if (found != sum->second) throw damaged(folder_ / name, "its content is not what was written: the SHA-256 differs");
  }

  const Files& files_;
  fs::path folder_;
  std::map<std::string, std::string> sums_;
};

void write_checkpoint(Files& files, const fs::path& folder, const Checkpoint& checkpoint) {
  nlohmann::json sums = nlohmann::json::object();
  const auto put_tensors = [&](const char* name, const nn::NamedTensors& tensors) {
    Sha256 sum;
    write_pieces(files, folder / name, [&](const Sink& sink) {
      nn::write_safetensors(tensors, [&](std::string_view piece) {
        sum.add(piece);
        sink(piece);
      });
    });
    sums[name] = sum.finish();
  };
  put_tensors(kWeights, checkpoint.weights);
  put_tensors(kOptimizer, {checkpoint.optimizer.tensors, {{"format", "seq2seq optimizer"}, {"version", "1"}}});
  const auto state = to_json(checkpoint.state);
  files.write(folder / kState, state);
  sums[kState] = sha256(state);
  const nlohmann::json checksums{
      {"format", kCheckpointFormat}, {"version", checkpoint_format_version}, {"sha256", sums}};
  files.write(folder / kChecksums, checksums.dump(2) + "\n");
}

/// The update that `last` or `best` names; empty when the file or that checkpoint is not there.
std::optional<int64_t> named_update(const Files& files, const RunFolder& folder, const fs::path& file) {
  std::error_code unreadable;
  if (!fs::exists(file, unreadable)) return {};
  const std::string text = files.read(file);
  int64_t update = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), update);
  if (fault != std::errc() || std::string_view(end, text.data() + text.size()) != "\n")
    throw FormatError(Place{.file = file.string()}, "does not hold the number of an update",
                      "Write the name of a folder beside it into it");
  if (!fs::exists(folder.checkpoint(update), unreadable)) return {};
  return update;
}

void name_update(Files& files, const fs::path& file, int64_t update) {
  write_atomically(files, file, std::to_string(update) + "\n");
}

/// Removes all but the best and the last `keep` up to `current`. What is newer than that belongs to a past that was
/// left: training was resumed from an earlier checkpoint.
void prune(Files& files, const RunFolder& folder, int64_t current, std::optional<int64_t> best, int64_t keep) {
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

}  // namespace

void save_checkpoint(Files& files, const RunFolder& folder, const Checkpoint& checkpoint, bool is_best, int64_t keep) {
  const int64_t update = checkpoint.state.update;
  std::error_code unreadable;
  if (!fs::exists(folder.checkpoints(), unreadable)) {
    files.make_folder(folder.checkpoints());
    files.sync_folder(folder.root());  // or a loss of power takes the folder with all that is in it
  }
  make_folder_atomically(files, folder.checkpoint(update),
                         [&](const fs::path& partial) { write_checkpoint(files, partial, checkpoint); });
  name_update(files, folder.last(), update);
  // A process killed between a checkpoint and the replacement of `best` is made good by the next one: the state knows
  // which it is.
  const auto best = is_best ? update : checkpoint.state.best_update;
  if (best && fs::exists(folder.checkpoint(*best), unreadable) && named_update(files, folder, folder.best()) != best)
    name_update(files, folder.best(), *best);
  prune(files, folder, update, best, keep);
}

Checkpoint load_checkpoint(const Files& files, const RunFolder& folder, int64_t update) {
  const Verified verified(files, folder.checkpoint(update));
  return {.weights = verified.tensors(kWeights), .optimizer = verified.tensors(kOptimizer), .state = verified.state()};
}

Checkpoint load_weights_only(const Files& files, const RunFolder& folder, int64_t update) {
  const Verified verified(files, folder.checkpoint(update));
  return {.weights = verified.tensors(kWeights), .optimizer = {}, .state = verified.state()};
}

nn::NamedTensors load_optimizer(const Files& files, const RunFolder& folder, int64_t update) {
  return Verified(files, folder.checkpoint(update)).tensors(kOptimizer);
}

TrainerState verify_checkpoint(const Files& files, const RunFolder& folder, int64_t update) {
  const Verified verified(files, folder.checkpoint(update));
  auto state = verified.state();
  verified.verify(kWeights);
  verified.verify(kOptimizer);
  return state;
}

std::optional<int64_t> best_update(const Files& files, const RunFolder& folder) {
  if (const auto best = named_update(files, folder, folder.best())) return best;
  if (const auto last = named_update(files, folder, folder.last())) return last;
  const auto updates = folder.updates();  // killed before `last` was written for the first time
  return updates.empty() ? std::nullopt : std::optional(updates.back());
}

std::optional<TrainerState> newest_whole_checkpoint(const Files& files, const RunFolder& folder, Log& log) {
  auto updates = folder.updates();
  if (updates.empty()) return {};
  std::reverse(updates.begin(), updates.end());
  for (const int64_t update : updates) {
    try {
      return verify_checkpoint(files, folder, update);
    } catch (const OtherVersion&) {
      throw;
    } catch (const Error& error) {
      log.warn(fmt::format("{}. It is passed over, and the checkpoint before it is used", error.what()));
    }
  }
  throw FormatError(Place{.file = folder.checkpoints().string()}, "holds no checkpoint that is whole",
                    "Copy one from a backup, or train anew in another folder");
}

}  // namespace seq2seq::train
