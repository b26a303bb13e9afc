#include "seq2seq/text/subwords/train.h"

#include <algorithm>
#include <cstddef>
#include <sentencepiece_trainer.h>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/random.h"
#include "seq2seq/text/subwords/blanks.h"

namespace seq2seq::text::subwords {
namespace {

/// Returns at most `most` lines in their order, each line with equal probability: Vitter 1985, "Random sampling with a
/// reservoir", algorithm R, with draws that depend only on the line's number.
std::vector<std::string> sample_lines(const NextLine& next_line, std::size_t most) {
  struct Numbered {
    uint64_t number;
    std::string line;
  };
  const RandomStream stream(/*seed=*/0, Purpose::segmentation);
  std::vector<Numbered> kept;
  std::string line;
  for (uint64_t number = 0; next_line(line); ++number) {
    if (kept.size() < most) {
      kept.push_back({number, escape_blanks(line)});
    } else {
      const auto slot = static_cast<uint64_t>(stream.uniform(number, 0) * static_cast<double>(number + 1));
      if (slot < most) kept[slot] = {number, escape_blanks(line)};
    }
  }
  std::sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  std::vector<std::string> lines;
  lines.reserve(kept.size());
  for (auto& numbered : kept) lines.push_back(std::move(numbered.line));
  return lines;
}

class Lines final : public sentencepiece::SentenceIterator {
 public:
  explicit Lines(std::vector<std::string> lines) : lines_(std::move(lines)) {}
  bool done() const override { return at_ >= lines_.size(); }
  void Next() override { ++at_; }
  const std::string& value() const override { return lines_[at_]; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  std::vector<std::string> lines_;
  std::size_t at_ = 0;
};

std::unordered_map<std::string, std::string> arguments(const SentencePieceOptions& options) {
  return {
      {"model_type", options.train == SubwordKind::unigram ? "unigram" : "bpe"},
      {"vocab_size", fmt::format("{}", options.size + 1)},  // SentencePiece counts the unknown piece; we do not
      {"character_coverage", fmt::format("{}", options.character_coverage)},
      // Leaves the text unchanged: `normalize` converts it to a normal form and counts the changes.
      {"normalization_rule_name", "identity"},
      {"remove_extra_whitespaces", "false"},
      // Our own vocabulary has the symbols for begin and end of a sentence.
      {"bos_id", "-1"},
      {"eos_id", "-1"},
      {"pad_id", "-1"},
      {"unk_id", "0"},
      {"max_sentence_length", "1000000"},
      // Each thread sums over its share of the sentences, so a different number of threads would change the last
      // digits.
      {"num_threads", "4"},
      {"minloglevel", "3"},  // no log and no warnings: important problems are returned as errors
  };
}

/// Returns the number after `words` in the message; 0 if they do not occur.
int64_t number_after(const std::string& message, const std::string& words) {
  const std::size_t at = message.find(words);
  return at == std::string::npos ? 0 : std::strtoll(message.c_str() + at + words.size(), nullptr, 10);
}

[[noreturn]] void fail(const SentencePieceOptions& options, const std::string& message) {
  if (const auto largest = number_after(message, "<= "); largest > 0) {
    throw Error(fmt::format("sentencepiece: the training text has too few pieces for `size: {}`", options.size),
                fmt::format("Set `size` to at most {}", largest - 1));
  }
  if (const auto characters = number_after(message, fmt::format("{} vs ", options.size + 1)); characters > 0) {
    throw Error(fmt::format("sentencepiece: `size: {}` is less than the number of different characters, {}",
                            options.size, characters - 1),
                "Set a larger `size`, or a smaller `character_coverage`");
  }
  throw Error("sentencepiece: training failed: " + message);
}

}  // namespace

std::string train(const SentencePieceOptions& options, const NextLine& next_line) {
  auto lines = sample_lines(next_line, static_cast<std::size_t>(options.training_lines));
  const auto has_word = [](const std::string& line) { return line.find_first_not_of(' ') != std::string::npos; };
  if (std::none_of(lines.begin(), lines.end(), has_word)) {
    throw Error("sentencepiece: the training text has no word to learn from");
  }
  Lines sentences(std::move(lines));
  std::string model;
  const auto status = sentencepiece::SentencePieceTrainer::Train(arguments(options), &sentences, &model);
  if (!status.ok()) fail(options, status.ToString());
  return model;
}

}  // namespace seq2seq::text::subwords
