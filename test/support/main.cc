// The main of every test program. It returns 4, which CTest shows as skipped, only if every case that ran was skipped
// and none failed. SEQ2SEQ_TEST_FAST=1 leaves out the cases tagged [slow].

#define CATCH_CONFIG_RUNNER
#include "test/support/catch.h"

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_session.hpp>
#include <catch2/reporters/catch_reporter_event_listener.hpp>
#include <catch2/reporters/catch_reporter_registrars.hpp>
using Listener = Catch::EventListenerBase;
#else
using Listener = Catch::TestEventListenerBase;
#endif

#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int kSkipped = 4;  // SKIP_RETURN_CODE in test/CMakeLists.txt

struct Counts {
  int cases = 0;
  int skipped = 0;
  int missing_witnesses = 0;
} counts;  // Catch2 makes the listener without arguments

class SkipCounter : public Listener {
 public:
  using Listener::Listener;

  void testCaseStarting(const Catch::TestCaseInfo&) override { said_skipped_ = false; }

#if __has_include(<catch2/catch_all.hpp>)
  void assertionEnded(const Catch::AssertionStats& stats) override { look_at(stats.assertionResult); }
#else
  bool assertionEnded(const Catch::AssertionStats& stats) override {
    look_at(stats.assertionResult);
    return false;
  }
#endif

  void testCaseEnded(const Catch::TestCaseStats& stats) override {
    ++counts.cases;
    if (said_skipped_ && stats.totals.assertions.total() == 0) ++counts.skipped;
  }

 private:
  void look_at(const Catch::AssertionResult& result) {
    if (result.getResultType() != Catch::ResultWas::Warning) return;
    const std::string text(result.getMessage());
    if (text.rfind("skipped:", 0) == 0) said_skipped_ = true;
    if (text.rfind("skipped: no witness", 0) == 0) ++counts.missing_witnesses;
  }

  bool said_skipped_ = false;
};

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && std::string_view(value) != "" && std::string_view(value) != "0" &&
         std::string_view(value) != "false";
}

}  // namespace

CATCH_REGISTER_LISTENER(SkipCounter)

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv, argv + argc);
  const bool fast = is_set("SEQ2SEQ_TEST_FAST");
  if (fast) {
    bool filtered = false;
    for (std::size_t i = 1; i < arguments.size(); ++i) {
      if (arguments[i].rfind("[", 0) == 0) {
        arguments[i] += "~[slow]";
        filtered = true;
      }
    }
    if (!filtered) arguments.emplace_back("~[slow]");
  }
  std::vector<const char*> pointers;
  for (const auto& argument : arguments) pointers.push_back(argument.c_str());

  Catch::Session session;
  const int usage = session.applyCommandLine(static_cast<int>(pointers.size()), pointers.data());
  if (usage != 0) return usage;
  const bool lists = session.config().listTests() || session.config().listTags() || session.configData().showHelp;
  const int failed = session.run();
  if (lists) return failed;
  if (counts.cases == 0) {
    if (fast) return kSkipped;
    std::cerr << "no test case matches\n";
    return 2;
  }
  if (failed == 0 && counts.missing_witnesses > 0 && is_set("CI")) {
    std::cerr << "a witness is missing, and in CI that is a failure: scripts/setup --tests installs them\n";
    return 1;
  }
  if (failed != 0) return 1;  // Catch2 counts failures: four of them would be the status of a skip
  return counts.skipped == counts.cases ? kSkipped : 0;
}
