#include "seq2seq/parallel/distributed/launch.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <sstream>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/device.h"
#include "seq2seq/core/error.h"
#include "seq2seq/parallel/distributed/address.h"

namespace seq2seq::parallel {
namespace {

constexpr int64_t kMost = 1 << 20;  // ranks

/// Reads environment variables and collects errors.
class Reader {
 public:
  explicit Reader(const Variables& variables) : variables_(variables) {}

  std::optional<std::string> text(const char* name) const {
    auto value = variables_(name);
    return value && value->empty() ? std::nullopt : value;
  }

  std::optional<int64_t> number(const char* name, int64_t least, int64_t most) const {
    const auto value = text(name);
    if (!value) return std::nullopt;
    int64_t number = 0;
    const auto [end, fault] = std::from_chars(value->data(), value->data() + value->size(), number);
    if (fault != std::errc() || end != value->data() + value->size() || number < least || number > most)
      refuse(name, fmt::format("must be a number from {} to {}", least, most));
    return number;
  }

  /// Throws unless all of these are set.
  void need(const std::vector<const char*>& names) const {
    std::vector<std::string> set, missing;
    for (const auto* name : names) (text(name) ? set : missing).push_back(fmt::format("`{}`", name));
    if (missing.empty()) return;
    throw UsageError(
        fmt::format("{} {} set, but {} {} not", fmt::join(set, " and "), set.size() == 1 ? "is" : "are",
                    fmt::join(missing, " and "), missing.size() == 1 ? "is" : "are"),
        "Start the processes with torchrun, srun or mpirun, which set all of them; `env -u NAME` unsets one");
  }

  [[noreturn]] void refuse(const char* name, const std::string& problem) const {
    throw UsageError(Place{.part = fmt::format("{}={}", name, text(name).value_or(""))}, problem,
                     "The launcher of this process sets it");
  }

