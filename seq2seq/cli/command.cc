#include "seq2seq/cli/command.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <iostream>
#include <new>
#include <unistd.h>
#include <utility>

#include <ATen/Context.h>
#include <ATen/Version.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>
#include <torch/headeronly/version.h>

#include "seq2seq/cli/called_as.h"
#include "seq2seq/cli/commands.h"
#include "seq2seq/cli/common.h"
#include "seq2seq/cli/share_processors.h"
#include "seq2seq/cli/working_directory.h"
#include "seq2seq/core/device.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/version.h"
#include "seq2seq/parallel/distributed/launch.h"

namespace seq2seq::cli {

namespace {

std::string version_text() {
  return fmt::format("seq2seq {}\nLibTorch {}, processor {}, CUDA {}", version().text(), TORCH_VERSION,
                     at::get_cpu_capability(), at::hasCUDA() ? "yes" : "no");
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// Extracts `1440000000000 bytes were asked for at once` from the message of LibTorch's allocator.
std::string asked_for(const std::string& message) {
  const std::string mark = "you tried to allocate ";
  const auto start = message.find(mark);
  if (start == std::string::npos) return message;
  const auto number = message.substr(start + mark.size());
  return number.substr(0, number.find(' ')) + " bytes in one allocation";
}

int fail(std::ostream& err, const Error& fault) {
  err << (to_string(fault.place()).empty() ? "error: " : "") << fault.what() << '\n';
  return Exit::failed;
}

int no_memory(std::ostream& err, const std::string& detail) {
  err << "error: " << out_of_memory << (detail.empty() ? "" : " (" + detail + ")") << ". " << out_of_memory_remedy
      << '\n';
  return Exit::failed;
}

int fault_of_program(std::ostream& err, const std::string& what) {
  err << "error: internal error: " << what
      << ". Please report it with the command and the output of `seq2seq --version`\n";
  return Exit::failed;
}

/// Throws UsageError if a launcher started several processes: each would do the same work and write the same files.
void refuse_several(const Command& command) {
  parallel::Launch launch;
  try {
    launch = parallel::read_launch();
  } catch (const UsageError&) {  // unclear variables matter only for `train`
  }
  if (launch.ranks == 1) return;
  throw UsageError(
      fmt::format("`{}` runs in a single process, but this is one of {} processes", command.name(), launch.ranks),
      "Start it without torchrun, srun or mpirun; only `train` works in several processes");
}

/// Prints the error and returns its exit code.
int explain(std::ostream& err, std::exception_ptr thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Interrupted& fault) {
    err << fault.what() << '\n';
    return Exit::interrupted_with_checkpoint;
  } catch (const UsageError& fault) {
    err << fault.what() << '\n';  // begins with a place: in the file, or the option as typed
    return Exit::usage;
  } catch (const Error& fault) {
    if (const auto lost = lost_directory(fault)) return fail(err, *lost);
    return fail(err, fault);
  } catch (const std::filesystem::filesystem_error& fault) {
    if (const auto lost = lost_directory(fault)) return fail(err, *lost);
    return fail(err, file_error(fault.path1(), "used", fault.code().value()));
  } catch (const c10::OutOfMemoryError& fault) {
    return no_memory(err, first_line(fault.what_without_backtrace()));
  } catch (const c10::Error& fault) {
    if (const auto failure = device_failure(thrown); !failure.empty())
      return fail(err, Error("a device failed: " + failure, "Check it (`nvidia-smi`), then run the command again"));
    const auto what = first_line(fault.what_without_backtrace());
    return is_out_of_memory(thrown) ? no_memory(err, asked_for(what)) : fault_of_program(err, what);
  } catch (const std::bad_alloc&) {
    return no_memory(err, "");
  } catch (const std::exception& fault) {
    return fault_of_program(err, first_line(fault.what()));
  }
}

}  // namespace

Streams streams_of_process() {
  return {.in = STDIN_FILENO, .out = &std::cout, .err = &std::cerr, .terminal = terminal_of_process()};
}

Commands builtin_commands() {
  Commands commands;
  commands.push_back(init_command());
  commands.push_back(prepare_command());
  commands.push_back(train_command());
  commands.push_back(plan_command());
  commands.push_back(translate_command());
  commands.push_back(score_command());
  commands.push_back(rescore_command());
  commands.push_back(evaluate_command());
  commands.push_back(compare_command());
  commands.push_back(states_command());
  commands.push_back(inspect_command());
  commands.push_back(config_reference_command());
  commands.push_back(config_check_command());
  commands.push_back(study_plan_command());
  commands.push_back(study_run_command());
  commands.push_back(study_work_command());
  commands.push_back(study_status_command());
  commands.push_back(study_table_command());
  commands.push_back(completion_command());
  commands.push_back(man_command());
  return commands;
}

int run(const std::vector<std::string>& words, const run::Registries& registries, const Streams& streams,
        const std::string& program) {
  CalledAs err(*streams.err, program);
  auto named = streams;
  named.err = &err;
  try {
    const auto commands = builtin_commands();
    auto* command = parse(words, commands, {.name = program, .version = version_text()}, *streams.out, err);
    if (command == nullptr) {  // help or the version was written
      streams.out->flush();
      check_written(*streams.out);
      return Exit::done;
    }
    if (!command->works_together()) refuse_several(*command);
    const int code = command->run({&registries, named, program});
    return code == Exit::done && !*streams.out ? Exit::reader_gone : code;
  } catch (...) {
    return explain(err, std::current_exception());
  }
}

/// Opens /dev/null in place of standard streams that are closed. Otherwise the next file that the program opens would
/// take their number, and messages would be written into it.
void occupy_closed_streams() {
  // Reading from them or writing to them fails, as before. The lowest free number is given to each.
  constexpr std::array<std::pair<int, int>, 3> unusable_modes{
      {{STDIN_FILENO, O_WRONLY}, {STDOUT_FILENO, O_RDONLY}, {STDERR_FILENO, O_RDONLY}}};
  for (const auto& [number, mode] : unusable_modes)
    if (::fcntl(number, F_GETFD) == -1 && errno == EBADF && ::open("/dev/null", mode) < 0) std::abort();
}

int run(int count, char** words, const run::Registries& registries) {
  occupy_closed_streams();
  share_processors(count, words);
  // A closed pipe shows as a failed write: training continues, a translation ends.
  std::signal(SIGPIPE, SIG_IGN);
  // A limit on the size of files (`ulimit -f`) shows as a failed write, like a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
  std::ios::sync_with_stdio(false);
  const std::string program = count > 0 && *words[0] != '\0' ? words[0] : "seq2seq";
  return run(std::vector<std::string>(words + (count > 0 ? 1 : 0), words + count), registries, streams_of_process(),
             program);
}

}  // namespace seq2seq::cli
