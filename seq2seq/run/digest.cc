#include "seq2seq/run/digest.h"

#include <fmt/format.h>

#include "seq2seq/config/resolved.h"
#include "seq2seq/core/checksum.h"
#include "seq2seq/data/prepare/open_prepared.h"
#include "seq2seq/run/numerics.h"

namespace seq2seq::run {

namespace {

std::string digest_of(const data::FilePair& files) {
  return files.named() ? data::content_digest(files) : std::string();
}

std::filesystem::path a_file_of(const data::FilePair& files) {
  return files.one_sided() ? files.target.front() : files.source;
}

}  // namespace

std::string train_digest(const data::DataOptions& options) {
  const data::PreparedFolder folder{options.prepared};
  std::error_code unknown;
  if (!options.prepared.empty() && std::filesystem::exists(folder.summary(), unknown)) {
    const auto summary = data::read_summary(folder);
    if (data::is_text_of(summary, options.train)) return summary.content_digest;
  }
  return data::content_digest(options.train);
}

DataDigests data_digests(const data::DataOptions& options) { return data_digests(options, train_digest(options)); }

DataDigests data_digests(const data::DataOptions& options, const std::string& train) {
  return {train, digest_of(options.validation), digest_of(options.test)};
}

std::vector<Error> different_data(const DataDigests& run, const DataDigests& now, const data::DataOptions& options) {
  std::vector<Error> faults;
  const auto check = [&faults](const std::string& before, const std::string& after, const std::filesystem::path& file,
                               const char* name) {
    if (before == after) return;
    faults.emplace_back(Place{.file = file.string()},
                        fmt::format("`data.{}` has changed since this run started: SHA-256 {} then, {} now", name,
                                    short_digest(before), short_digest(after)),
                        "Use the same text (its path may differ), or start a new run");
  };
  check(run.train, now.train, options.train.first(), "train");
  check(run.validation, now.validation, a_file_of(options.validation), "validation");
  check(run.test, now.test, a_file_of(options.test), "test");
  return faults;
}

std::string short_digest(const std::string& digest) { return digest.empty() ? "none" : digest.substr(0, 12); }

std::string run_digest(const Configuration& configuration, const DataDigests& data) {
  return run_digest(config::digest_text(configuration.keys), data);
}

std::string run_digest(const std::string& keys, const DataDigests& data) {
  return sha256(fmt::format("{}\ndata.train={}\ndata.validation={}\ndata.test={}\nnumerics={}\n", keys, data.train,
                            data.validation, data.test, numerics));
}

}  // namespace seq2seq::run
