#include "seq2seq/cli/inspect_factors.h"

#include <algorithm>
#include <ostream>
#include <string>

#include <fmt/format.h>

#include "seq2seq/cli/inspect_line.h"
#include "seq2seq/core/progress.h"

namespace seq2seq::cli {

void print_factors(std::ostream& out, const std::vector<text::Vocabulary>& factors) {
  constexpr size_t values_shown = 8;
  const char* name = "factors";
  for (size_t factor = 0; factor < factors.size(); ++factor) {
    const auto& values = factors[factor].words();
    std::string list;
    for (size_t value = 0; value < std::min(values_shown, values.size()); ++value)
      list += fmt::format("{}{} {}", value == 0 ? ": " : ", ", values[value].text, format_count(values[value].count));
    if (values.size() > values_shown) list += ", ...";
    print_line(out, name,
               fmt::format("factor {} has {}{}", factor + 1, format_count(std::ssize(values), "value"), list));
    name = "";
  }
}

}  // namespace seq2seq::cli
