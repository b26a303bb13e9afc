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
  std::string host;                         // where the ranks connect
  uint16_t port = 0;
  bool launcher_has_store = false;  // at that address; otherwise rank 0 opens a store there
  bool binds_processors = false;    // the launcher may have assigned processors to each rank
  bool limits_threads = false;      // OMP_NUM_THREADS=1 may come from the launcher, not from the user
  std::string id;                   // unique for a launch, and the same after a restart; empty: not known
  int64_t restarts = 0;             // number of restarts by the launcher
};

/// Returns the value of an environment variable, if it is set.
using Variables = std::function<std::optional<std::string>(const char* name)>;
std::optional<std::string> variable_of_process(const char* name);

/// Reads the variables of torchrun (RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT), mpirun of Open MPI
/// (OMPI_COMM_WORLD_*), srun (SLURM_*) or mpiexec of MPICH (PMI_*); the first of these that is set counts. MASTER_ADDR
/// and MASTER_PORT take precedence over the address of other launchers. Throws UsageError naming variables that are
/// missing, contradict each other or are not numbers.
Launch read_launch(const Variables& variables = variable_of_process);

/// Returns the first host of a list in Slurm's format: `node003` of `node[003-010,012],gpu1`.
std::string first_host(const std::string& list);

/// Returns the threads for each rank: this machine's processors, divided among its ranks. `given`: the user's choice, 0
/// for none.
int threads_of(const Launch& launch, int given);

}  // namespace seq2seq::parallel
