#pragma once

#include <string>
#include <string_view>

namespace seq2seq {

/// The version of this program. Every run folder stores it; the program makes no decision by it.
struct Version {
  std::string number;  // 0.1.0
  std::string commit;  // abbreviated hash, "unknown" outside a git clone
  bool dirty = false;  // tracked files differed from the commit when it was built

  /// "0.1.0 (1a2b3c4d5e6f, modified)"
  std::string text() const;
  /// Returns true if `text()` was made by a dirty program.
  static bool is_dirty(std::string_view text);
};

const Version& version();

}  // namespace seq2seq
