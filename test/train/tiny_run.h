#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "seq2seq/train/checkpoint.h"
#include "seq2seq/train/trainer.h"
#include "test/support/temporary_folder.h"

namespace seq2seq::test {

/// Real files without sync, which takes a tenth of the time, for tests that do not simulate a loss of power.
class UnsyncedFiles final : public Files {
 public:
  std::string read(const fs::path& path) const override;
  void write(const fs::path& path, std::string_view bytes) override;
  void append(const fs::path& path, std::string_view bytes) override;
  std::unique_ptr<FileStream> create(const fs::path& path) override;
  void truncate(const fs::path& path, uint64_t bytes) override;
  void copy_permissions(const fs::path& from, const fs::path& to) override;
  void rename(const fs::path& from, const fs::path& to) override;
  void make_folder(const fs::path& path) override;
  void sync_folder(const fs::path& path) override;
  void remove(const fs::path& path) override;
};

/// A training of a model of two small layers on 23 random pairs, with its own clock, which advances by a second at each
/// reading.
class TinyRun {
 public:
  /// Makes a folder if none is given.
  explicit TinyRun(double dropout = 0, const std::optional<std::filesystem::path>& folder = {},
                   at::ScalarType type = at::kFloat, const nn::Placement& placement = {});

  train::Outcome train(const train::TrainOptions& options, std::optional<int64_t> resume_from = {});

  /// Returns the mean loss of all pairs by a forward pass without dropout: the figure of validation, unless a test sets
  /// another.
  double loss() const;
  /// Returns the lines of metrics.jsonl of this kind.
  std::vector<nlohmann::json> metrics(const std::string& kind) const;
  std::string said() const { return said_.str(); }

 private:
  TemporaryFolder temporary_;
  std::ostringstream said_;
  Log log_{said_};
  train::OptimizerRegistry optimizers_ = train::builtin_optimizers();
  train::ScheduleRegistry schedules_ = train::builtin_schedules();
  train::ClipRegistry clips_ = train::builtin_clips();
  std::chrono::seconds now_{0};

 public:
  UnsyncedFiles files;
  RunFolder folder;
  data::TextPipeline text;
  data::Corpus corpus;
  std::shared_ptr<nn::Model> model;
  train::Setup setup;
};

/// Returns options for SGD at a rate of 0.5 for 12 updates of 4 pairs.
train::TrainOptions tiny_options();

template <class Options>
Selection selection(const std::string& kind, const Options& options) {
  return {.kind = kind, .options = std::make_shared<Options>(options)};
}

/// Checks that names, types and values are equal bit for bit.
bool same_tensors(const nn::NamedTensors& a, const nn::NamedTensors& b);

}  // namespace seq2seq::test
