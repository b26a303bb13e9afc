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
/// Writes the same bytes in pieces of at most 1 MiB, without a second copy of any tensor on the CPU. Slices are written
/// one after the other under the name of the whole parameter, so the file does not depend on slicing.
void write_safetensors(const NamedTensors& named, const Sink& sink);

/// Throws FormatError naming the file and, if one is wrong, the tensor.
NamedTensors from_safetensors(const std::string& bytes, const std::filesystem::path& name);
/// Reads a file into tensors, without a second copy of its bytes. Throws as above; `name` is for messages.
NamedTensors read_safetensors(InputFile& file, const std::filesystem::path& name);

/// Returns the parameters of a module by their registered names, whole, copied to the CPU.
NamedTensors weights_of(const torch::nn::Module& module);
/// Returns the parameters themselves, on any device, sliced ones slice by slice. Write them at once: they change with
/// the module.
NamedTensors weights_in_place(const torch::nn::Module& module);

/// Throws Error naming `file` and the first tensor with a NaN or an infinite value.
void check_finite(const NamedTensors& named, const std::filesystem::path& file);

/// Sets every parameter from the tensor of its name, and each slice from its rows of that tensor. Throws FormatError
/// naming `file` for a missing, unknown or misshapen one.
void load_weights(torch::nn::Module& module, const NamedTensors& named, const std::filesystem::path& file);

}  // namespace seq2seq::nn
