#pragma once

#include <string>
#include <vector>

#include "seq2seq/core/files.h"
#include "seq2seq/core/log.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/data/options.h"
#include "seq2seq/data/prepare/prepared_folder.h"
#include "seq2seq/data/prepare/summary.h"
#include "seq2seq/text/tokenizer.h"

namespace seq2seq::data {

/// Options that determine the content of a prepared folder, as `key=value`; stored in its summary and compared before
/// use.
struct PrepareKeys {
  std::vector<std::string> text;        // how text becomes tokens
  std::vector<std::string> vocabulary;  // which words get an id
};

struct PrepareJob {
  const DataOptions* data = nullptr;
  const text::TokenizerRegistry* tokenizers = nullptr;
  PrepareKeys keys;
  std::string program;  // recorded in the summary
  PreparedFolder folder;
  int threads = 1;
  bool verifies = false;  // files that are already there; training verifies them when it opens them
  Files* files = &disk_files();
  Log* log = nullptr;
  ProgressOptions progress;
};

/// Prepares the folder for the job and does only the necessary work: none if the folder is complete; if only the
/// vocabulary options have changed, it does not read the text again. Reads the text once, in memory that grows with the
/// number of distinct words. The folder appears completely or not at all. Waits while another process prepares the same
/// folder. Throws Error for text that is invalid or changes during the work, and Interrupted.
Summary prepare(const PrepareJob& job);

/// Returns true if the prepared text was made from the content of these files, at any path. A missing file is assumed
/// to be unchanged.
bool is_text_of(const Summary& summary, const TrainFiles& files);

}  // namespace seq2seq::data
