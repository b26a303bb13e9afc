#include "seq2seq/config/yaml_file.h"

#include <algorithm>

#include <fmt/format.h>

#include "seq2seq/core/files.h"

namespace seq2seq::config {

std::string read_yaml_file(const std::filesystem::path& file) {
  constexpr size_t most = size_t{16} << 20;
  const Place place{.file = file.string()};
  std::string bytes;
  if (std::error_code unknown; fs::is_fifo(file, unknown) || fs::is_character_file(file, unknown))
    throw UsageError(place, "is a pipe or a device, and YAML files are read more than once",
                     "Write its text to a file first");
  if (std::error_code unknown; fs::is_directory(file, unknown)) {
    const auto inside = file / "config.yaml";
    throw UsageError(place, "is a folder, not a YAML file",
                     fs::exists(inside, unknown) ? fmt::format("Use the file in it, `{}`", inside.string())
                                                 : "Give a file such as those in configs/");
  }
  try {
    const auto input = disk_files().open(file);
    bytes.resize(std::min<uint64_t>(input->bytes(), most) + 1);
    bytes.resize(input->read(bytes.data(), bytes.size()));
  } catch (const Error& error) {
    throw UsageError({error});
  }
  if (bytes.size() > most)
    throw UsageError(place, "is longer than 16 MiB, so it is not a YAML file of this program",
                     "Give a file such as those in configs/");
  return bytes;
}

}  // namespace seq2seq::config
