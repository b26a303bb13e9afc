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
  c10::intrusive_ptr<c10d::Store> store, second;  // two connections to the same store, for one thread each
  std::vector<std::string> names;
  std::vector<std::string> hosts;
  std::string address;  // address of this machine when it connects to the store
};

/// Waits until all ranks have connected. Throws Error with the address if the store cannot be reached within `timeout`.
/// Also throws Error naming the missing ranks (RankLost if another rank has reported them first), ranks that disagree
/// about the number of ranks, and a rank that occurs twice.
Rendezvous meet(const Launch& launch, std::chrono::milliseconds timeout);

}  // namespace seq2seq::parallel
