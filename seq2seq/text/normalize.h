#pragma once

#include <memory>
#include <string>

#include "seq2seq/config/keys.h"

namespace seq2seq::text {

/// The forms of Unicode Standard Annex 15 that a text may be brought to.
enum class NormalForm { none, nfc, nfkc };

struct NormalizeOptions {
  NormalForm form = NormalForm::none;
  bool lowercase = false;
};
void declare(config::Keys& keys, NormalizeOptions& options);

/// Brings lines to one form of Unicode, then to lower case (full mappings, no language's own rules), then to the form
/// again, which lower case may have left. Stateless; safe to share between threads.
class Normalizer {
 public:
  explicit Normalizer(const NormalizeOptions& options);
  ~Normalizer();
  Normalizer(Normalizer&&) noexcept;

  /// Returns false if the options change nothing; then `apply` need not be called.
  bool active() const { return active_; }
  /// Changes a line of valid UTF-8 in place. Returns true if the line has changed.
  bool apply(std::string& line) const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
  bool active_;
};

}  // namespace seq2seq::text
