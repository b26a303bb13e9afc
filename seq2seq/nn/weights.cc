#include "seq2seq/nn/weights.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <set>
#include <string_view>
#include <utility>

#include <ATen/ops/aminmax.h>
#include <ATen/ops/empty.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "seq2seq/core/error.h"
#include "seq2seq/core/json.h"
#include "seq2seq/core/text.h"
#include "seq2seq/nn/slice.h"

namespace seq2seq::nn {
namespace {

static_assert(std::endian::native == std::endian::little, "the format's numbers are little-endian");

constexpr size_t kPrefix = 8;                     // bytes of the header's length
constexpr size_t kPiece = size_t{1} << 20;        // bytes read or written at once
constexpr uint64_t kLongestHeader = 100'000'000;  // the limit of Python's safetensors
constexpr auto kFormat = "seq2seq weights";
constexpr auto kVersion = "1";

constexpr std::array<std::pair<const char*, at::ScalarType>, 8> kTypes{{{"F64", at::kDouble},
                                                                        {"F32", at::kFloat},
                                                                        {"F16", at::kHalf},
                                                                        {"BF16", at::kBFloat16},
                                                                        {"I64", at::kLong},
                                                                        {"I32", at::kInt},
                                                                        {"U8", at::kByte},
                                                                        {"BOOL", at::kBool}}};

const char* name_of(at::ScalarType type) {
  for (const auto& [name, known] : kTypes) {
    if (known == type) return name;
  }
  throw Error(fmt::format("tensors of type {} cannot be stored", c10::toString(type)));
}

/// One tensor as the header describes it; its shape and type fit the size of its data.
struct Entry {
  std::string name;
  at::ScalarType type = at::kFloat;
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;  // bytes of the data
};

class Reader {
 public:
  Reader(InputFile& input, const std::filesystem::path& file) : input_(input), file_(file.string()) {}

  NamedTensors read() {
    const nlohmann::json header = read_header();
    NamedTensors named;
    std::vector<Entry> entries;
    for (const auto& [name, value] : header.items()) {
      if (name == "__metadata__") {
        named.metadata = read_metadata(value);
      } else {
        entries.push_back(read_entry(name, value));
      }
    }
    sort_by_place(entries);
    for (const auto& entry : entries) named.tensors.emplace(entry.name, read_tensor(entry));
    return named;
  }

 private:
  [[noreturn]] void fail(const std::string& part, const std::string& problem) const {
    throw FormatError(Place{.file = file_, .part = part}, problem, "The file is damaged, or not in safetensors format");
  }

  nlohmann::json read_header() {
    if (input_.bytes() < kPrefix) fail("", fmt::format("ends after {} bytes, before its header", input_.bytes()));
    uint64_t length = 0;
    fill("", reinterpret_cast<char*>(&length), kPrefix);
    if (length > kLongestHeader || length > input_.bytes() - kPrefix)
      fail("", fmt::format("its header should have {} bytes, but the file has {}", length, input_.bytes()));
    data_bytes_ = input_.bytes() - kPrefix - length;
    std::string text(length, '\0');
    fill("", text.data(), length);
    try {
      auto header = parse_json<nlohmann::json>(text);
      if (header.is_object()) return header;
    } catch (const nlohmann::json::exception&) {  // reported below
    } catch (const JsonFault&) {
    }
    fail("", "its header is not a JSON object");
  }

  void fill(const std::string& part, char* to, uint64_t bytes) {
    for (uint64_t filled = 0; filled < bytes;) {
      const size_t wanted = std::min<uint64_t>(kPiece, bytes - filled);
      if (input_.read(to + filled, wanted) < wanted)
        fail(part, "ends early: the file was truncated while it was being read");
      filled += wanted;
    }
  }

  std::map<std::string, std::string> read_metadata(const nlohmann::json& value) const {
    std::map<std::string, std::string> metadata;
    if (!value.is_object()) fail("__metadata__", "is not a JSON object");
    for (const auto& [key, text] : value.items()) {
      if (!text.is_string()) fail("__metadata__", quote(key) + " is not a string");
      metadata[key] = text.get<std::string>();
    }
    return metadata;
  }

