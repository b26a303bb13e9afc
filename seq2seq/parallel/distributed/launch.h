#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace seq2seq::parallel {

/// Rank of this process and number of processes, as set by the launcher. The defaults are a single process.
struct Launch {
  int64_t rank = 0, ranks = 1;
  int64_t local_rank = 0, local_ranks = 1;  // on this machine
  std::string host;                         // where the ranks find each other
  uint16_t port = 0;
  bool launcher_has_store = false;  // at that address; otherwise rank 0 opens one there
  bool binds_processors = false;    // the launcher may have given each rank processors of its own
  bool limits_threads = false;      // the launcher may have set OMP_NUM_THREADS to 1, not the user
  std::string id;                   // the same after a restart, and of no other launch; empty: not known
  int64_t restarts = 0;             // that the launcher has made
};

/// Returns the value of an environment variable, if it is set.
using Variables = std::function<std::optional<std::string>(const char* name)>;
std::optional<std::string> variable_of_process(const char* name);

/// Reads what torchrun (RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT), mpirun of Open MPI (OMPI_COMM_WORLD_*), srun
/// (SLURM_*) or mpiexec of MPICH (PMI_*) set; the first of them that is there counts. MASTER_ADDR and MASTER_PORT go
/// before what another launcher says. Throws UsageError naming variables that are missing, contradict each other or
/// are no numbers.
Launch read_launch(const Variables& variables = variable_of_process);

/// The first host of a list as Slurm writes it: `node003` of `node[003-010,012],gpu1`.
std::string first_host(const std::string& list);

/// Threads for each rank: the processors of this machine, shared out among the ranks on it. `given`: what the user
/// asked for, 0 for nothing.
int threads_of(const Launch& launch, int given);

}  // namespace seq2seq::parallel
