#include "seq2seq/run/init/init.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "seq2seq/core/atomic_text.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/core/random.h"
#include "seq2seq/data/input/line_reader.h"
#include "seq2seq/run/init/configuration_text.h"

namespace seq2seq::run {

namespace {

constexpr int64_t kFewestPairs = 100;

int64_t held_pairs(int64_t pairs) { return pairs < 1000 ? pairs / 10 : std::clamp<int64_t>(pairs / 50, 100, 3000); }

/// Returns the part of a pair, a function of its source, so that no source of the test is in the training.
std::string part_of(const std::string& source, double held_share) {
  const double place = static_cast<double>(hash_of_name(source)) / 4294967296.0;
  return place < held_share ? "test" : place < 2 * held_share ? "validation" : "train";
}

bool is_blank(const std::string& line) { return line.find_first_not_of(" \t") == std::string::npos; }

/// Reads both files and passes on the pairs without an empty side. Returns the number of pairs left out.
int64_t for_each_pair(const InitText& text, const Environment& environment, const char* title,
                      const std::function<void(const std::string&, const std::string&)>& use) {
  data::LineReader sources(text.source, data::InvalidUtf8::error), targets(text.target, data::InvalidUtf8::error);
  Progress progress(*environment.log, title, "bytes", static_cast<double>(std::filesystem::file_size(text.source)),
                    environment.progress);
  std::string source, target;
  int64_t left_out = 0;
  for (;;) {
    const bool one = sources.next(source), other = targets.next(target);
    if (one != other) {
      const auto& [longer, shorter] = one ? std::pair(text.source, text.target) : std::pair(text.target, text.source);
      if ((one ? targets : sources).lines() == 0) throw Error(Place{.file = shorter.string()}, "is empty");
      throw Error(Place{.file = longer.string(), .line = one ? sources.lines() : targets.lines()},
                  fmt::format("has no counterpart: {} has fewer lines", shorter.string()),
                  "Line n of the source belongs to line n of the target");
    }
    if (!one) break;
    if (is_blank(source) || is_blank(target))
      ++left_out;
    else
      use(source, target);
    progress.update(static_cast<double>(sources.consumed()));
  }
  progress.finish();
  return left_out;
}

void check_files(const std::filesystem::path& folder, const InitText& text) {
  for (const auto& file : {text.source, text.target}) {
    if (std::filesystem::exists(file) && !std::filesystem::is_regular_file(file))
      throw Error(Place{.file = file.string()}, "is not a regular file, but the text is read twice",
                  "Write it to a file first");
  }
  if (std::filesystem::exists(folder))
    throw Error(Place{.file = folder.string()}, "exists already", "Use a new folder, or remove this one");
}

/// Writes the pairs of each part into the folder.
class PartWriter {
 public:
  PartWriter(Files& files, std::filesystem::path folder) : files_(files), folder_(std::move(folder)) {}

  void add(const std::string& part, const std::string& source, const std::string& target) {
    ++pairs_[part];
    file(part_file(part, "source")) << source << '\n';
    file(part_file(part, "target")) << target << '\n';
  }
  void commit() {
    for (auto& [name, text] : texts_) text->commit();
  }
  int64_t pairs(const std::string& part) { return pairs_[part]; }

 private:
  std::ostream& file(const std::string& name) {
    auto& text = texts_[name];
    if (!text) text = std::make_unique<AtomicText>(files_, folder_ / name);
    return text->stream();
  }

  Files& files_;
  std::filesystem::path folder_;
  std::map<std::string, std::unique_ptr<AtomicText>> texts_;
  std::map<std::string, int64_t> pairs_;
};

}  // namespace

Initialized init(const std::filesystem::path& folder, const InitText& text, const Environment& environment) {
  check_files(folder, text);
  check_folder_writable(folder);
  Initialized made;
  TextFactsCounter counter;
  made.left_out = for_each_pair(text, environment, "reading the text",
                                [&](const auto& source, const auto& target) { counter.add(source, target); });
  made.facts = counter.finish();
  if (made.facts.pairs < kFewestPairs)
    throw Error(Place{.file = text.source.string()},
                fmt::format("has {} with text on both sides; at least {} are needed to train, validate and test",
                            format_count(made.facts.pairs, "line"), kFewestPairs));
  const double held = static_cast<double>(held_pairs(made.facts.pairs)) / static_cast<double>(made.facts.pairs);
  make_folder_atomically(*environment.files, folder, [&](const std::filesystem::path& partial) {
    PartWriter writer(*environment.files, partial);
    for_each_pair(text, environment, "splitting it",
                  [&](const auto& source, const auto& target) { writer.add(part_of(source, held), source, target); });
    writer.commit();
    made.training = writer.pairs("train");
    made.validation = writer.pairs("validation");
    made.test = writer.pairs("test");
    if (std::min({made.training, made.validation, made.test}) == 0)
      throw Error(Place{.file = text.source.string()}, "has too few different lines to split",
                  "Split the text by hand and write a configuration; see docs/configuration.md");
    made.recipe = recipe_for(made.facts, made.training);
    write_atomically(*environment.files, partial / "config.yaml",
                     configuration_text(made.recipe, made.facts, made.training));
  });
  return made;
}

}  // namespace seq2seq::run
