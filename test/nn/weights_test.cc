#include "seq2seq/nn/weights.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/files.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/temporary_folder.h"
#include "test/support/witness.h"

namespace seq2seq::nn {
namespace {

using test::ContainsSubstring;

/// Tensors of every type, also scalars and empty ones; the order of names is not that of the data.
NamedTensors every_type() {
  NamedTensors named;
  for (const auto type : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong, at::kInt, at::kByte, at::kBool})
    named.tensors[std::string("a.") + c10::toString(type)] = at::arange(3).remainder(2).to(type);
  named.tensors["scalar"] = at::randn({});
  named.tensors["empty"] = at::zeros({4, 0, 2});
  named.tensors["matrix"] = at::randn({3, 5}).t();  // not contiguous
  named.metadata = {{"format", "a test"}, {"unicode", "é"}};
  return named;
}

bool same(const NamedTensors& a, const NamedTensors& b) {
  if (a.metadata != b.metadata || a.tensors.size() != b.tensors.size()) return false;
  for (const auto& [name, tensor] : a.tensors) {
    const auto other = b.tensors.find(name);
    if (other == b.tensors.end() || other->second.scalar_type() != tensor.scalar_type()) return false;
    if (other->second.sizes() != tensor.sizes() || !at::equal(other->second, tensor)) return false;
  }
  return true;
}

/// Returns a file with this header and `data` bytes.
std::string file_of(const std::string& header, size_t data) {
  const uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + std::string(data, '\1');
}

TEST_CASE("safetensors: tensors of every type read back as they were written", "[nn][weights]") {
  const auto named = every_type();
  CHECK(same(from_safetensors(to_safetensors(named), "file"), named));
}

TEST_CASE("weights: a value that is not finite is named with its file and tensor", "[nn][weights][error]") {
  NamedTensors named;
  named.tensors["a"] = at::ones({3}, at::kLong);
  named.tensors["b"] = at::full({1000}, 3e38F);  // their sum would not fit into float32
  named.tensors["empty"] = at::zeros({0});
  named.tensors["c"] = at::zeros({2, 2}, GENERATE(at::kFloat, at::kDouble, at::kBFloat16));
  CHECK_NOTHROW(check_finite(named, "w"));
  named.tensors["c"][1][0] = GENERATE(NAN, INFINITY, -INFINITY);
  CHECK_THROWS_WITH(check_finite(named, "w"), ContainsSubstring("w: c: has NaN or infinite values"));
}

TEST_CASE("safetensors: every tensor's data is aligned to its element", "[nn][weights]") {
  NamedTensors named;
  named.tensors["a"] = at::zeros({3}, at::kBool);
  named.tensors["b"] = at::zeros({3}, at::kDouble);
  const auto bytes = to_safetensors(named);
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  CHECK(length % 8 == 0);
  CHECK_THAT(bytes, ContainsSubstring(R"("b":{"data_offsets":[0,24])"));
}

TEST_CASE("safetensors: Python's reader sees the same tensors, and we read what it writes", "[nn][weights][witness]") {
  const test::TemporaryFolder folder;
  auto named = every_type();
  named.tensors.erase("a.BFloat16");  // numpy has none
  folder.file("ours.safetensors", to_safetensors(named));
  const auto said = test::run_witness("safetensors_file.py", folder.path());
  if (!said) {
    WARN("skipped: no witness safetensors");
    return;
  }
  CHECK_THAT(*said, ContainsSubstring("a.Half float16 [3] 1.0\n"));
  CHECK_THAT(*said, ContainsSubstring("empty float32 [4, 0, 2] 0.0\n"));
  CHECK_THAT(*said, ContainsSubstring("matrix float32 [5, 3] "));
  CHECK(same(from_safetensors(test::content_of(folder / "theirs.safetensors"), "theirs"), named));
}

TEST_CASE("safetensors: a file of pieces, with tensors larger than one, is what Python reads, and is read from disk",
          "[nn][weights][witness]") {
  const test::TemporaryFolder folder;
  NamedTensors named;
  named.tensors["large"] = at::arange(700'001, at::kLong);  // 5.3 MiB
  named.tensors["transposed"] = at::randn({601, 907}).t();
  named.tensors["empty"] = at::zeros({0});
  size_t longest = 0;
  write_pieces(disk_files(), folder / "ours.safetensors", [&](const Sink& sink) {
    write_safetensors(named, [&](std::string_view piece) {
      longest = std::max(longest, piece.size());
      sink(piece);
    });
  });
  CHECK(longest == size_t{1} << 20);
  CHECK(test::content_of(folder / "ours.safetensors") == to_safetensors(named));
  CHECK(same(read_safetensors(*disk_files().open(folder / "ours.safetensors"), "ours"), named));
  const auto said = test::run_witness("safetensors_file.py", folder.path());
  if (!said) {
    WARN("skipped: no witness safetensors");
    return;
  }
  CHECK_THAT(*said, ContainsSubstring("large int64 [700001] 245000350000.0\n"));
  CHECK(same(from_safetensors(test::content_of(folder / "theirs.safetensors"), "theirs"), named));
}

TEST_CASE("safetensors: the bytes are those of the format's description", "[nn][weights]") {
  NamedTensors named;
  named.tensors["a"] = at::arange(3, at::kByte);
  named.tensors["b"] = at::arange(2, at::kInt);
  named.metadata = {{"k", "v"}};
  std::string header = R"({"__metadata__":{"k":"v"},"a":{"data_offsets":[8,11],"dtype":"U8","shape":[3]},)"
                       R"("b":{"data_offsets":[0,8],"dtype":"I32","shape":[2]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  const std::string data("\0\0\0\0\1\0\0\0\0\1\2", 11);
  CHECK(to_safetensors(named) == file_of(header, 0) + data);
}

TEST_CASE("safetensors: a file cut off anywhere is an error that names it", "[nn][weights][error]") {
  const auto whole = to_safetensors(every_type());
  for (size_t bytes = 0; bytes < whole.size(); ++bytes) {
    CAPTURE(bytes);
    CHECK_THROWS_AS(from_safetensors(whole.substr(0, bytes), "runs/a/weights.safetensors"), FormatError);
  }
  CHECK_THROWS_WITH(from_safetensors(whole.substr(0, whole.size() - 1), "runs/a/weights.safetensors"),
                    ContainsSubstring("runs/a/weights.safetensors"));
}

TEST_CASE("safetensors: a header that does not fit its data is an error that names the tensor",
          "[nn][weights][error]") {
  struct Case {
    std::string header, says;
    size_t data;
  };
  const auto wrong = GENERATE(values<Case>({
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
       "b: its data overlaps", 8},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", "a: 4 bytes before its data", 8},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "its last 4 bytes belong to no tensor", 8},
      {R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", "a: F32 of shape [3] does not take 8 bytes", 8},
      {R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", "does not take 0 bytes", 0},
      {R"({"a":{"dtype":"F32","shape":[4611686018427387904,2,0],"data_offsets":[0,0]}})", "does not take 0 bytes", 0},
      {R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,8]}})", "a: F32 of shape [0] does not take 8 bytes", 8},
      {R"({"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})", "`2.0` is not a size", 8},
      {R"({"a":{"dtype":"F32","shape":)" + std::string(1'000'000, '[') + "0" + std::string(1'000'000, ']') + "}}",
       "not a JSON object", 0},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", "a: its data should be bytes 8 to 0", 8},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,16]}})", "a: its data should be bytes 0 to 16 of 8", 8},
      {R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", "`-2` is not a size", 8},
      {R"({"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}})", "type `C64`", 8},
      {R"({"a":{"dtype":"F32","shape":[2]}})", "is not {dtype, shape, data_offsets}", 8},
      {R"({"a":7})", "is not {dtype, shape, data_offsets}", 0},
      {R"({"__metadata__":{"n":1}})", "`n` is not a string", 0},
      {"[]", "not a JSON object", 0},
      {"{", "not a JSON object", 0},
      {"{\"\xff\":1}", "not a JSON object", 0},
  }));
  CAPTURE(wrong.header);
  CHECK_THROWS_WITH(from_safetensors(file_of(wrong.header, wrong.data), "x"), ContainsSubstring(wrong.says));
  CHECK_THROWS_AS(from_safetensors(file_of(wrong.header, wrong.data), "x"), FormatError);
}

