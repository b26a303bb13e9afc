#pragma once

#include <memory>
#include <string>

#include "seq2seq/config/keys.h"

namespace seq2seq::text {

/// The normal forms of Unicode Standard Annex 15.
enum class NormalForm { none, nfc, nfkc };

struct NormalizeOptions {
  NormalForm form = NormalForm::none;
  bool lowercase = false;
};
void declare(config::Keys& keys, NormalizeOptions& options);

/// Converts lines to a Unicode normal form, then to lower case (full mappings, without rules of single languages), then
/// to the normal form again, because lower case can break it. Stateless; safe to share between threads.
class Normalizer {
 public:
  explicit Normalizer(const NormalizeOptions& options);
  ~Normalizer();
  Normalizer(Normalizer&&) noexcept;

  /// Returns false if the options change nothing, so that `apply` need not be called.
  bool active() const { return active_; }
  /// Changes a line of valid UTF-8 in place. Returns true if the line has changed.
  bool apply(std::string& line) const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
  bool active_;
};

}  // namespace seq2seq::text
