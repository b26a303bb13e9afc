#include "seq2seq/run/description.h"

#include <algorithm>
#include <ctime>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "seq2seq/core/checksum.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/json.h"
#include "seq2seq/core/text.h"
#include "seq2seq/core/version.h"

namespace seq2seq::run {

using Json = nlohmann::ordered_json;

namespace {

constexpr const char* run_format = "seq2seq run";
constexpr const char* sessions_key = "sessions";
constexpr const char* older_sessions_key = "sittings";  // in run folders written before the key was renamed

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec);
}

Json to_json(const Machine& machine) {
  return {{"threads", machine.threads},
          {"product_library", machine.product_library},
          {"instruction_set", machine.instruction_set},
          {"kernels", machine.kernels},
          {"device", machine.device},
          {"torch", machine.torch}};
}

Machine machine_of(const Json& json) {
  return {.threads = to_integer<int>(json.at("threads")),
          .product_library = json.at("product_library").get<std::string>(),
          .instruction_set = json.at("instruction_set").get<std::string>(),
          .kernels = json.at("kernels").get<std::string>(),
          .device = json.at("device").get<std::string>(),
          .torch = json.at("torch").get<std::string>()};
}

Json to_json(const VocabularyMark& mark) {
  return {{"size", mark.size}, {"sha256", mark.sha256}, {"tokenizer_sha256", mark.tokenizer_sha256}};
}

VocabularyMark mark_of_json(const Json& json) {
  return {to_integer<int64_t>(json.at("size")), json.at("sha256").get<std::string>(),
          json.at("tokenizer_sha256").get<std::string>()};
}

RunDescription description_of(const Json& json) {
  RunDescription description;
  description.folder = json.value("folder", "");  // missing in older runs
  json.at("program").get_to(description.program);
  json.at("commit").get_to(description.commit);
  json.at("dirty").get_to(description.dirty);
  json.at("created").get_to(description.created);
  description.seed = to_integer<uint64_t>(json.at("seed"));
  description.numerics = to_integer<int>(json.at("numerics"));
  json.at("digest").get_to(description.digest);
  description.configurations = json.value("configurations", std::vector<std::string>());
  const auto& data = json.at("data");
  description.data = {data.at("train"), data.at("validation"), data.at("test")};
  description.source = mark_of_json(json.at("vocabularies").at("source"));
  description.target = mark_of_json(json.at("vocabularies").at("target"));
  for (const auto& factor : json.at("vocabularies").value("factors", Json::array()))
    description.factors.push_back(mark_of_json(factor));
  description.target_counts = json.at("vocabularies").value("target_counts", "");
  for (const auto& [part, count] : json.at("parameters").items())
    description.parameters.emplace_back(part, to_integer<int64_t>(count));
  if (const auto& from = json.at("init_from"); !from.is_null()) {
    description.init_from = InitialWeights{.run = from.at("run").get<std::string>(),
                                           .update = to_integer<int64_t>(from.at("update")),
                                           .sha256 = from.at("sha256").get<std::string>()};
  }
  for (const auto& session : json.at(json.contains(sessions_key) ? sessions_key : older_sessions_key)) {
    description.sessions.push_back({.started = session.at("started").get<std::string>(),
                                    .program = session.at("program").get<std::string>(),
                                    .from_update = to_integer<int64_t>(session.at("from_update")),
                                    .machine = machine_of(session.at("machine")),
                                    .processes = to_integer<int64_t>(session.value("processes", Json(1))),
                                    .launch = session.value("launch", "")});
  }
  return description;
}

}  // namespace

VocabularyMark mark_of(const text::Vocabulary& vocabulary, const std::string& tokenizer_model) {
  return {vocabulary.size(), sha256(vocabulary.serialize()), tokenizer_model.empty() ? "" : sha256(tokenizer_model)};
}

std::vector<VocabularyMark> marks_of(const std::vector<text::Vocabulary>& vocabularies) {
  std::vector<VocabularyMark> marks;
  marks.reserve(vocabularies.size());
  for (const auto& vocabulary : vocabularies) marks.push_back(mark_of(vocabulary, {}));
  return marks;
}

int64_t RunDescription::parameters_in_all() const {
  int64_t sum = 0;
  for (const auto& [part, count] : parameters) sum += count;
  return sum;
}

bool RunDescription::trained_by_dirty_program() const {
  return dirty || std::any_of(sessions.begin(), sessions.end(),
                              [](const auto& session) { return Version::is_dirty(session.program); });
}

