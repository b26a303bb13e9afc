#include <array>
#include <map>
#include <string>

#include <fmt/format.h>

#include "seq2seq/core/checksum.h"
#include "seq2seq/train/checkpoint.h"
#include "test/fuzz/fuzz.h"

using namespace seq2seq;

namespace {

constexpr std::array<const char*, 3> kNames{"weights.safetensors", "optimizer.safetensors", "state.json"};

/// The files of one checkpoint, in memory and read-only.
class CheckpointFiles final : public Files {
 public:
  std::map<std::string, std::string> contents;

  std::string read(const fs::path& path) const override {
    const auto found = contents.find(path.filename().string());
    if (found == contents.end()) throw Error(Place{.file = path.string()}, "cannot be read");
    return found->second;
  }
  void write(const fs::path&, std::string_view) override { std::abort(); }
  void append(const fs::path&, std::string_view) override { std::abort(); }
  std::unique_ptr<FileStream> create(const fs::path&) override { std::abort(); }
  void truncate(const fs::path&, uint64_t) override { std::abort(); }
  void copy_permissions(const fs::path&, const fs::path&) override { std::abort(); }
  void rename(const fs::path&, const fs::path&) override { std::abort(); }
  void make_folder(const fs::path&) override { std::abort(); }
  void sync_folder(const fs::path&) override { std::abort(); }
  void remove(const fs::path&) override { std::abort(); }
};

std::string true_checksums(const CheckpointFiles& files) {
  std::string sums;
  for (const char* name : kNames) {
    const auto found = files.contents.find(name);
    if (found == files.contents.end()) continue;
    sums += fmt::format(R"({}"{}":"{}")", sums.empty() ? "" : ",", name, sha256(found->second));
  }
  return fmt::format(R"({{"format":"seq2seq checkpoint","version":1,"sha256":{{{}}}}})", sums);
}

}  // namespace

/// Splits the input at the byte 0x1E into checksums, weights, optimizer and state. If the first is empty, computes the
/// checksums of the others, so that these are read too.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto parts = split(fuzz::text_of(data, size), '\x1E');
  CheckpointFiles files;
  for (std::size_t i = 1; i < parts.size() && i <= kNames.size(); ++i) files.contents[kNames[i - 1]] = parts[i];
  files.contents["checksums.json"] = parts[0].empty() ? true_checksums(files) : std::string(parts[0]);
  const RunFolder folder("run");
  fuzz::may_refuse(folder.checkpoint(1).string() + "/", [&] { train::load_checkpoint(files, folder, 1); });
  return 0;
}