  Entry read_entry(const std::string& name, const nlohmann::json& value) const {
    Entry entry;
    entry.name = name;
    try {
      const auto type = value.at("dtype").get<std::string>();
      const auto* known = std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& t) { return t.first == type; });
      if (known == kTypes.end()) fail(name, fmt::format("type {} is not supported", quote(type)));
      entry.type = known->second;
      for (const auto& size : value.at("shape")) entry.shape.push_back(natural(name, size));
      const auto& offsets = value.at("data_offsets");
      if (offsets.size() != 2) fail(name, "`data_offsets` are not two numbers");
      entry.begin = static_cast<uint64_t>(natural(name, offsets.at(0)));
      entry.end = static_cast<uint64_t>(natural(name, offsets.at(1)));
    } catch (const nlohmann::json::exception&) {
      fail(name, "its entry is not {dtype, shape, data_offsets}");
    }
    check_size(entry);
    return entry;
  }

  int64_t natural(const std::string& name, const nlohmann::json& number) const {
    if (!number.is_number_unsigned() || number.get<uint64_t>() > std::numeric_limits<int64_t>::max())
      fail(name, fmt::format("{} is not a size", quote(number.dump())));
    return number.get<int64_t>();
  }

  void check_size(const Entry& entry) const {
    const uint64_t data = data_bytes_;
    if (entry.begin > entry.end || entry.end > data)
      fail(entry.name, fmt::format("its data should be bytes {} to {} of {}", entry.begin, entry.end, data));
    const bool empty = std::find(entry.shape.begin(), entry.shape.end(), 0) != entry.shape.end();
    // No tensor is larger than the data. In an empty tensor, the product of the other sizes must still fit LibTorch's
    // counts.
    const uint64_t most = empty ? std::numeric_limits<int64_t>::max() : data;
    uint64_t size = c10::elementSize(entry.type);
    bool fits = true;
    for (const int64_t extent : entry.shape) {
      fits = fits && (extent == 0 || size <= most / static_cast<uint64_t>(extent));
      if (fits && extent > 0) size *= static_cast<uint64_t>(extent);
    }
    if (!fits || (empty ? 0 : size) != entry.end - entry.begin)
      fail(entry.name, fmt::format("{} of shape [{}] does not take {} bytes", name_of(entry.type),
                                   fmt::join(entry.shape, ", "), entry.end - entry.begin));
  }

  /// Sorts by data. Every byte of the data must belong to exactly one tensor.
  void sort_by_place(std::vector<Entry>& entries) const {
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
    uint64_t covered = 0;
    for (const auto& entry : entries) {
      if (entry.begin < covered) fail(entry.name, "its data overlaps another tensor's");
      if (entry.begin > covered)
        fail(entry.name, fmt::format("{} bytes before its data belong to no tensor", entry.begin - covered));
      covered = entry.end;
    }
    if (covered != data_bytes_) fail("", fmt::format("its last {} bytes belong to no tensor", data_bytes_ - covered));
  }

  at::Tensor read_tensor(const Entry& entry) {
    auto tensor = at::empty(entry.shape, entry.type);
    if (entry.end > entry.begin)
      fill(entry.name, static_cast<char*>(tensor.mutable_data_ptr()), entry.end - entry.begin);
    return tensor;
  }

  InputFile& input_;
  std::string file_;
  uint64_t data_bytes_ = 0;
};

const at::Tensor& first_part(const SlicedParameter& whole) { return whole.parts.front().tensor; }

/// Larger elements first, so that every tensor's data is aligned to its element; then by name.
std::vector<SlicedParameter> in_order(const NamedTensors& named) {
  auto ordered = group_slices({named.tensors.begin(), named.tensors.end()});
  std::ranges::sort(ordered, {}, &SlicedParameter::name);
  std::ranges::stable_sort(ordered, std::greater(),
                           [](const SlicedParameter& whole) { return first_part(whole).element_size(); });
  return ordered;
}

void write_tensor(const at::Tensor& tensor, const Sink& sink) {
  const auto here = tensor.detach().to(at::kCPU).contiguous();
  const std::string_view bytes(static_cast<const char*>(here.const_data_ptr()), here.nbytes());
  for (size_t begin = 0; begin < bytes.size(); begin += kPiece) sink(bytes.substr(begin, kPiece));
}

