#include "seq2seq/cli/share_processors.h"

#include <cstdlib>
#include <string_view>
#include <unistd.h>

namespace seq2seq::cli {

void share_processors(int count, char** words) {
  constexpr const char* turns = "10000";  // iterations of the loop in which a thread waits before it sleeps
  const std::string_view command = count > 1 ? words[1] : "";
  if (command != "train" && command != "study") return;
  if (std::getenv("GOMP_SPINCOUNT") != nullptr || std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  if (::setenv("GOMP_SPINCOUNT", turns, /*overwrite=*/0) == 0)
    ::execv("/proc/self/exe", words);  // returns only if it fails
}

}  // namespace seq2seq::cli