std::string serialize(const RunDescription& description) {
  Json json{{"format", run_format},         {"version", run_format_version},    {"program", description.program},
            {"commit", description.commit}, {"dirty", description.dirty},       {"created", description.created},
            {"seed", description.seed},     {"numerics", description.numerics}, {"digest", description.digest}};
  json["folder"] = description.folder.string();
  if (!description.configurations.empty()) json["configurations"] = description.configurations;
  json["data"] = {
      {"train", description.data.train}, {"validation", description.data.validation}, {"test", description.data.test}};
  json["vocabularies"] = {{"source", to_json(description.source)}, {"target", to_json(description.target)}};
  for (const auto& factor : description.factors) json["vocabularies"]["factors"].push_back(to_json(factor));
  if (!description.target_counts.empty()) json["vocabularies"]["target_counts"] = description.target_counts;
  json["parameters"] = Json::object();
  for (const auto& [part, count] : description.parameters) json["parameters"][part] = count;
  json["init_from"] = nullptr;
  if (const auto& from = description.init_from)
    json["init_from"] = {{"run", from->run.string()}, {"update", from->update}, {"sha256", from->sha256}};
  json[sessions_key] = Json::array();
  for (const auto& session : description.sessions) {
    json[sessions_key].push_back({{"started", session.started},
                                  {"program", session.program},
                                  {"from_update", session.from_update},
                                  {"machine", to_json(session.machine)}});
    auto& written = json[sessions_key].back();
    if (session.processes > 1) written["processes"] = session.processes;
    if (!session.launch.empty()) written["launch"] = session.launch;
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

RunDescription parse_description(const std::string& text, const std::filesystem::path& file) {
  const Place place{.file = file.string()};
  return read_json<Json>(text, place, {}, [&](const Json& json) {
    if (!json.is_object() || json.value("format", "") != run_format)
      throw FormatError(place, fmt::format("is not a description of a run (no `\"format\": \"{}\"`)", run_format));
    if (const int version = to_integer<int>(json.at("version")); version != run_format_version) {
      throw FormatError(
          place, fmt::format("has format version {}; this program reads version {}", version, run_format_version),
          "Use the version of the program that wrote it");
    }
    return description_of(json);
  });
}

RunDescription read_description(const Files& files, const RunFolder& folder) {
  if (!folder.holds_run()) {
    throw Error(Place{.file = folder.root().string()},
                fs::exists(folder.root()) ? "is not a run folder (it has no run.json)" : "no such folder",
                "Give a folder that `seq2seq train` wrote");
  }
  return parse_description(files.read(folder.description()), folder.description());
}

namespace {

bool has_written(const RunDescription& description, const std::string& digest) {
  const auto& written = description.configurations;
  return written.empty() || std::ranges::find(written, digest) != written.end();
}

}  // namespace

void check_configuration(const Files& files, const RunFolder& folder, const RunDescription& description) {
  const auto now = sha256(files.read(folder.config()));
  if (has_written(description, now)) return;
  // A resume names its new configuration in run.json before it writes the file, and may just have done so.
  const auto& written = description.configurations;
  if (has_written(read_description(files, folder), now)) return;
  throw FormatError(
      Place{.file = folder.config().string()},
      fmt::format("was changed after `train` wrote it: SHA-256 {} then, {} now", short_digest(written.back()),
                  short_digest(now)),
      fmt::format("Undo the change and use `--set` for keys that may change, or train a new run with the changed file: "
                  "`seq2seq train {} --run FOLDER`",
                  shell_word(folder.config().string())));
}

RunDescription open_description(const Files& files, const RunFolder& folder) {
  auto description = read_description(files, folder);
  check_configuration(files, folder, description);
  return description;
}

fs::path former_folder(const fs::path& config) {
  const RunFolder run(config.parent_path());
  if (config != run.config() || !run.holds_run()) return {};
  try {
    const auto folder = read_description(disk_files(), run).folder;
    return folder == run.absolute_root() ? fs::path() : folder;
  } catch (const Error&) {  // reported by the command that needs the description
    return {};
  }
}

void write_description(Files& files, const RunFolder& folder, const RunDescription& description) {
  write_atomically(files, folder.description(), serialize(description));
}

RunDescription replace_configuration(Files& files, const RunFolder& folder, const std::string& text,
                                     RunDescription description) {
  const auto before = sha256(files.read(folder.config())), now = sha256(text);
  description.configurations = {before, now};
  write_description(files, folder, description);
  write_atomically(files, folder.config(), text);
  description.configurations = {now};
  return description;
}

SessionDescription session_now(const Machine& machine, int64_t from_update) {
  return {.started = utc_now(), .program = version().text(), .from_update = from_update, .machine = machine};
}

std::vector<std::string> reasons_for_inexact_resume(const Machine& then, const Machine& now) {
  std::vector<std::string> lines;
  const auto compare = [&lines](const char* what, const auto& before, const auto& after) {
    if (before != after) lines.push_back(fmt::format("{}: {} before, {} now", what, before, after));
  };
  compare("threads", then.threads, now.threads);
  compare("product library", then.product_library, now.product_library);
  compare("instruction set", then.instruction_set, now.instruction_set);
  compare("kernels", then.kernels, now.kernels);
  compare("device", then.device, now.device);
  compare("LibTorch", then.torch, now.torch);
  return lines;
}

}  // namespace seq2seq::run
