#pragma once

/// The only header by which tests include Catch2. It hides the differences between 2.13 (Debian 12, Ubuntu 22.04) and
/// 3.x (Ubuntu 24.04).
///
/// A case that cannot run here prints a warning and returns; test/support/main.cc counts it as skipped:
///     WARN("skipped: no CUDA device"); return;
/// In CI a missing witness is a failure, so it is named as one:
///     WARN("skipped: no witness sacrebleu"); return;

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_message.hpp>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_all.hpp>
#include <catch2/matchers/catch_matchers_all.hpp>
#else
#include <catch2/catch.hpp>
namespace Catch::Matchers {
using Catch::Contains;
inline auto ContainsSubstring(const std::string& text, CaseSensitive::Choice sensitive = CaseSensitive::Yes) {
  return Catch::Contains(text, sensitive);
}
}  // namespace Catch::Matchers
#endif

namespace seq2seq::test {
using Catch::Generators::chunk;
using Catch::Generators::filter;
using Catch::Generators::from_range;
using Catch::Generators::map;
using Catch::Generators::random;
using Catch::Generators::range;
using Catch::Generators::take;
using Catch::Generators::value;
using Catch::Generators::values;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using Catch::Matchers::WithinULP;
}  // namespace seq2seq::test
