#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include "seq2seq/core/files.h"

namespace seq2seq::nn {

/// Tensors by name with a few words of text about them: the contents of a safetensors file. When a file is written,
/// slices (nn/slice.h) may replace a tensor; a file that was read has only whole tensors.
struct NamedTensors {
  std::map<std::string, at::Tensor> tensors;  // on the CPU when read from a file
  std::map<std::string, std::string> metadata;
};

/// The safetensors format: 8 bytes length (little-endian), a JSON header, the data. Types: F64 F32 F16 BF16 I64 I32 U8
/// BOOL.
std::string to_safetensors(const NamedTensors& named);
/// Writes the same bytes in pieces of at most 1 MiB, so that no tensor on the CPU is held twice. Slices are written one
/// after the other under the name of their whole: the file is the same whether or not a tensor is sliced.
void write_safetensors(const NamedTensors& named, const Sink& sink);

/// Throws FormatError naming the file, and the tensor, where one is at fault.
NamedTensors from_safetensors(const std::string& bytes, const std::filesystem::path& name);
/// Reads a file into its tensors, without holding its bytes a second time. Throws as above; `name` is for messages.
NamedTensors read_safetensors(InputFile& file, const std::filesystem::path& name);

/// The parameters of a module by their registered names, whole, copied to the CPU.
NamedTensors weights_of(const torch::nn::Module& module);
/// Returns the parameters themselves, on any device, sliced ones slice by slice. Write them immediately, because they
/// change with the module.
NamedTensors weights_in_place(const torch::nn::Module& module);

/// Sets every parameter from the tensor of its name, and slices from their rows of the whole. Throws FormatError naming
/// `file` for a missing, unknown or misshapen one.
void load_weights(torch::nn::Module& module, const NamedTensors& named, const std::filesystem::path& file);

}  // namespace seq2seq::nn
