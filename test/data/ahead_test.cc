#include "seq2seq/data/ahead.h"

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "test/support/catch.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

TEST_CASE("ahead: results come in the order in which they were made", "[data][loader]") {
  const auto most = GENERATE(1u, 2u, 50u);
  int made = 0;
  Ahead<int> ahead([&made] { return made++; }, most);
  for (int i = 0; i < 500; ++i) REQUIRE(ahead.next() == i);
}

TEST_CASE("ahead: no more is made than it may keep, and one that waits for its place", "[data][loader]") {
  const int most = GENERATE(1, 3);
  std::atomic<int> made{0};
  Ahead<int> ahead([&made] { return ++made; }, static_cast<std::size_t>(most));
  for (int taken = 1; taken <= 200; ++taken) {
    REQUIRE(ahead.next() == taken);
    REQUIRE(made <= taken + most + 1);
  }
}

TEST_CASE("ahead: work is done on another thread, one call at a time", "[data][loader]") {
  const auto caller = std::this_thread::get_id();
  std::atomic<int> at_work{0};
  Ahead<bool> ahead(
      [&] {
        const bool alone = ++at_work == 1;
        --at_work;
        return alone && std::this_thread::get_id() != caller;
      },
      2);
  for (int i = 0; i < 100; ++i) REQUIRE(ahead.next());
}

TEST_CASE("ahead: what the function throws comes after the results before it, and again", "[data][loader][error]") {
  int made = 0;
  Ahead<int> ahead(
      [&made] {
        if (made == 3) throw std::runtime_error("no fourth");
        return made++;
      },
      10);
  for (int i = 0; i < 3; ++i) REQUIRE(ahead.next() == i);
  for (int i = 0; i < 3; ++i) REQUIRE_THROWS_WITH(ahead.next(), "no fourth");
  REQUIRE(made == 3);
}

TEST_CASE("ahead: it can be destroyed at any moment, and then nothing more is made or kept", "[data][loader]") {
  const int taken = GENERATE(range(0, 20));
  const auto counted = std::make_shared<int>(0);
  std::atomic<int> made{0};
  {
    Ahead<std::shared_ptr<int>> ahead(
        [&] {
          ++made;
          return counted;
        },
        3);
    for (int i = 0; i < taken; ++i) ahead.next();
  }
  const int at_the_end = made;
  REQUIRE(at_the_end >= taken);
  REQUIRE(at_the_end <= taken + 4);
  REQUIRE(counted.use_count() == 1);
}
