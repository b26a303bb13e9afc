#include "seq2seq/study/table/table_json.h"

#include <nlohmann/json.hpp>

namespace seq2seq::study {

namespace {

using TableJson = nlohmann::ordered_json;

TableJson or_null(const std::optional<double>& value) { return value ? TableJson(*value) : TableJson(nullptr); }

TableJson estimate_json(const metrics::Estimate& estimate) {
  const auto interval = estimate.interval();
  return {{"value", estimate.value},
          {"low", or_null(interval ? std::optional(interval->low) : std::nullopt)},
          {"high", or_null(interval ? std::optional(interval->high) : std::nullopt)},
          {"p", or_null(estimate.p_value())},
          {"detectable", or_null(estimate.detectable())}};
}

TableJson line_json(const TableLine& line, const std::vector<std::string>& metrics) {
  auto records = TableJson::array();
  for (const auto& record : line.records) records.push_back(record_name(record->identity));
  auto figures = TableJson::object();
  for (size_t i = 0; i < line.metrics.size(); ++i) {
    const auto& each = line.metrics[i];
    const auto interval = possible_interval(metrics[i], each.mean);
    const TableJson mean{{"value", each.mean.value},
                         {"low", or_null(interval ? std::optional(interval->low) : std::nullopt)},
                         {"high", or_null(interval ? std::optional(interval->high) : std::nullopt)}};
    figures[metrics[i]] = {{"mean", mean},
                           {"deviation", or_null(each.deviation)},
                           {"difference", each.difference ? estimate_json(*each.difference) : TableJson(nullptr)},
                           {"published", or_null(each.published)}};
  }
  return {{"row", line.cell},      {"reference", line.reference}, {"runs", line.wanted},
          {"paired", line.paired}, {"records", records},          {"figures", figures}};
}

}  // namespace

std::string table_json(const StudyTable& table) {
  auto lines = TableJson::array();
  for (const auto& line : table.lines) lines.push_back(line_json(line, table.metrics));
  const TableJson json{{"format", "seq2seq table"},
                       {"version", 1},
                       {"question", table.question},
                       {"scale", table.scale},
                       {"published_in", table.published_in},
                       {"gap", table.gap},
                       {"metrics", table.metrics},
                       {"missing", table.missing},
                       {"lines", lines}};
  return json.dump(1, ' ', false, TableJson::error_handler_t::replace) + '\n';
}

}  // namespace seq2seq::study
