#include "seq2seq/train/checkpoint.h"

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
#include "seq2seq/core/text.h"
#include "seq2seq/train/checkpoint_folder.h"
#include "seq2seq/train/trainer_state.h"

namespace seq2seq::train {
namespace {

constexpr auto kWeights = "weights.safetensors";
constexpr auto kOptimizer = "optimizer.safetensors";
constexpr auto kState = "state.json";
constexpr auto kChecksums = "checksums.json";
constexpr auto kCheckpointFormat = "seq2seq checkpoint";
constexpr auto kDamaged = "The checkpoint is damaged; use another one";

/// An intact checkpoint of another version. It is not skipped like a damaged one, because that would lose training.
class OtherVersion final : public FormatError {
 public:
  using FormatError::FormatError;
};

/// A file with the checksum of its whole content, even if its reader does not read to the end.
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

/// The files of one checkpoint; each is verified when it is read.
class Verified {
 public:
  Verified(const Files& files, fs::path folder) : files_(files), folder_(std::move(folder)) {
    const fs::path file = folder_ / kChecksums;
    read_json<nlohmann::json>(files_.read(file), Place{.file = file.string()}, kDamaged, [&](const auto& json) {
      if (json.at("format") != kCheckpointFormat) throw damaged(file, "is not a checksum file of a checkpoint");
      if (const auto version = to_integer<int>(json.at("version")); version != checkpoint_format_version)
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
    compare(name, summed.sum());  // first: a wrong checksum explains any format error
    if (fault) std::rethrow_exception(fault);
    return tensors;
  }

  bool has(const std::string& name) const { return sums_.contains(name); }
  /// Verifies the file without keeping its content.
  void verify(const std::string& name) const { compare(name, Summed(*files_.open(folder_ / name)).sum()); }

 private:
  static FormatError damaged(const fs::path& file, const std::string& problem) {
    return {Place{.file = file.string()}, problem, kDamaged};
  }

  void compare(const std::string& name, const std::string& found) const {
    const auto sum = sums_.find(name);
    if (sum == sums_.end()) throw damaged(folder_ / kChecksums, fmt::format("has no checksum of {}", name));
    if (found != sum->second) throw damaged(folder_ / name, "is damaged: its SHA-256 differs");
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

}  // namespace

void save_checkpoint(Files& files, const RunFolder& folder, const Checkpoint& checkpoint, int64_t keep) {
  const int64_t update = checkpoint.state.update;
  std::error_code unreadable;
  if (!fs::exists(folder.checkpoints(), unreadable)) {
    files.make_folder(folder.checkpoints());
    files.sync_folder(folder.root());  // otherwise a power failure could remove the folder with its content
  }
  make_folder_atomically(files, folder.checkpoint(update),
                         [&](const fs::path& partial) { write_checkpoint(files, partial, checkpoint); });
  // If a process was killed after writing a checkpoint and before replacing `best`, the next checkpoint replaces it:
  // the state records which one is best.
  const auto best = checkpoint.state.best_update;
  name_checkpoints(files, folder, update, best);
  prune_checkpoints(files, folder, update, best, keep);
}

Checkpoint load_checkpoint(const Files& files, const RunFolder& folder, int64_t update) {
  const Verified verified(files, folder.checkpoint(update));
  return {.weights = verified.tensors(kWeights), .optimizer = verified.tensors(kOptimizer), .state = verified.state()};
}

Checkpoint load_weights_only(const Files& files, const RunFolder& folder, int64_t update) {
  const Verified verified(files, folder.checkpoint(update));
  return {.weights = verified.tensors(kWeights), .optimizer = {}, .state = verified.state()};
}

TrainerState load_state(const Files& files, const RunFolder& folder, int64_t update) {
  return Verified(files, folder.checkpoint(update)).state();
}

nn::NamedTensors load_optimizer(const Files& files, const RunFolder& folder, int64_t update) {
  return Verified(files, folder.checkpoint(update)).tensors(kOptimizer);
}

TrainerState verify_checkpoint(const Files& files, const RunFolder& folder, int64_t update) {
  const Verified verified(files, folder.checkpoint(update));
  auto state = verified.state();
  verified.verify(kWeights);
  if (verified.has(kOptimizer)) verified.verify(kOptimizer);
  return state;
}

void check_continues(const Files& files, const RunFolder& folder, int64_t update) {
  if (Verified(files, folder.checkpoint(update)).has(kOptimizer)) return;
  throw Error(Place{.file = folder.checkpoint(update).string()},
              "has no state of an optimizer, because it is an average of checkpoints: training cannot continue from it",
              fmt::format("Start a new run from its weights: `seq2seq train CONFIG --init-from {}`",
                          shell_word(folder.root().string())));
}

std::optional<TrainerState> newest_intact_checkpoint(const Files& files, const RunFolder& folder, Log& log) {
  const auto updates = updates_to_resume_from(files, folder);
  if (updates.empty()) return {};
  for (const int64_t update : updates) {
    try {
      return verify_checkpoint(files, folder, update);
    } catch (const OtherVersion&) {
      throw;
    } catch (const Error& error) {
      log.warn(fmt::format("{}. Using the previous checkpoint", error.what()));
    }
  }
  throw FormatError(Place{.file = folder.checkpoints().string()}, "every checkpoint is damaged",
                    "Restore one from a copy, or train a new run in another folder");
}

}  // namespace seq2seq::train
