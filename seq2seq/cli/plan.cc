#include "seq2seq/run/plan.h"

#include <limits>
#include <optional>
#include <string>

#include "seq2seq/cli/commands.h"
#include "seq2seq/cli/common.h"

namespace seq2seq::cli {

namespace {

nn::Precision parse_precision(const std::string& text) {
  for (const auto each : {nn::Precision::float32, nn::Precision::tf32, nn::Precision::bf16})
    if (text == parallel::name_of(each)) return each;
  throw UsageError(Place{.part = "--precision " + text}, "unknown precision; use `float32`, `tf32` or `bf16`");
}

class PlanCommand final : public Command {
 public:
  std::string name() const override { return "plan"; }
  std::string about() const override { return "predict memory, timeline and speed of training on another machine"; }
  Help help() const override {
    return {.examples = {"plan configs/sutskever2014.yaml --hardware configs/hardware/k40-2014.yaml",
                         "plan configs/sutskever2014.yaml --search"},
            .page = "docs/placement.md"};
  }

  void declare(Arguments& arguments) override {
    arguments.required("CONFIG", config_,
                       "YAML file, as for `train`; needs no text if the sizes of all vocabularies are set");
    arguments.option("--hardware", hardware_, "FILE",
                     "YAML file that describes a machine, as in configs/hardware (default: eight H200)");
    arguments.option("--devices", devices_, "N", "number of devices (default: as in the hardware file)");
    arguments.flag("--search", search_, "find the fastest placement, chunk and schedule");
    arguments.option("--length", length_, "N",
                     "steps per sentence, words and end symbol (default: mean of the text if it is read, or 25)");
    arguments.option("--precision", precision_, "TYPE", "float32, tf32 or bf16 (default: float32)");
    arguments.option("--servers", servers_, "N",
                     "compare 1, 2, 4 ... up to N machines that train together (default: 1)");
    arguments.option("--svg", svg_, "FILE", "draw the timeline");
    arguments.option("--trace", trace_, "FILE", "write the timeline as a Chrome trace");
    arguments.option("--measured", measured_, "FILE", "with --svg: measured timeline to draw below the predicted one");
    arguments.option("--measure-costs", measure_costs_, "FILE",
                     "measure the CPUs of this machine and write a file for --hardware");
    arguments.option("--threads", threads_, "N",
                     "with --measure-costs: number of CPU threads; 0: all processors (default: 0)");
    arguments.repeatable("--set", set_, "KEY=VALUE", "set a configuration key, such as placement.chunk=5; repeatable");
    arguments.flag("--quiet", quiet_, "print only warnings and errors");
  }

  int run(const Context& context) override {
    check();
    CommonArguments common;
    common.quiet = quiet_;
    common.threads = threads_.value_or(common.threads);
    common.set = set_;
    auto log = common.log(context);
    const auto environment = common.environment(context, log);
    constexpr int64_t most = 100000;
    run::PlanRequest request;
    request.config = config_;
    request.overrides = common.overrides();
    request.hardware = hardware_;
    if (devices_) request.devices = parse_number<int64_t>("--devices", *devices_, 1, 1024);
    if (length_) request.length = parse_number<int64_t>("--length", *length_, 1, most);
    request.precision = parse_precision(precision_);
    request.search = search_;
    request.servers = parse_number<int64_t>("--servers", servers_, 1, 4096);
    request.svg = svg_;
    request.trace = trace_;
    request.measured = measured_;
    request.measure_costs = measure_costs_;
    *context.streams.out << run::plan(request, environment) << std::flush;
    check_written(*context.streams.out);
    return Exit::done;
  }

 private:
  void check() const {
    std::vector<NamedFile> inputs{{"CONFIG", config_}}, outputs;
    if (hardware_) inputs.push_back({"--hardware", *hardware_});
    if (measured_) inputs.push_back({"--measured", *measured_});
    if (svg_) outputs.push_back({"--svg", *svg_});
    if (trace_) outputs.push_back({"--trace", *trace_});
    if (measure_costs_) outputs.push_back({"--measure-costs", *measure_costs_});
    check_outputs(inputs, outputs);
    if (measured_ && !svg_) throw UsageError(Place{.part = "--measured"}, "needs `--svg FILE`");
    if (threads_ && !measure_costs_)
      throw UsageError(Place{.part = "--threads " + *threads_}, "needs `--measure-costs FILE`",
                       "A prediction does not depend on the threads of this machine; leave it out");
    if (measure_costs_ && hardware_)
      throw UsageError(Place{.part = "--measure-costs"},
                       "cannot be combined with `--hardware`: it measures this machine");
  }

  std::string config_, precision_ = "float32", servers_ = "1";
  std::optional<std::string> hardware_, devices_, length_, svg_, trace_, measured_, measure_costs_, threads_;
  std::vector<std::string> set_;
  bool search_ = false, quiet_ = false;
};

}  // namespace

std::unique_ptr<Command> plan_command() { return std::make_unique<PlanCommand>(); }

}  // namespace seq2seq::cli
