#include "seq2seq/run/plan_report.h"

#include <algorithm>
#include <cctype>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/progress.h"
#include "seq2seq/run/place_table.h"

namespace seq2seq::run {

namespace {

using parallel::Prediction;
using parallel::Speedup;

constexpr int64_t chunks_shown[] = {1, 2, 5, 10, 25, 0};
constexpr size_t plans_shown = 10;

std::string of_chunk(int64_t chunk) { return chunk == 0 ? "all" : std::to_string(chunk); }

std::string milliseconds(double seconds) { return fmt::format("{:.4g} ms", 1e3 * seconds); }

std::string words(double per_second) {
  return per_second < 100 ? fmt::format("{:.1f}", per_second)
                          : format_count(static_cast<int64_t>(std::llround(per_second)));
}

/// Returns the names of a place's stages.
std::string stages_at(const parallel::Outline& placed, int64_t place) {
  std::vector<std::string> names;
  for (const auto& each : placed.stages)
    if (each.stage.place == place) names.push_back(each.stage.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

/// Lists the names of stages in their order, with ranges for layers: `encoder.0` to `encoder.5`, `bridge`.
std::string listed(const std::vector<std::string>& names) {
  const auto stack = [](const std::string& name) { return name.substr(0, name.rfind('.')); };
  const auto is_layer = [](const std::string& name) {
    return std::isdigit(static_cast<unsigned char>(name.back())) != 0;
  };
  std::string text;
  for (size_t first = 0, last = 0; first < names.size(); first = ++last) {
    while (is_layer(names[first]) && last + 1 < names.size() && is_layer(names[last + 1]) &&
           stack(names[last + 1]) == stack(names[first]))
      ++last;
    text += fmt::format("{}`{}`", text.empty() ? "" : ", ", names[first]);
    if (last > first) text += fmt::format(" to `{}`", names[last]);
  }
  return text;
}

std::string speedups_line(const char* what, const std::vector<Speedup>& speedups, const char* unit) {
  std::string line = fmt::format("{:<10}", what);
  for (const auto& gain : speedups) line += fmt::format(" {}: {:.2f}", of_chunk(gain.size), gain.factor);
  const auto from = parallel::break_even_size(speedups);
  return line + (from ? fmt::format("; faster from {} {} on\n", of_chunk(*from), unit)
                      : fmt::format("; not faster at any of these {}\n", unit));
}

}  // namespace

std::string memory_report(const parallel::Outline& placed, const parallel::Layout& layout,
                          const std::vector<parallel::PlaceMemory>& memory, const parallel::Hardware& hardware) {
  std::string text = fmt::format("{:<10}{:>5} {:>6} {:>11} {:>11} {:>11} {:>11} {:>11}  {}\n", "memory", "place",
                                 "device", "parameters", "gradients", "optimizer", "activations", "total", "stages");
  for (size_t place = 0; place < memory.size(); ++place) {
    const auto& each = memory[place];
    text += fmt::format("{:<10}{:>5} {:>6} {:>11} {:>11} {:>11} {:>11} {:>11}  {}\n", "", place, layout.devices[place],
                        bytes_text(each.parameters), bytes_text(each.gradients), bytes_text(each.state),
                        bytes_text(each.activations), bytes_text(each.total()),
                        stages_at(placed, static_cast<int64_t>(place)));
  }
  const auto devices = parallel::by_device(memory, layout);
  for (size_t device = 0; device < devices.size(); ++device) {
    if (devices[device].total() <= hardware.device.memory) continue;
    text += fmt::format("{:<10}device {} needs {}, but a {} has {}: it does not fit\n", "", device,
                        bytes_text(devices[device].total()), hardware.device.name, bytes_text(hardware.device.memory));
  }
  return text;
}

std::string operations_report(const Prediction& prediction, const parallel::BatchSize& batch) {
  const auto in_batch = static_cast<double>(batch.sentences * (batch.source + batch.target));
  const double sum = std::accumulate(prediction.operations.begin(), prediction.operations.end(), 0.0);
  std::vector<std::string> by_place;
  for (const double each : prediction.operations) by_place.push_back(fmt::format("{:.3g}", each / in_batch / 1e6));
  return fmt::format("operations {:.4g} million per word of either side; by place {}\n", sum / in_batch / 1e6,
                     fmt::join(by_place, ", "));
}

std::string update_report(const Prediction& prediction) {
  const double gradients = prediction.timeline.seconds;
  return fmt::format(
      "update    {}: gradients {}, clipping and optimizer {}\n"
      "speed     {} words/s, source and target together\n"
      "bubble    {:.1f} % of the places' time\n"
      "limit     {} ({:.0f} % of the gradients' time)\n",
      milliseconds(prediction.update), milliseconds(gradients), milliseconds(prediction.update - gradients),
      words(prediction.words_per_second), 100 * prediction.bubble, prediction.limit, 100 * prediction.limit_share);
}

std::string chunk_report(const parallel::PredictionInput& input, const parallel::Plan& plan) {
  const auto& batch = input.batch;
  const auto layers = std::max(input.outline->layers("encoder"), input.outline->layers("decoder"));
  const auto pieces = [](int64_t steps, int64_t chunk) {
    return steps == 0 ? 0 : chunk == 0 ? 1 : (steps + chunk - 1) / chunk;
  };
  std::string head = fmt::format("{:<22}", "chunks"), equal = fmt::format("{:<22}", "  for equal jobs"),
              simulated = fmt::format("{:<22}", "  simulated"), speed = fmt::format("{:<22}", "  words/s");
  for (const int64_t chunk : chunks_shown) {
    const auto working = pieces(batch.source, chunk) + pieces(batch.target, chunk);
    auto other = plan;
    other.chunk = chunk;
    const auto prediction = parallel::predict(input, other);
    head += fmt::format(" {:>9}", of_chunk(chunk));
    equal +=
        fmt::format(" {:>7.1f} %", 100.0 * static_cast<double>(layers - 1) / static_cast<double>(working + layers - 1));
    simulated += fmt::format(" {:>7.1f} %", 100 * prediction.bubble);
    speed += fmt::format(" {:>9}", words(prediction.words_per_second));
  }
  return fmt::format(
      "bubble by chunk, schedule {}; for equal jobs: (L - 1) / (chunks of both sides + L - 1), {} "
      "layers\n{}\n{}\n{}\n{}\n",
      plan.schedule.kind, layers, head, equal, simulated, speed);
}

std::string search_report(const parallel::PredictionInput& input, const std::vector<parallel::Ranked>& ranked) {
  const auto single = std::ranges::find_if(ranked, [](const auto& each) { return each.plan.name == "single"; });
  std::string text = fmt::format("search    the fastest of {} plans\n", ranked.size());
  for (size_t place = 0; place < std::min(plans_shown, ranked.size()); ++place) {
    const auto& each = ranked[place];
    text += fmt::format("{:>10} {:>10} words/s {:>5.2f} x  {}{}\n", place + 1, words(each.words_per_second),
                        single->update / each.update, each.plan.name, each.fits ? "" : " (does not fit)");
  }
  text += fmt::format("{:>10} {:>10} words/s {:>5.2f} x  {}{}\n", "", words(single->words_per_second), 1.0, "single",
                      single->fits ? "" : " (does not fit)");
  const auto& best = ranked.front().plan;
  if (best.name == "single") return text + "          no placement is faster than one device\n";
  return text + break_even_report(input, best);
}

std::string break_even_report(const parallel::PredictionInput& input, const parallel::Plan& plan) {
  std::string text = fmt::format("gain      over `single`: {}\n", plan.name);
  text +=
      speedups_line("  length", parallel::speedups_by_length(input, plan, {3, 5, 10, 25, 50, 100}), "steps per side");
  text += speedups_line("  batch", parallel::speedups_by_batch(input, plan, {1, 4, 16, 64, 128, 256}), "sentences");
  if (plan.chunk > 0)
    text += speedups_line("  chunk", parallel::speedups_by_chunk(input, plan, {1, 2, 5, 10, 25}), "steps");
  return text;
}

std::string servers_report(const parallel::PredictionInput& input, const parallel::Plan& plan, int64_t most) {
  std::string text = fmt::format(
      "servers   {:>7} {:>35} {:>35}\n          {:>7} {:>12} {:>11} {:>10} {:>12} {:>11} {:>10}\n", "",
      "one batch each", "one joint batch", "", "words/s", "efficiency", "exposed", "words/s", "efficiency", "exposed");
  for (int64_t servers = 1; servers <= most; servers *= 2) {
    text += fmt::format("          {:>7}", servers);
    for (const bool joint : {false, true}) {
      const auto found = parallel::predict_servers(input, plan, servers, joint);
      text += fmt::format(" {:>12} {:>9.1f} % {:>10}", words(found.words_per_second), 100 * found.efficiency,
                          milliseconds(found.exposed));
    }
    text += "\n";
  }
  return text + "          exposed: time after the last gradient was computed, while the network still sums\n";
}

std::string border_report(const parallel::Outline& placed) {
  std::vector<std::string> names;
  for (const auto& each : placed.stages)
    if (each.stage.whole) names.push_back(each.stage.name);
  if (names.empty()) return "";
  return fmt::format("note      {} {} all steps at once: the wavefront ends before {} and starts again after it\n",
                     listed(names), names.size() == 1 ? "needs" : "need", names.size() == 1 ? "it" : "each");
}

}  // namespace seq2seq::run
