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

/// What decides what a prepared folder holds, as `key=value`: kept in its summary, and compared with before it is used.
struct PrepareKeys {
  std::vector<std::string> text;        // how text becomes tokens
  std::vector<std::string> vocabulary;  // which words get an id
};

struct PrepareJob {
  const DataOptions* data = nullptr;
  const text::TokenizerRegistry* tokenizers = nullptr;
  PrepareKeys keys;
  std::string program;  // kept in the summary
  PreparedFolder folder;
  int threads = 1;
  Files* files = &disk_files();
  Log* log = nullptr;
  ProgressOptions progress;
};

/// Makes the folder what the job asks for, and does only what is not done: nothing when it is so already; when only the
/// vocabulary is another, the text is not read again. Text is read once, in memory that grows with its different words;
/// the folder appears whole or not at all. Waits where another process prepares the same folder. Throws Error for text
/// that cannot be used or that changes meanwhile, and Interrupted.
Summary prepare(const PrepareJob& job);

/// Whether the text that was prepared is what the files hold, wherever they lie now. Where one of them is gone, what
/// was prepared stands for it.
bool is_text_of(const Summary& summary, const TrainFiles& files);

}  // namespace seq2seq::data
