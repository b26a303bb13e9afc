#include "seq2seq/parallel/distributed/launch.h"

#include <map>
#include <string>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"

namespace seq2seq::parallel {
namespace {

using Catch::Matchers::ContainsSubstring;
using Given = std::map<std::string, std::string>;

Launch launch_of(const Given& given) {
  return read_launch([&given](const char* name) -> std::optional<std::string> {
    const auto found = given.find(name);
    return found == given.end() ? std::nullopt : std::optional(found->second);
  });
}

const Given kTorchrun{{"RANK", "3"},
                      {"WORLD_SIZE", "4"},
                      {"LOCAL_RANK", "1"},
                      {"LOCAL_WORLD_SIZE", "2"},
                      {"MASTER_ADDR", "10.0.0.7"},
                      {"MASTER_PORT", "29500"},
                      {"TORCHELASTIC_RUN_ID", "a"},
                      {"TORCHELASTIC_RESTART_COUNT", "2"},
                      {"TORCHELASTIC_USE_AGENT_STORE", "True"}};
const Given kSlurm{{"SLURM_STEP_ID", "0"},
                   {"SLURM_PROCID", "5"},
                   {"SLURM_NTASKS", "6"},
                   {"SLURM_LOCALID", "1"},
                   {"SLURM_NODEID", "2"},
                   {"SLURM_STEP_TASKS_PER_NODE", "2(x3)"},
                   {"SLURM_JOB_NODELIST", "gpu[03-04,07]"},
                   {"SLURM_JOB_ID", "77"}};
const Given kOpenMpi{{"OMPI_COMM_WORLD_RANK", "1"},
                     {"OMPI_COMM_WORLD_SIZE", "2"},
                     {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                     {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}};

Given with(Given given, const std::string& name, const std::string& value) {
  given[name] = value;
  return given;
}

Given without(Given given, const std::string& name) {
  given.erase(name);
  return given;
}

TEST_CASE("launch: without a launcher's variables a process is alone", "[parallel][launch]") {
  CHECK(launch_of({}).ranks == 1);
  CHECK(launch_of({{"MASTER_ADDR", "10.0.0.7"}, {"MASTER_PORT", "1"}}).ranks == 1);
}

TEST_CASE("launch: torchrun's variables say rank, world, address and restarts", "[parallel][launch]") {
  const auto launch = launch_of(kTorchrun);
  CHECK(launch.rank == 3);
  CHECK(launch.ranks == 4);
  CHECK(launch.local_rank == 1);
  CHECK(launch.local_ranks == 2);
  CHECK(launch.host == "10.0.0.7");
  CHECK(launch.port == 29500);
  CHECK(launch.restarts == 2);
  CHECK(launch.id == "torchrun a");
  CHECK(launch.launcher_has_store);
}

TEST_CASE("launch: srun's variables say rank and world, and the first host of the job has the store",
          "[parallel][launch]") {
  const auto launch = launch_of(kSlurm);
  CHECK(launch.rank == 5);
  CHECK(launch.ranks == 6);
  CHECK(launch.local_rank == 1);
  CHECK(launch.local_ranks == 2);
  CHECK(launch.host == "gpu03");
  CHECK(launch.port > 1024);
  CHECK_FALSE(launch.launcher_has_store);
  CHECK(launch.id == "slurm 77.0");
}

TEST_CASE("launch: a batch script of Slurm, which is one process, is alone", "[parallel][launch]") {
  CHECK(launch_of(without(kSlurm, "SLURM_STEP_ID")).ranks == 1);
}

TEST_CASE("launch: the first host of a list of Slurm's", "[parallel][launch]") {
  CHECK(first_host("node003") == "node003");
  CHECK(first_host("node003,node004") == "node003");
  CHECK(first_host("node[003-010,012],gpu1") == "node003");
  CHECK(first_host("node[7,9]") == "node7");
  CHECK(first_host("rack[1-2]node[3-4]x") == "rack1node3x");
  CHECK(first_host("a[1") == "a1");
  CHECK(first_host("").empty());
}

TEST_CASE("launch: mpirun's variables on one machine need no address", "[parallel][launch]") {
  const auto launch = launch_of(kOpenMpi);
  CHECK(launch.rank == 1);
  CHECK(launch.ranks == 2);
  CHECK(launch.host == "127.0.0.1");
  CHECK(launch.port > 1024);
  const auto pmi = launch_of({{"PMI_RANK", "0"}, {"PMI_SIZE", "3"}, {"MASTER_ADDR", "a"}, {"MASTER_PORT", "5000"}});
  CHECK(pmi.ranks == 3);
  CHECK(pmi.host == "a");
  CHECK(pmi.port == 5000);
}

TEST_CASE("launch: torchrun under srun counts, not the step of the agent", "[parallel][launch]") {
  auto both = kSlurm;
  both.insert(kTorchrun.begin(), kTorchrun.end());
  CHECK(launch_of(both).rank == 3);
}

TEST_CASE("launch: a variable that is missing is named", "[parallel][launch][error]") {
  const auto* missing = GENERATE("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT");
  REQUIRE_THROWS_WITH(launch_of(without(kTorchrun, missing)),
                      ContainsSubstring(std::string("but `") + missing + "` is not"));
  REQUIRE_THROWS_WITH(launch_of(without(kOpenMpi, "OMPI_COMM_WORLD_SIZE")),
                      ContainsSubstring("but `OMPI_COMM_WORLD_SIZE` is not"));
  REQUIRE_THROWS_WITH(launch_of(without(kSlurm, "SLURM_NTASKS")), ContainsSubstring("but `SLURM_NTASKS` is not"));
  REQUIRE_THROWS_WITH(launch_of(without(kSlurm, "SLURM_JOB_NODELIST")),
                      ContainsSubstring("but `SLURM_JOB_NODELIST` is not"));
  REQUIRE_THROWS_WITH(launch_of(without(kOpenMpi, "OMPI_COMM_WORLD_LOCAL_SIZE")),
                      ContainsSubstring("`MASTER_ADDR` and `MASTER_PORT` are not"));
}

TEST_CASE("launch: a value that cannot be is refused with its name", "[parallel][launch][error]") {
  REQUIRE_THROWS_WITH(launch_of(with(kTorchrun, "RANK", "4")), ContainsSubstring("RANK=4: is not a rank of 4"));
  REQUIRE_THROWS_WITH(launch_of(with(kTorchrun, "RANK", "-1")), ContainsSubstring("RANK=-1: must be a number"));
  REQUIRE_THROWS_WITH(launch_of(with(kTorchrun, "WORLD_SIZE", "two")), ContainsSubstring("WORLD_SIZE=two"));
  REQUIRE_THROWS_WITH(launch_of(with(kTorchrun, "LOCAL_RANK", "2")), ContainsSubstring("LOCAL_RANK=2"));
  REQUIRE_THROWS_WITH(launch_of(with(kTorchrun, "MASTER_PORT", "70000")), ContainsSubstring("MASTER_PORT=70000"));
}

TEST_CASE("launch: variables of two launchers that contradict each other are refused", "[parallel][launch][error]") {
  auto both = without(without(kTorchrun, "TORCHELASTIC_RUN_ID"), "TORCHELASTIC_RESTART_COUNT");
  both.insert(kSlurm.begin(), kSlurm.end());
  REQUIRE_THROWS_WITH(launch_of(both), ContainsSubstring("`RANK=3` and `SLURM_PROCID=5` contradict each other"));
}

}  // namespace
}  // namespace seq2seq::parallel