 private:
  const Variables& variables_;
};

/// Reads rank and number of ranks from the variables with these names.
void read_rank(const Reader& reader, const char* rank, const char* ranks, Launch& launch) {
  reader.need({rank, ranks});
  launch.ranks = *reader.number(ranks, 1, kMost);
  launch.rank = *reader.number(rank, 0, kMost);
  if (launch.rank >= launch.ranks)
    reader.refuse(rank, fmt::format("is not a rank of {} (`{}`); ranks count from 0", launch.ranks, ranks));
}

void read_local(const Reader& reader, const char* rank, const char* ranks, Launch& launch) {
  launch.local_ranks = reader.number(ranks, 1, launch.ranks).value_or(launch.local_ranks);
  launch.local_rank = reader.number(rank, 0, kMost).value_or(launch.local_rank);
  if (!reader.text(ranks)) launch.local_ranks = std::max(launch.local_ranks, launch.local_rank + 1);
  if (launch.local_rank >= launch.local_ranks)
    reader.refuse(rank, fmt::format("is not a rank of {} on this machine (`{}`)", launch.local_ranks, ranks));
}

void read_address(const Reader& reader, Launch& launch) {
  launch.host = reader.text("MASTER_ADDR").value_or(launch.host);
  launch.port = static_cast<uint16_t>(reader.number("MASTER_PORT", 1, 65535).value_or(launch.port));
}

bool is_loopback(const std::string& host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

/// Returns a port that two simultaneous launches are unlikely to share.
uint16_t port_by(int64_t number) {
  constexpr int64_t first = 20000, count = 12000;
  return static_cast<uint16_t>(first + number % count);
}

/// Returns `host 1234 567`: a process and its start time, which identify it uniquely.
std::string parent_process() {
  std::ifstream file(fmt::format("/proc/{}/stat", ::getppid()));
  const std::string stat((std::istreambuf_iterator<char>(file)), {});
  std::istringstream fields(stat.substr(std::min(stat.size(), stat.rfind(')') + 1)));  // a name may have spaces
  constexpr int start_time = 20;                                                       // counted after the name
  std::string field;
  for (int i = 0; i < start_time; ++i) fields >> field;
  return fmt::format("{} {} {}", name_of_machine(), ::getppid(), field);
}

/// Compares with the rank of another launcher that started the same processes: a script may copy its variables.
void check_same(const Reader& reader, const char* mine, int64_t value, const char* other) {
  const auto says = reader.number(other, 0, kMost);
  if (says && *says != value)
    throw UsageError(fmt::format("`{}={}` and `{}={}` contradict each other", mine, value, other, *says),
                     "Unset the one that is wrong with `env -u NAME`");
}

Launch of_torchrun(const Reader& reader) {
  Launch launch;
  reader.need({"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"});
  read_rank(reader, "RANK", "WORLD_SIZE", launch);
  read_address(reader, launch);
  const auto run = reader.text("TORCHELASTIC_RUN_ID");
  if (is_loopback(launch.host)) launch.local_rank = launch.rank, launch.local_ranks = launch.ranks;
  read_local(reader, "LOCAL_RANK", "LOCAL_WORLD_SIZE", launch);
  launch.launcher_has_store = reader.text("TORCHELASTIC_USE_AGENT_STORE") == "True";
  launch.limits_threads = run.has_value();
  launch.restarts = reader.number("TORCHELASTIC_RESTART_COUNT", 0, kMost).value_or(0);
  if (run) launch.id = fmt::format("torchrun {}", *run != "none" ? *run : parent_process());
  if (run) return launch;
  check_same(reader, "RANK", launch.rank, "OMPI_COMM_WORLD_RANK");
  if (reader.text("SLURM_STEP_ID")) check_same(reader, "RANK", launch.rank, "SLURM_PROCID");
  return launch;
}

Launch of_mpi(const Reader& reader, const char* rank, const char* ranks, const char* local_rank,
              const char* local_ranks) {
  Launch launch;
  read_rank(reader, rank, ranks, launch);
  read_local(reader, local_rank, local_ranks, launch);
  launch.binds_processors = true;
  if (reader.text(local_ranks) && launch.local_ranks == launch.ranks)
    launch.host = "127.0.0.1", launch.port = port_by(::getppid());
  read_address(reader, launch);
  if (launch.host.empty() || launch.port == 0) reader.need({rank, "MASTER_ADDR", "MASTER_PORT"});
  return launch;
}

/// Returns how many tasks run on this node, from a list such as `2(x3),1`; `otherwise` if the list is missing.
int64_t tasks_here(const Reader& reader, int64_t otherwise) {
  const auto list = reader.text("SLURM_STEP_TASKS_PER_NODE");
  const auto node = reader.number("SLURM_NODEID", 0, kMost);
  if (!list || !node) return otherwise;
  std::istringstream parts(*list);
  int64_t at = 0;
  for (std::string part; std::getline(parts, part, ',');) {
    const auto times = part.find("(x");
    at += times == std::string::npos ? 1 : std::atoll(part.c_str() + times + 2);
    if (*node < at) return std::max<int64_t>(1, std::atoll(part.c_str()));
  }
  return otherwise;
}

Launch of_slurm(const Reader& reader) {
  Launch launch;
  const char* ranks = reader.text("SLURM_STEP_NUM_TASKS") ? "SLURM_STEP_NUM_TASKS" : "SLURM_NTASKS";
  read_rank(reader, "SLURM_PROCID", ranks, launch);
  launch.local_rank = reader.number("SLURM_LOCALID", 0, kMost).value_or(0);
  launch.local_ranks = std::max(launch.local_rank + 1, tasks_here(reader, 1));
  const auto job = reader.number("SLURM_JOB_ID", 0, int64_t{1} << 40);
  if (job) {
    const auto step = reader.number("SLURM_STEP_ID", 0, int64_t{1} << 40).value_or(0);
    launch.port = port_by(*job + 1009 * step);
    launch.id = fmt::format("slurm {}.{}", *job, step);
  }
  const auto nodes = reader.text("SLURM_STEP_NODELIST");
  launch.host = first_host(nodes ? *nodes : reader.text("SLURM_JOB_NODELIST").value_or(""));
  read_address(reader, launch);
  launch.binds_processors = true;
  launch.restarts = reader.number("SLURM_RESTART_COUNT", 0, kMost).value_or(0);
  if (launch.ranks == 1) return launch;
  if (launch.host.empty()) reader.need({"SLURM_PROCID", "SLURM_JOB_NODELIST"});
  if (launch.port == 0) reader.need({"SLURM_PROCID", "SLURM_JOB_ID"});
  return launch;
}

}  // namespace

std::optional<std::string> variable_of_process(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Launch read_launch(const Variables& variables) {
  const Reader reader(variables);
  if (reader.text("RANK") || reader.text("WORLD_SIZE")) return of_torchrun(reader);
  if (reader.text("OMPI_COMM_WORLD_RANK") || reader.text("OMPI_COMM_WORLD_SIZE")) {
    return of_mpi(reader, "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK",
                  "OMPI_COMM_WORLD_LOCAL_SIZE");
  }
  // Only srun sets the number of a step. A batch script, which is a single process, has the other variables, too.
  if (reader.text("SLURM_STEP_ID") && reader.text("SLURM_PROCID")) return of_slurm(reader);
  if (reader.text("PMI_RANK") || reader.text("PMI_SIZE"))
    return of_mpi(reader, "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS");
  return {};
}

std::string first_host(const std::string& list) {
  std::string host;
  for (std::size_t i = 0; i < list.size() && list[i] != ','; ++i) {
    if (list[i] != '[') {
      host += list[i];
      continue;
    }
    const auto end = list.find(']', i);
    host += list.substr(i + 1, std::min(list.find_first_of("-,]", i + 1), end) - i - 1);
    if (end == std::string::npos) break;
    i = end;
  }
  return host;
}

int threads_of(const Launch& launch, int given) {
  if (given > 0 || launch.ranks == 1) return given;
  const auto limit = variable_of_process("OMP_NUM_THREADS");
  if (limit && !(launch.limits_threads && *limit == "1")) return processors();
  const int all = processors({.obey_openmp = false});
  if (launch.binds_processors && all < ::sysconf(_SC_NPROCESSORS_ONLN)) return all;
  return std::max(1, all / static_cast<int>(launch.local_ranks));
}

}  // namespace seq2seq::parallel
