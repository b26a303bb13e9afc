#include "test/parallel/distributed/ranks.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <stdexcept>
#include <thread>
#include <unistd.h>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>

namespace seq2seq::test {
namespace {

/// Returns the environment of this process without the variables of a launcher, and with these variables.
std::vector<std::string> environment_with(const Variables& variables) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const auto name = text.substr(0, text.find('='));
    const bool of_launcher = name == "RANK" || name == "WORLD_SIZE" || name.starts_with("LOCAL_") ||
                             name.starts_with("MASTER_") || name.starts_with("TORCHELASTIC_") ||
                             name.starts_with("SLURM_") || name.starts_with("OMPI_") || name.starts_with("PMI_");
    if (!of_launcher && !variables.contains(name)) all.push_back(text);
  }
  for (const auto& [name, value] : variables) all.push_back(fmt::format("{}={}", name, value));
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Process::Process(const std::filesystem::path& program, const std::vector<std::string>& words,
                 const Variables& variables) {
  std::vector<std::string> all{program.string()};
  all.insert(all.end(), words.begin(), words.end());
  auto entries = environment_with(variables);
  const auto arguments = pointers_to(all);
  const auto environment = pointers_to(entries);
  const auto output = (folder_ / "said").string();
  id_ = ::fork();
  if (id_ < 0) throw std::runtime_error("no process can be started");
  if (id_ > 0) return;
  const int file = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::dup2(file, STDOUT_FILENO);
  ::dup2(file, STDERR_FILENO);
  ::execve(arguments.front(), arguments.data(), environment.data());
  ::_exit(127);
}

Process::~Process() {
  if (id_ <= 0) return;
  ::kill(id_, SIGKILL);
  ::waitpid(id_, nullptr, 0);
}

bool Process::runs() const {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(id_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

void Process::send(int signal) const { ::kill(id_, signal); }

std::string Process::said() const {
  return std::filesystem::exists(folder_ / "said") ? content_of(folder_ / "said") : std::string();
}

Ended Process::wait() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  int status = 0;
  while (::waitpid(id_, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("a process does not end; it said: " + said());
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  id_ = -1;
  return {.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), .said = said()};
}

Ranks::Ranks(const std::filesystem::path& program, const std::vector<std::string>& words, int64_t ranks,
             const Variables& variables, const std::map<int64_t, Own>& more) {
  const auto port = free_port();
  for (int64_t rank = 0; rank < ranks; ++rank) {
    Variables mine{{"RANK", std::to_string(rank)}, {"WORLD_SIZE", std::to_string(ranks)},
                   {"MASTER_ADDR", "127.0.0.1"},   {"MASTER_PORT", port},
                   {"OMP_NUM_THREADS", "1"},       {"GOMP_SPINCOUNT", "10000"}};
    for (const auto& [name, value] : variables) mine[name] = value;
    auto all = words;
    if (const auto own = more.find(rank); own != more.end()) {
      for (const auto& [name, value] : own->second.variables) mine[name] = value;
      all.insert(all.end(), own->second.words.begin(), own->second.words.end());
    }
    processes_.push_back(std::make_unique<Process>(program, all, mine));
  }
}

std::vector<Ended> Ranks::wait() {
  std::vector<Ended> all;
  for (auto& process : processes_) all.push_back(process->wait());
  return all;
}

std::string free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const bool found = ::bind(socket, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(socket);
  if (!found) throw std::runtime_error("no port is free");
  return std::to_string(ntohs(address.sin_port));
}

std::filesystem::path program() { return SEQ2SEQ_PROGRAM; }

std::filesystem::path this_program() { return std::filesystem::read_symlink("/proc/self/exe"); }

std::string all_said(const std::vector<Ended>& ended) {
  std::string text;
  for (const auto& each : ended) text += fmt::format("exit status {}\n{}\n", each.code, each.said);
  return text;
}

}  // namespace seq2seq::test
