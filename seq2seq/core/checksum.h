#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace seq2seq {

/// Computes the SHA-256 (FIPS 180-4) of bytes in pieces, as 64 hexadecimal digits, by libcrypto.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void add(std::string_view bytes);
  std::string finish();  // call it once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256(std::string_view bytes);
/// Reads the file in blocks; throws Error naming it. Calls `between_blocks`, which may throw, again and again.
std::string sha256_of_file(const std::filesystem::path& path, const std::function<void()>& between_blocks = {});

}  // namespace seq2seq
