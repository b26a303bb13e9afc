#include "seq2seq/nn/slice.h"

#include <memory>
#include <string>
#include <vector>

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "seq2seq/core/error.h"
#include "seq2seq/nn/initialize.h"
#include "seq2seq/nn/output/output.h"
#include "seq2seq/nn/weights.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/output_shards.h"
#include "test/support/test_device.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;

/// Makes an output layer of 11 words and 3 cells over shards of these sizes, each on its own device.
std::shared_ptr<OutputLayer> output_over(const std::vector<int64_t>& shares) {
  std::vector<c10::Device> devices;
  for (size_t i = 0; i < shares.size(); ++i) devices.push_back(test_device(static_cast<int>(i)));
  OutputContext context{.width = 3, .vocabulary = 11};
  context.placement.output = shards_of(devices, shares);
  return builtin_outputs().make({.kind = "full", .options = nullptr}, context);
}

std::shared_ptr<OutputLayer> whole_output() {
  return builtin_outputs().make({.kind = "full", .options = nullptr}, {.width = 3, .vocabulary = 11});
}

TEST_CASE("slices: a name tells the rows, and one that does not is that of a whole", "[nn][weights]") {
  const auto slice = slice_of("output.weight[2500:5000]");
  CHECK(slice.whole == "output.weight");
  CHECK(slice.first == 2500);
  CHECK(slice.last == 5000);
  CHECK(name_of(slice) == "output.weight[2500:5000]");
  for (const std::string name :
       {"output.weight", "a[1]", "a[1:]", "a[:2]", "a[x:2]", "a[2:1]", "a[1:1]", "a[-1:2]", "a[0:2].b", "a]0:2[", ""}) {
    CAPTURE(name);
    CHECK(slice_of(name).whole == name);
    CHECK(slice_of(name).last == 0);
    CHECK(name_of(slice_of(name)) == name);
  }
}

TEST_CASE("slices: those of one parameter make up a whole, in the order of their rows", "[nn][weights]") {
  const auto rows = at::arange(12).reshape({6, 2});
  const auto wholes =
      group_slices({{"b[4:6]", rows.narrow(0, 4, 2)}, {"a", at::ones({2})}, {"b[0:4]", rows.narrow(0, 0, 4)}});
  REQUIRE(wholes.size() == 2);
  CHECK(wholes[0].name == "b");
  CHECK(wholes[0].shape() == std::vector<int64_t>{6, 2});
  CHECK(wholes[0].numel() == 12);
  CHECK(wholes[0].on_cpu().equal(rows));
  CHECK(wholes[1].shape() == std::vector<int64_t>{2});
  CHECK_THROWS_WITH(group_slices({{"b[0:2]", at::ones({2})}, {"b[3:4]", at::ones({1})}}),
                    ContainsSubstring("should begin at row 2, but begins at row 3"));
  CHECK_THROWS_WITH(group_slices({{"b[1:2]", at::ones({1})}}), ContainsSubstring("`b`"));
}

TEST_CASE("slices: parameters are named by their rows, and their values are those of the whole", "[nn][initialize]") {
  const auto whole = whole_output(), sliced = output_over({5, 1, 5});
  for (const auto& output : {whole, sliced}) initialize_uniform(*output, 0.1, 7);
  std::vector<std::string> names;
  for (const auto& item : sliced->named_parameters()) names.push_back(item.key());
  CHECK(names ==
        std::vector<std::string>{"weight[0:5]", "weight[5:6]", "weight[6:11]", "bias[0:5]", "bias[5:6]", "bias[6:11]"});
  for (const auto& parameter : group_slices(sliced->named_parameters().pairs()))
    CHECK(parameter.on_cpu().equal(whole->named_parameters()[parameter.name]));
  for (const auto& use : parameter_uses(*sliced))
    CHECK(
        use.parameter.cpu().equal(whole->named_parameters()[use.name].narrow(0, use.first_row, use.parameter.size(0))));
}

TEST_CASE("slices: a file is the same bytes whatever the placement, and is read under any other", "[nn][weights]") {
  const auto whole = whole_output(), sliced = output_over({5, 1, 5}), other = output_over({2, 9});
  for (const auto& output : {whole, sliced}) initialize_uniform(*output, 0.1, 7);
  const auto bytes = to_safetensors(weights_in_place(*whole));
  CHECK(to_safetensors(weights_in_place(*sliced)) == bytes);
  CHECK(to_safetensors(weights_of(*sliced)) == bytes);
  load_weights(*other, from_safetensors(bytes, "file"), "file");
  CHECK(to_safetensors(weights_in_place(*other)) == bytes);
  initialize_uniform(*whole, 0.1, 8);
  load_weights(*whole, weights_of(*other), "file");
  CHECK(to_safetensors(weights_in_place(*whole)) == bytes);
}

TEST_CASE("slices: what does not fit a file is told of the whole tensor", "[nn][weights][error]") {
  const auto sliced = output_over({5, 1, 5});
  NamedTensors stored{.tensors = {{"weight", at::zeros({10, 3})}, {"bias", at::zeros({11})}}, .metadata = {}};
  CHECK_THROWS_WITH(load_weights(*sliced, stored, "w.safetensors"),
                    ContainsSubstring("w.safetensors: weight: has shape [10, 3], but the model needs [11, 3]"));
  stored.tensors["weight"] = at::zeros({11, 3});
  stored.tensors.erase("bias");
  CHECK_THROWS_WITH(load_weights(*sliced, stored, "w.safetensors"),
                    ContainsSubstring("w.safetensors: bias: is missing"));
  stored.tensors["bias"] = at::zeros({11});
  stored.tensors["bias[0:5]"] = at::zeros({5});
  CHECK_THROWS_WITH(load_weights(*sliced, stored, "w.safetensors"), ContainsSubstring("unknown parameter"));
}

}  // namespace
}  // namespace seq2seq::nn
