#include "seq2seq/parallel/distributed/watch.h"

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <torch/csrc/distributed/c10d/HashStore.hpp>

#include "test/support/catch.h"

namespace seq2seq::parallel {
namespace {

using std::chrono::milliseconds;

/// Watches of ranks that share a store in this process; none of them owns it.
class Watches {
 public:
  Watches(int64_t ranks, milliseconds timeout) {
    std::vector<std::string> names;
    for (int64_t rank = 0; rank < ranks; ++rank) names.push_back("rank " + std::to_string(rank));
    for (int64_t rank = 0; rank < ranks; ++rank)
      all_.push_back(std::make_unique<Watch>(store_, rank, names, /*server=*/-1, timeout));
  }
  Watch& operator[](std::size_t rank) { return *all_[rank]; }

 private:
  c10::intrusive_ptr<c10d::HashStore> store_ = c10::make_intrusive<c10d::HashStore>();
  std::vector<std::unique_ptr<Watch>> all_;
};

template <class Condition>
void wait_until(const Condition& condition) {
  while (!condition()) std::this_thread::yield();
}

constexpr milliseconds kLong{20'000}, kShort{600};

TEST_CASE("watch: what a rank leaves with is known to all others", "[parallel][watch]") {
  Watches ranks(3, kLong);
  ranks[1].leave_with("rank 1: the disk is full");
  for (const std::size_t other : {0U, 2U}) {
    wait_until([&] { return ranks[other].fault().has_value(); });
    CHECK(*ranks[other].fault() == "rank 1: the disk is full");
    CHECK(ranks[other].explain_failure("a connection broke") == "rank 1: the disk is full");
  }
}

TEST_CASE("watch: a rank without a sign of life is named, with the update it had reached", "[parallel][watch]") {
  Watches ranks(3, kShort);
  ranks[2].reached(120);
  ranks[0].begin_operation();
  ranks[1].begin_operation();
  // Both know the update before the heartbeats end.
  for (const std::size_t other : {0U, 1U})
    wait_until([&] { return ranks[other].explain_silence() == "rank 2 stopped answering after update 120"; });
  ranks[2].stop();
  SECTION("when a connection breaks") {
    CHECK(ranks[0].explain_failure("a connection broke") == "rank 2 stopped answering after update 120");
  }
  SECTION("after the time-out, if none does") {
    wait_until([&] { return ranks[1].fault().has_value(); });
    CHECK(*ranks[1].fault() == "rank 2 stopped answering after update 120");
  }
}

TEST_CASE("watch: a rank that lives but does not take part is named by what it has not begun", "[parallel][watch]") {
  Watches ranks(3, kLong);
  ranks[0].begin_operation();
  ranks[2].begin_operation();
  wait_until([&] { return ranks[0].explain_silence() == "rank 1 stopped answering after update 0"; });
  ranks[1].begin_operation();
  wait_until([&] { return ranks[0].explain_silence().starts_with("no rank has made progress since update 0"); });
  CHECK_FALSE(ranks[0].fault().has_value());
}

TEST_CASE("watch: a busy rank is seen by the others", "[parallel][watch]") {
  Watches ranks(2, kLong);
  CHECK_FALSE(ranks[0].another_is_busy());
  ranks[1].busy(true);
  wait_until([&] { return ranks[0].another_is_busy(); });
  CHECK_FALSE(ranks[1].another_is_busy());
  ranks[1].busy(false);
  wait_until([&] { return !ranks[0].another_is_busy(); });
}

TEST_CASE("watch: a busy rank that has stopped is not waited for", "[parallel][watch]") {
  Watches ranks(2, kShort);
  ranks[1].busy(true);
  wait_until([&] { return ranks[0].another_is_busy(); });
  ranks[1].stop();
  wait_until([&] { return !ranks[0].another_is_busy() || ranks[0].fault().has_value(); });
  CHECK_FALSE(ranks[0].another_is_busy());
}

}  // namespace
}  // namespace seq2seq::parallel
