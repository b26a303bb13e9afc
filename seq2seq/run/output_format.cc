#include "seq2seq/run/output_format.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace seq2seq::run {

namespace {

using Json = nlohmann::ordered_json;

std::string without_tabs(std::string_view text) {
  std::string changed(text);
  std::ranges::replace(changed, '\t', ' ');
  return changed;
}

Json members_of(const Output& output, const JsonFormat& format) {
  const auto& hypothesis = output.hypothesis;
  Json members{{"output", output.text},
               {"tokens", output.tokens},
               {"token_scores", hypothesis.token_scores},
               {"score", hypothesis.score}};
  if (format.normalized) members["normalized_score"] = hypothesis.ranking_score;
  members["cut"] = hypothesis.cut;
  if (output.links) {
    auto links = Json::array();
    for (const auto& [source, target] : *output.links) links.push_back({source, target});
    members["alignment"] = std::move(links);
  }
  return members;
}

}  // namespace

std::string tsv_header() { return "sentence\tsource\toutput\tscore\tnormalized_score\tcut"; }

std::string tsv_line(int64_t sentence, std::string_view source, const Output& output) {
  const auto& hypothesis = output.hypothesis;
  return fmt::format("{}\t{}\t{}\t{:.9g}\t{:.9g}\t{}", sentence, without_tabs(source), without_tabs(output.text),
                     hypothesis.score, hypothesis.ranking_score, hypothesis.cut ? 1 : 0);
}

std::string json_answer(const std::vector<Output>& outputs, double seconds, const JsonFormat& format) {
  constexpr double microseconds = 1e6;
  Json answer = Json::object();
  if (format.list) {
    auto all = Json::array();
    for (const auto& output : outputs) all.push_back(members_of(output, format));
    answer["hypotheses"] = std::move(all);
  } else {
    answer = members_of(outputs.front(), format);
  }
  answer["seconds"] = std::round(seconds * microseconds) / microseconds;
  return answer.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace seq2seq::run