TEST_CASE("weights: a model takes over another's parameters by name", "[nn][weights]") {
  const auto from = test::random_model(1);
  const auto to = test::random_model(2);
  load_weights(*to, from_safetensors(to_safetensors(weights_of(*from)), "file"), "file");
  CHECK(same(weights_of(*to), weights_of(*from)));
}

TEST_CASE("weights: saved weights do not change when the model does", "[nn][weights]") {
  const auto model = test::random_model(1);
  const auto saved = weights_of(*model);
  test::randomize(*model, 2);
  CHECK_FALSE(same(weights_of(*model), saved));
}

TEST_CASE("weights: a missing, unknown or misshapen tensor is named, and nothing is loaded", "[nn][weights][error]") {
  const auto model = test::random_model(1);
  const auto before = weights_of(*model);
  auto named = weights_of(*test::random_model(2));
  const std::string name = "output.weight";
  REQUIRE(named.tensors.contains(name));
  std::string says;
  SECTION("missing") {
    named.tensors.erase(name);
    says = "file: output.weight: is missing";
  }
  SECTION("unknown") {
    named.tensors["output.weigth"] = at::zeros({1});
    says = "file: output.weigth: unknown parameter";
  }
  SECTION("misshapen") {
    named.tensors[name] = at::zeros({2, 2});
    says = "file: output.weight: has shape [2, 2], but the model needs [8, 6]";
  }
  SECTION("another version") {
    named.metadata["version"] = "7";
    says = "file: weights of format version 7, but this program reads version 1";
  }
  CHECK_THROWS_WITH(load_weights(*model, named, "file"), ContainsSubstring(says));
  CHECK(same(weights_of(*model), before));
}

}  // namespace
}  // namespace seq2seq::nn
