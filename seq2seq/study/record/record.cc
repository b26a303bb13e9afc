#include "seq2seq/study/record/record.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "seq2seq/core/json.h"
#include "seq2seq/run/numerics.h"
#include "seq2seq/study/record/sentence_columns.h"

namespace seq2seq::study {

namespace {

using RecordJson = nlohmann::ordered_json;

constexpr const char* record_format = "seq2seq record";
constexpr const char* record_remedy = "Remove it; `seq2seq study run` then measures the run again";
constexpr size_t name_digits = 16;

RecordJson json_of(const TextMark& text) { return {{"path", text.path}, {"sha256", text.sha256}}; }

TextMark text_of(const RecordJson& json) {
  return {json.at("path").get<std::string>(), json.at("sha256").get<std::string>()};
}

RecordJson json_of(const TrainingFacts& training) {
  auto curve = RecordJson::array();
  for (const auto& point : training.curve) {
    curve.push_back(
        {{"update", point.update}, {"epoch", point.epoch}, {"seconds", point.seconds}, {"figures", point.figures}});
  }
  return {{"updates", training.updates},
          {"measured_at", training.update},
          {"epochs", training.epochs},
          {"seconds", training.seconds},
          {"words_per_second", training.words_per_second},
          {"largest_norm", training.largest_norm},
          {"mean_norm", training.mean_norm},
          {"curve", curve}};
}

TrainingFacts training_of(const RecordJson& json) {
  TrainingFacts training{.updates = to_integer<int64_t>(json.at("updates")),
                         .update = to_integer<int64_t>(json.at("measured_at")),
                         .epochs = json.at("epochs").get<double>(),
                         .seconds = json.at("seconds").get<double>(),
                         .words_per_second = json.at("words_per_second").get<double>(),
                         .largest_norm = json.at("largest_norm").get<double>(),
                         .mean_norm = json.at("mean_norm").get<double>(),
                         .curve = {}};
  for (const auto& point : json.at("curve")) {
    training.curve.push_back({.update = to_integer<int64_t>(point.at("update")),
                              .epoch = point.at("epoch").get<double>(),
                              .seconds = point.at("seconds").get<double>(),
                              .figures = point.at("figures").get<std::map<std::string, double>>()});
  }
  return training;
}

RecordJson to_json(const Record& record) {
  auto parameters = RecordJson::object();
  for (const auto& [part, count] : record.parameters) parameters[part] = count;
  auto examples = RecordJson::array();
  for (const auto& each : record.examples)
    examples.push_back({{"source", each.source}, {"reference", each.reference}, {"output", each.output}});
  auto figures = RecordJson::object();
  for (const auto& metric : record.metrics()) figures[metric] = record.figure(metric);
  const auto& machine = record.machine;
  const auto& identity = record.identity;
  return {{"format", record_format},
          {"version", record_format_version},
          {"cell", record.cell},
          {"seed", record.seed},
          {"figures", figures},
          {"sentences", record.sentences.size()},
          {"identity",
           {{"result", identity.result},
            {"training", identity.training},
            {"keys", identity.keys},
            {"numerics", record.numerics},
            {"train", json_of(identity.train)},
            {"validation", json_of(identity.validation)},
            {"test", json_of(identity.test)}}},
          {"program", record.program},
          {"commit", record.commit},
          {"dirty", record.dirty},
          {"created", record.created},
          {"machine",
           {{"processor", record.processor},
            {"device", machine.device},
            {"threads", machine.threads},
            {"product_library", machine.product_library},
            {"instruction_set", machine.instruction_set},
            {"kernels", machine.kernels},
            {"torch", machine.torch}}},
          {"training", json_of(record.training)},
          {"parameters", parameters},
          {"operations", record.operations},
          {"search_seconds", record.search_seconds},
          {"peak_bytes", record.peak_bytes},
          {"examples", examples}};
}

Record record_of(const RecordJson& json) {
  const auto& identity = json.at("identity");
  const auto& machine = json.at("machine");
  Record record{.identity = {.training = identity.at("training").get<std::string>(),
                             .result = identity.at("result").get<std::string>(),
                             .keys = identity.at("keys").get<std::string>(),
                             .train = text_of(identity.at("train")),
                             .validation = text_of(identity.at("validation")),
                             .test = text_of(identity.at("test"))},
                .seed = to_integer<uint64_t>(json.at("seed")),
                .numerics = to_integer<int>(identity.at("numerics")),
                .cell = json.at("cell").get<std::string>(),
                .program = json.at("program").get<std::string>(),
                .commit = json.at("commit").get<std::string>(),
                .created = json.at("created").get<std::string>(),
                .dirty = json.at("dirty").get<bool>(),
                .machine = {.threads = to_integer<int>(machine.at("threads")),
                            .product_library = machine.at("product_library").get<std::string>(),
                            .instruction_set = machine.at("instruction_set").get<std::string>(),
                            .kernels = machine.at("kernels").get<std::string>(),
                            .device = machine.at("device").get<std::string>(),
                            .torch = machine.at("torch").get<std::string>()},
                .processor = machine.at("processor").get<std::string>(),
                .training = training_of(json.at("training")),
                .parameters = {},
                .operations = json.at("operations").get<double>(),
                .search_seconds = json.at("search_seconds").get<double>(),
                .peak_bytes = to_integer<int64_t>(json.at("peak_bytes")),
                .examples = {},
                .sentences = {}};
  for (const auto& [part, count] : json.at("parameters").items())
    record.parameters.emplace_back(part, to_integer<int64_t>(count));
  for (const auto& each : json.at("examples")) {
    record.examples.push_back({.source = each.at("source").get<std::string>(),
                               .reference = each.at("reference").get<std::string>(),
                               .output = each.at("output").get<std::string>()});
  }
  return record;
}

void check_format(const RecordJson& json, const Place& place) {
  if (!json.is_object() || json.value("format", "") != record_format)
    throw FormatError(place, "is not a record of a run", record_remedy);
  const int version = to_integer<int>(json.at("version"));
  if (version == record_format_version) return;
  throw FormatError(place,
                    fmt::format("has format version {}; this program reads version {}", version, record_format_version),
                    record_remedy);
}

std::filesystem::path sentences_beside(std::filesystem::path json) { return json.replace_extension(".sentences.gz"); }

}  // namespace

int64_t Record::parameters_in_all() const {
  return std::accumulate(parameters.begin(), parameters.end(), int64_t{0},
                         [](int64_t sum, const auto& part) { return sum + part.second; });
}

std::vector<std::string> Record::metrics() const {
  const auto apart = stored_separately(study_metric_names());
  std::vector<std::string> names;
  for (const auto& name : study_metric_names()) {
    const bool kept = std::find(apart.begin(), apart.end(), name) == apart.end();
    if (kept || (!sentences.empty() && sentences.front().lines.contains(name))) names.push_back(name);
  }
  return names;
}

double Record::figure(const std::string& metric) const {
  std::vector<int64_t> all(sentences.size());
  std::iota(all.begin(), all.end(), int64_t{0});
  return figure_of(metric, sentences, all);
}

bool has_metrics(const Record& record, const std::vector<std::string>& names) {
  const auto apart = stored_separately(names);
  return std::all_of(apart.begin(), apart.end(), [&record](const auto& name) {
    return !record.sentences.empty() && record.sentences.front().lines.contains(name);
  });
}

bool is_record_of(const Record& record, const Identity& identity) {
  if (record.numerics != run::numerics) return false;
  if (identity.texts_here()) return record.identity.result == identity.result;
  const auto same = [](const TextMark& kept, const TextMark& asked) {
    return asked.here() ? kept.sha256 == asked.sha256 : kept.path == asked.path;
  };
  const auto& kept = record.identity;
  return kept.keys == identity.keys && same(kept.train, identity.train) && same(kept.validation, identity.validation) &&
         same(kept.test, identity.test);
}

std::string record_name(const Identity& identity) { return identity.result.substr(0, name_digits) + ".json"; }

std::filesystem::path records_folder(const std::filesystem::path& study_file) {
  return std::filesystem::absolute(study_file).lexically_normal().parent_path() / "records";
}

void write_record(Files& files, const std::filesystem::path& folder, const Record& record) {
  files.make_folder(folder);
  const auto json = folder / record_name(record.identity);
  write_atomically(files, sentences_beside(json), pack_sentences(record.sentences));
  write_atomically(files, json, to_json(record).dump(1, ' ', false, RecordJson::error_handler_t::replace) + '\n');
}

Record read_record(const Files& files, const std::filesystem::path& json) {
  const Place place{.file = json.string()};
  auto [record, rows] = read_json<RecordJson>(files.read(json), place, record_remedy, [&place](const RecordJson& root) {
    check_format(root, place);
    return std::pair(record_of(root), to_integer<size_t>(root.at("sentences")));
  });
  const auto beside = sentences_beside(json);
  record.sentences = unpack_sentences(files.read(beside), beside);
  if (record.sentences.size() != rows) {
    throw FormatError(Place{.file = beside.string()},
                      fmt::format("has {} sentences; {} has {}", record.sentences.size(), json.string(), rows),
                      record_remedy);
  }
  return std::move(record);
}

std::vector<Record> read_records(const Files& files, const std::filesystem::path& folder, Log& log) {
  std::vector<std::filesystem::path> names;
  std::error_code absent;
  for (const auto& entry : std::filesystem::directory_iterator(folder, absent))
    if (entry.path().extension() == ".json") names.push_back(entry.path());
  std::sort(names.begin(), names.end());
  std::vector<Record> records;
  for (const auto& name : names) {
    try {
      records.push_back(read_record(files, name));
    } catch (const Error& error) {
      log.warn(error.what());
    }
  }
  return records;
}

}  // namespace seq2seq::study
