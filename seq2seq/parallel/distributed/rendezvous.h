#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <c10/util/intrusive_ptr.h>

#include "seq2seq/parallel/distributed/launch.h"

namespace c10d {
class Store;
}

namespace seq2seq::parallel {

/// Result of connecting the ranks: the store, and the name of every rank, `rank 1 of 4 (host, process 1234)`.
struct Rendezvous {
  c10::intrusive_ptr<c10d::Store> store, second;  // two connections to the same one, for one thread each
  std::vector<std::string> names;
  std::vector<std::string> hosts;
  std::string address;  // this machine's, from which it reaches the store
};

/// Waits until all ranks have come. Throws Error with the address when the store cannot be reached within `timeout`,
/// naming the ranks that did not come (RankLost, where another rank has found it first), those that disagree about the
/// number of ranks, and a rank that came twice.
Rendezvous meet(const Launch& launch, std::chrono::milliseconds timeout);

}  // namespace seq2seq::parallel
