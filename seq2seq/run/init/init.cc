#include "seq2seq/run/init/init.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "seq2seq/core/atomic_text.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/core/random.h"
#include "seq2seq/data/input/line_pairs.h"
#include "seq2seq/run/init/configuration_text.h"

namespace seq2seq::run {

namespace {

constexpr int64_t kFewestPairs = 100;

using UsePair = std::function<void(const std::string& source, const std::string& target)>;

bool is_given(const data::TrainFiles& files) { return files.corpora() > 0; }

bool is_blank(const std::string& line) { return line.find_first_not_of(" \t") == std::string::npos; }

/// Passes on the pairs without an empty side. Returns the number of pairs left out.
int64_t for_each_pair(const data::TrainFiles& files, const Environment& environment, const char* title,
                      const UsePair& use) {
  data::LinePairs pairs(files, data::InvalidUtf8::error, "Correct the line, or remove it with its other side");
  Progress progress(*environment.log, title, "bytes", static_cast<double>(data::bytes_of(files)), environment.progress);
  data::LinePair pair;
  int64_t left_out = 0;
  while (pairs.next(pair)) {
    if (is_blank(pair.source) || is_blank(pair.target))
      ++left_out;
    else
      use(pair.source, pair.target);
    progress.update(static_cast<double>(pairs.consumed()));
  }
  progress.finish();
  return left_out;
}

void check_files(const std::filesystem::path& folder, const InitText& text) {
  for (const auto* part : {&text.train, &text.validation, &text.test})
    for (const auto* side : {&part->source, &part->target, &part->pairs})
      for (const auto& file : *side)
        if (std::filesystem::exists(file) && !std::filesystem::is_regular_file(file))
          throw Error(Place{.file = file.string()}, "is not a regular file, but the text is read several times",
                      "Write it to a file first");
  if (std::filesystem::exists(folder))
    throw Error(Place{.file = folder.string()}, "exists already", "Use a new folder, or remove this one");
}

/// Splits the training text. The part of a pair is a function of its source, so that no source of the test is in the
/// training. A part with files of its own gets nothing.
class Split {
 public:
  Split(const InitText& text, int64_t pairs) {
    const double held = static_cast<double>(held_pairs(pairs)) / static_cast<double>(pairs);
    test_ = is_given(text.test) ? 0 : held;
    validation_ = is_given(text.validation) ? 0 : held;
  }
  std::string part_of(const std::string& source) const {
    const double place = static_cast<double>(hash_of_name(source)) / 4294967296.0;
    return place < test_ ? "test" : place < test_ + validation_ ? "validation" : "train";
  }

 private:
  static int64_t held_pairs(int64_t pairs) {
    return pairs < 1000 ? pairs / 10 : std::clamp<int64_t>(pairs / 50, 100, 3000);
  }

  double test_ = 0, validation_ = 0;
};

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

/// Writes the user's own validation and test text. Returns its sources.
std::unordered_set<std::string> write_given_parts(PartWriter& writer, const InitText& text,
                                                  const Environment& environment, int64_t& left_out) {
  std::unordered_set<std::string> sources;
  for (const auto& [part, files] : {std::pair("validation", &text.validation), std::pair("test", &text.test)}) {
    if (!is_given(*files)) continue;
    left_out += for_each_pair(*files, environment, "copying", [&](const auto& source, const auto& target) {
      writer.add(part, source, target);
      sources.insert(source);
    });
    if (writer.pairs(part) == 0)
      throw Error(Place{.file = files->first().string()},
                  fmt::format("has no line with text on both sides, but is the {} text", part), "Use another file");
  }
  return sources;
}

}  // namespace

Initialized init(const std::filesystem::path& folder, const InitText& text, const Environment& environment) {
  check_files(folder, text);
  check_folder_writable(folder);
  Initialized made;
  TextFactsCounter counter;
  made.left_out = for_each_pair(text.train, environment, "reading the text",
                                [&](const auto& source, const auto& target) { counter.add(source, target); });
  made.facts = counter.finish();
  const Place place{.file = text.train.first().string()};
  if (made.facts.pairs < kFewestPairs)
    throw Error(place, fmt::format("has {} with text on both sides; at least {} are needed to train, validate and test",
                                   format_count(made.facts.pairs, "line"), kFewestPairs));
  make_folder_atomically(*environment.files, folder, [&](const std::filesystem::path& partial) {
    PartWriter writer(*environment.files, partial);
    auto held_out = write_given_parts(writer, text, environment, made.left_out);
    const Split split(text, made.facts.pairs);
    for_each_pair(text.train, environment, "splitting it", [&](const auto& source, const auto& target) {
      const auto part = split.part_of(source);
      writer.add(part, source, target);
      if (part == "train") made.seen += static_cast<int64_t>(held_out.erase(source));
    });
    writer.commit();
    made.training = writer.pairs("train");
    made.validation = writer.pairs("validation");
    made.test = writer.pairs("test");
    if (std::min({made.training, made.validation, made.test}) == 0)
      throw Error(place, "has too few different lines to split",
                  "Split the text by hand and write a configuration; see docs/configuration.md");
    made.recipe = recipe_for(made.facts, made.training);
    write_atomically(*environment.files, partial / "config.yaml",
                     configuration_text(made.recipe, made.facts, made.training));
  });
  return made;
}

}  // namespace seq2seq::run
