#pragma once

#include <filesystem>

#include <c10/core/Device.h>

#include "seq2seq/core/device.h"
#include "seq2seq/core/files.h"
#include "seq2seq/core/log.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/parallel/distributed/launch.h"
#include "seq2seq/parallel/distributed/process_group.h"
#include "seq2seq/run/run.h"

namespace seq2seq::run {

/// Environment of a run that is not part of its configuration: messages, files, and the machine. All of it must outlive
/// the calls it is passed to.
struct Environment {
  const Registries* registries = nullptr;
  Log* log = nullptr;
  Files* files = &disk_files();
  c10::Device device{c10::kCPU};
  /// True if the whole model is on `device`; otherwise training places its parts as configured.
  bool single_device = true;
  int threads = 0;  // 0: as many as there are processors available to this process
  ProgressOptions progress;
  std::filesystem::path timeline;           // file for the timeline of one update of a training; empty: none
  parallel::Launch launch;                  // the number of this process among those that train together
  parallel::ProcessGroup* group = nullptr;  // of these processes, after they have connected; null: a single process

  /// Returns true if this process writes the run and reports for all.
  bool leads() const { return launch.rank == 0; }
};

}  // namespace seq2seq::run
