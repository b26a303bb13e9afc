#include "seq2seq/data/prepare/prepare.h"

#include <algorithm>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include "seq2seq/core/atomic_file.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/file_lock.h"
#include "seq2seq/data/corpus.h"
#include "seq2seq/data/prepare/choose_vocabulary.h"
#include "seq2seq/data/prepare/open_prepared.h"
#include "seq2seq/data/prepare/text_pass.h"

namespace seq2seq::data {
namespace {

/// An existing folder is replaced only if it contains prepared text, so that a wrong path does not delete other data.
void check_replaceable(const PreparedFolder& folder) {
  std::error_code unknown;
  const bool empty = !std::filesystem::exists(folder.root, unknown) ||
                     (std::filesystem::is_directory(folder.root, unknown) && std::filesystem::is_empty(folder.root));
  if (!empty && !std::filesystem::exists(folder.summary(), unknown)) {
    throw Error(Place{folder.root.string(), 0, 0, {}}, "already exists and is not a folder of prepared text",
                "Set `data.prepared` to another folder, or remove this one");
  }
}

/// Returns the summary of the folder, if it can be read; an unreadable folder is made again.
std::optional<Summary> summary_there(const PreparedFolder& folder) {
  std::error_code unknown;
  if (!std::filesystem::exists(folder.summary(), unknown)) return std::nullopt;
  try {
    return read_summary(folder);
  } catch (const FormatError&) {
    return std::nullopt;
  }
}

/// Returns true for a missing file that was part of the prepared text, perhaps in another folder. Any other name is a
/// mistake.
bool is_gone(const std::filesystem::path& file, const std::vector<InputText>& inputs) {
  std::error_code unknown;
  return !file.empty() && !std::filesystem::exists(file, unknown) &&
         std::ranges::any_of(inputs, [&file](const auto& input) {
           return std::filesystem::path(input.path).filename() == file.filename();
         });
}

}  // namespace

bool is_text_of(const Summary& summary, const TrainFiles& files) {
  for (const auto* list : {&files.source, &files.target, &files.pairs, &files.weights, &files.alignment}) {
    if (std::ranges::any_of(*list, [&](const auto& file) { return is_gone(file, summary.inputs); })) return true;
  }
  return summary.inputs == look_at(files) || summary.content_digest == content_digest(files);
}

Summary prepare(const PrepareJob& job) {
  check_replaceable(job.folder);
  check_folder_writable(job.folder.root.parent_path());
  job.files->make_folder(job.folder.lock().parent_path());
  const FileLock lock(job.folder.lock(), [&job](const std::string& holder) {
    job.log->say(fmt::format("{}: waiting for {}, which is preparing it", job.folder.root.string(), holder));
  });
  auto summary = summary_there(job.folder);
  const bool vocabulary_is_there = summary && summary->vocabulary_options == job.keys.vocabulary;
  bool text_is_there = summary && summary->text_options == job.keys.text && is_text_of(*summary, job.data->train);
  if (text_is_there && (job.verifies || !vocabulary_is_there) &&
      !is_intact(job.folder, *summary, job.data->source_form)) {
    job.log->warn(fmt::format("{} is damaged; the text is prepared again", job.folder.root.string()));
    text_is_there = false;
  }
  if (text_is_there) remove_leftovers(*job.files, job.folder.root);
  if (!text_is_there) {
    make_folder_atomically(*job.files, job.folder.root, [&](const std::filesystem::path& folder) {
      summary = read_text(job, PreparedFolder{folder});
      choose_vocabulary(job, PreparedFolder{folder}, *summary);
    });
  } else if (!vocabulary_is_there) {
    choose_vocabulary(job, job.folder, *summary);
  }
  return *summary;
}

}  // namespace seq2seq::data
