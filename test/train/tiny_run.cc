#include "test/train/tiny_run.h"

#include <cmath>
#include <fstream>

#include <ATen/ops/equal.h>
#include <c10/core/GradMode.h>

#include "seq2seq/train/objective.h"
#include "seq2seq/train/sgd.h"
#include "test/support/models.h"
#include "test/support/pipeline.h"

namespace seq2seq::test {
namespace {

constexpr ModelShape kShape;
constexpr int64_t kPairs = 23;

/// Lengths 1, 2, 3, 4, 5, 1, 2, ...
std::vector<int64_t> lengths(int64_t first) {
  std::vector<int64_t> all;
  for (int64_t pair = 0; pair < kPairs; ++pair) all.push_back(1 + (first + pair) % 5);
  return all;
}

data::TextPipeline tiny_text() {
  return {{},
          text::builtin_tokenizers(),
          numbered_vocabulary(kShape.source_words - text::special_count),
          numbered_vocabulary(kShape.target_words - text::special_count)};
}

}  // namespace

std::string UnsyncedFiles::read(const fs::path& path) const { return disk_files().read(path); }
void UnsyncedFiles::write(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}
void UnsyncedFiles::append(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::app) << bytes;
}
std::unique_ptr<FileStream> UnsyncedFiles::create(const fs::path& path) { return disk_files().create(path); }
void UnsyncedFiles::copy_permissions(const fs::path& from, const fs::path& to) {
  disk_files().copy_permissions(from, to);
}
void UnsyncedFiles::truncate(const fs::path& path, uint64_t bytes) { fs::resize_file(path, bytes); }
void UnsyncedFiles::rename(const fs::path& from, const fs::path& to) { fs::rename(from, to); }
void UnsyncedFiles::make_folder(const fs::path& path) { fs::create_directories(path); }
void UnsyncedFiles::sync_folder(const fs::path&) {}
void UnsyncedFiles::remove(const fs::path& path) { fs::remove_all(path); }

TinyRun::TinyRun(double dropout, const std::optional<std::filesystem::path>& where, at::ScalarType type,
                 const nn::Placement& placement)
    : folder(where.value_or(temporary_.path())),
      text(tiny_text()),
      corpus(corpus_of(random_ids(1, lengths(0), kShape.source_words), random_ids(2, lengths(2), kShape.target_words))),
      model(random_model(3, {.dropout = dropout}, type, placement)) {
  setup = {.seed = 5,
           .model = model.get(),
           .corpus = &corpus,
           .text = &text,
           .optimizers = &optimizers_,
           .schedules = &schedules_,
           .clips = &clips_,
           .place_of_pair = {},
           .validate =
               [this](const nn::Model&) {
                 return train::Figures{{"perplexity", std::exp(loss())}};
               },
           .files = &files,
           .log = &log_,
           .progress = {}};
  setup.progress.now = [this] { return std::chrono::steady_clock::time_point(now_ += std::chrono::seconds(1)); };
}

train::Outcome TinyRun::train(const train::TrainOptions& options, std::optional<int64_t> resume_from) {
  return train::train(options, setup, folder, resume_from);
}

double TinyRun::loss() const {
  const at::NoGradGuard no_gradient;
  std::vector<int64_t> all = numbers(static_cast<size_t>(corpus.pairs()));
  const auto batch = data::to(data::make_batch(corpus, all, text), model->input_device());
  return train::token_losses(*model, batch, {}, {}, nullptr).mean(at::kDouble).item<double>();
}

std::vector<nlohmann::json> TinyRun::metrics(const std::string& kind) const {
  std::vector<nlohmann::json> lines;
  std::istringstream file(content_of(folder.metrics()));
  for (std::string line; std::getline(file, line);) {
    auto json = nlohmann::json::parse(line);
    if (json.value("kind", "header") == kind) lines.push_back(std::move(json));
  }
  return lines;
}

train::TrainOptions tiny_options() {
  train::TrainOptions options;
  options.batch.sentences = 4;
  options.batch.pool = 2;
  options.optimizer = selection("sgd", train::SgdOptions{.learning_rate = 0.5});
  options.updates = 12;
  options.checkpoint.every_minutes = 0;
  return options;
}

bool same_tensors(const nn::NamedTensors& a, const nn::NamedTensors& b) {
  if (a.tensors.size() != b.tensors.size()) return false;
  for (const auto& [name, tensor] : a.tensors) {
    const auto other = b.tensors.find(name);
    if (other == b.tensors.end() || other->second.scalar_type() != tensor.scalar_type() ||
        !at::equal(other->second, tensor))
      return false;
  }
  return true;
}

}  // namespace seq2seq::test
