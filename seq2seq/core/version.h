#pragma once

#include <string>
#include <string_view>

namespace seq2seq {

/// The version of this program. Every run folder stores it; no decision of the program depends on it.
struct Version {
  std::string number;  // 0.1.0
  std::string commit;  // abbreviated hash, "unknown" outside a git clone
  bool dirty = false;  // true if tracked files differed from the commit at build time

  /// "0.1.0 (1a2b3c4d5e6f, modified)"
  std::string text() const;
  /// Returns true if `text` is the text() of a dirty program.
  static bool is_dirty(std::string_view text);
};

const Version& version();

}  // namespace seq2seq
