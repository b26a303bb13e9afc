#include "seq2seq/data/prepare/summary.h"

#include <filesystem>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/json.h"

namespace seq2seq::data {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const SideSummary& side) {
  return {{"tokens", side.tokens},
          {"words", side.words},
          {"lengths", side.lengths},
          {"normalized", side.normalized},
          {"escaped", side.escaped},
          {"tokenizer_sha256", side.tokenizer_sha256},
          {"words_sha256", side.words_sha256},
          {"unknown", side.unknown},
          {"vocabulary_words", side.vocabulary_words},
          {"vocabulary_sha256", side.vocabulary_sha256}};
}

SideSummary side_of(const Json& json) {
  return {.tokens = to_integer<int64_t>(json.at("tokens")),
          .words = to_integer<int64_t>(json.at("words")),
          .lengths = to_integers(json.at("lengths")),
          .normalized = to_integer<int64_t>(json.at("normalized")),
          .escaped = to_integer<int64_t>(json.at("escaped")),
          .tokenizer_sha256 = json.at("tokenizer_sha256").get<std::string>(),
          .words_sha256 = json.at("words_sha256").get<std::string>(),
          .unknown = to_integer<int64_t>(json.at("unknown")),
          .vocabulary_words = to_integer<int64_t>(json.at("vocabulary_words")),
          .vocabulary_sha256 = json.at("vocabulary_sha256").get<std::string>()};
}

Json to_json(const LeftOut& left_out) {
  Json json = Json::object();
  for (const auto reason : reasons()) {
    const auto& count = left_out[reason];
    json[std::string(name_of(reason))] = {{"pairs", count.pairs}, {"first_lines", count.first_lines}};
  }
  return json;
}

LeftOut left_out_of(const Json& json) {
  LeftOut left_out;
  for (const auto reason : reasons()) {
    const auto& count = json.at(std::string(name_of(reason)));
    left_out[reason].pairs = to_integer<int64_t>(count.at("pairs"));
    left_out[reason].first_lines = to_integers(count.at("first_lines"));
  }
  return left_out;
}

Json to_json(const SamplePair& sample) {
  return {{"line", sample.line},
          {"source", sample.source},
          {"target", sample.target},
          {"source_tokens", sample.source_tokens},
          {"target_tokens", sample.target_tokens}};
}

SamplePair sample_of(const Json& json) {
  return {.line = to_integer<int64_t>(json.at("line")),
          .source = json.at("source").get<std::string>(),
          .target = json.at("target").get<std::string>(),
          .source_tokens = json.at("source_tokens").get<std::vector<std::string>>(),
          .target_tokens = json.at("target_tokens").get<std::vector<std::string>>()};
}

}  // namespace

std::string serialize(const Summary& summary) {
  Json inputs = Json::array();
  for (const auto& input : summary.inputs) {
    inputs.push_back({{"path", input.path}, {"bytes", input.bytes}, {"modified", input.modified}});
  }
  Json samples = Json::array();
  for (const auto& sample : summary.samples) samples.push_back(to_json(sample));
  const Json json = {{"format", "seq2seq prepared data"},
                     {"version", prepared_format_version},
                     {"program", summary.program},
                     {"text_options", summary.text_options},
                     {"vocabulary_options", summary.vocabulary_options},
                     {"content_digest", summary.content_digest},
                     {"inputs", inputs},
                     {"lines", summary.lines},
                     {"pairs", summary.pairs},
                     {"pairs_of", summary.pairs_of},
                     {"weighted", summary.weighted},
                     {"aligned", summary.aligned},
                     {"source", to_json(summary.source)},
                     {"target", to_json(summary.target)},
                     {"left_out", to_json(summary.left_out)},
                     {"samples", samples}};
  return json.dump(1) + "\n";
}

Summary parse_summary(const std::string& text, const std::filesystem::path& file) {
  const Place place{file.string(), 0, 0, {}};
  return read_json<Json>(text, place, "Run `seq2seq prepare` again", [&](const Json& json) {
    if (json.value("format", "") != "seq2seq prepared data")
      throw FormatError(place, "is not a summary of prepared text");
    if (const auto version = to_integer<int>(json.at("version")); version != prepared_format_version) {
      throw FormatError(
          place, fmt::format("has format version {}; this program reads version {}", version, prepared_format_version),
          "Run `seq2seq prepare` again");
    }
    Summary summary{.program = json.at("program").get<std::string>(),
                    .text_options = json.at("text_options").get<std::vector<std::string>>(),
                    .vocabulary_options = json.at("vocabulary_options").get<std::vector<std::string>>(),
                    .content_digest = json.at("content_digest").get<std::string>(),
                    .inputs = {},
                    .lines = to_integer<int64_t>(json.at("lines")),
                    .pairs = to_integer<int64_t>(json.at("pairs")),
                    .pairs_of = to_integers(json.at("pairs_of")),
                    .weighted = json.at("weighted").get<bool>(),
                    .aligned = json.value("aligned", false),  // missing in files of older versions
                    .source = side_of(json.at("source")),
                    .target = side_of(json.at("target")),
                    .left_out = left_out_of(json.at("left_out")),
                    .samples = {}};
    for (const auto& sample : json.at("samples")) summary.samples.push_back(sample_of(sample));
    for (const auto& input : json.at("inputs")) {
      summary.inputs.push_back({.path = input.at("path").get<std::string>(),
                                .bytes = to_integer<int64_t>(input.at("bytes")),
                                .modified = to_integer<int64_t>(input.at("modified"))});
    }
    return summary;
  });
}

std::vector<InputText> look_at(const TrainFiles& files) {
  constexpr int64_t kNanoseconds = 1'000'000'000;
  std::vector<InputText> inputs;
  for (const auto* list : {&files.source, &files.target, &files.pairs, &files.weights, &files.alignment}) {
    for (const auto& file : *list) {
      if (file.empty()) continue;  // a corpus without weights or alignment
      struct stat status {};
      if (stat(file.c_str(), &status) != 0) throw Error(Place{file.string(), 0, 0, {}}, "no such file");
      inputs.push_back({.path = file.string(),
                        .bytes = status.st_size,
                        .modified = status.st_mtim.tv_sec * kNanoseconds + status.st_mtim.tv_nsec});
    }
  }
  return inputs;
}

}  // namespace seq2seq::data