std::string shape_of(at::IntArrayRef shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

void check_version(const NamedTensors& named, const std::filesystem::path& file) {
  const auto format = named.metadata.find("format");
  const auto version = named.metadata.find("version");
  if (format == named.metadata.end() || format->second != kFormat || version == named.metadata.end())
    return;  // written by another program
  if (version->second != kVersion)
    throw FormatError(
        Place{.file = file.string()},
        fmt::format("weights of format version {}, but this program reads version {}", version->second, kVersion));
}

}  // namespace

void write_safetensors(const NamedTensors& named, const Sink& sink) {
  const auto ordered = in_order(named);
  nlohmann::json header = nlohmann::json::object();
  if (!named.metadata.empty()) header["__metadata__"] = named.metadata;
  size_t size = 0;
  for (const auto& whole : ordered) {
    if (whole.name == "__metadata__") throw Error("a tensor cannot be named `__metadata__`");
    const size_t bytes = static_cast<size_t>(whole.numel()) * first_part(whole).element_size();
    header[whole.name] = {{"dtype", name_of(first_part(whole).scalar_type())},
                          {"shape", whole.shape()},
                          {"data_offsets", {size, size + bytes}}};
    size += bytes;
  }
  std::string text = header.dump();
  text.resize((text.size() + kPrefix - 1) / kPrefix * kPrefix, ' ');  // the data then starts at a multiple of 8 bytes
  const uint64_t length = text.size();
  sink({reinterpret_cast<const char*>(&length), kPrefix});
  sink(text);
  for (const auto& whole : ordered) {
    for (const auto& part : whole.parts) write_tensor(part.tensor, sink);
  }
}

std::string to_safetensors(const NamedTensors& named) {
  std::string bytes;
  write_safetensors(named, [&bytes](std::string_view piece) { bytes += piece; });
  return bytes;
}

NamedTensors read_safetensors(InputFile& file, const std::filesystem::path& name) { return Reader(file, name).read(); }

NamedTensors from_safetensors(const std::string& bytes, const std::filesystem::path& name) {
  return read_safetensors(*in_memory(bytes), name);
}

NamedTensors weights_in_place(const torch::nn::Module& module) {
  NamedTensors named{.tensors = {}, .metadata = {{"format", kFormat}, {"version", kVersion}}};
  for (const auto& parameter : module.named_parameters()) named.tensors[parameter.key()] = parameter.value().detach();
  return named;
}

NamedTensors weights_of(const torch::nn::Module& module) {
  NamedTensors named{.tensors = {}, .metadata = {{"format", kFormat}, {"version", kVersion}}};
  for (const auto& whole : group_slices(module.named_parameters().pairs())) {
    const auto here = whole.on_cpu();
    const bool copied = whole.parts.size() > 1 || !first_part(whole).is_cpu();
    named.tensors[whole.name] = copied ? here : here.clone();
  }
  return named;
}

void check_finite(const NamedTensors& named, const std::filesystem::path& file) {
  for (const auto& [name, tensor] : named.tensors) {
    if (!tensor.is_floating_point() || tensor.numel() == 0) continue;
    const auto [least, greatest] = at::aminmax(tensor);  // a NaN is both
    if (std::isfinite(least.item<double>()) && std::isfinite(greatest.item<double>())) continue;
    throw Error(Place{.file = file.string(), .part = name},
                "has NaN or infinite values: the training has probably diverged",
                "Use an earlier checkpoint of the run");
  }
}

void load_weights(torch::nn::Module& module, const NamedTensors& named, const std::filesystem::path& file) {
  check_version(named, file);
  const auto fail = [&](const std::string& part, const std::string& problem) {
    throw FormatError(Place{.file = file.string(), .part = part}, problem,
                      "Load the weights into the model they were saved from");
  };
  const auto parameters = group_slices(module.named_parameters().pairs());
  std::set<std::string> known;
  for (const auto& whole : parameters) {
    known.insert(whole.name);
    const auto stored = named.tensors.find(whole.name);
    if (stored == named.tensors.end()) fail(whole.name, "is missing");
    if (stored->second.sizes() != at::IntArrayRef(whole.shape()))
      fail(whole.name, fmt::format("has shape {}, but the model needs {}", shape_of(stored->second.sizes()),
                                   shape_of(whole.shape())));
  }
  for (const auto& [name, tensor] : named.tensors) {
    if (!known.contains(name)) fail(name, "unknown parameter: the model has no such name");
  }
  for (const auto& whole : parameters) whole.set(named.tensors.at(whole.name));
}

}  // namespace seq2seq::nn
