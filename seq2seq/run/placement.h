#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <c10/core/Device.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/log.h"
#include "seq2seq/core/registry.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/nn/placement.h"
#include "seq2seq/parallel/schedule/schedule.h"

namespace seq2seq::run {

/// Assignment of the parts of a model to devices in training: a preset, and keys of single parts that override it. A
/// device is `cpu`, `cuda` or `cuda:N`, or the number of its place in `devices`, counted from 0. Empty: as in the
/// preset.
///
/// - `single`: all parts on the first of `devices`, or without `devices` on the command's device.
/// - `paper`: layer k of encoder and decoder in place k, the word vectors and the bridge in place 0, the output layer
///   split over the places without a layer (arXiv 1409.3215, section 3.5). `devices` are cuda:0 to cuda:7.
/// - `auto`: the layout that the planner expects to be fastest on `devices`, by default all GPUs; see auto_placement.h.
/// - `vocabulary_parallel`: the layers as in `paper`, the output layer split over the places of the layers (arXiv
///   2411.05288). `devices` are cuda:0 ..., one per layer.
struct PlacementOptions {
  std::string preset = "single";
  std::vector<std::string> devices;  // place k is the kth of them; a device may occur several times
  std::string embeddings, bridge, attention;
  std::vector<std::string> encoder, decoder;  // one per layer
  std::vector<std::string> output;            // one per shard
  std::vector<double> shares;                 // of the words, one per shard; empty: equal shares

  // Cooperation of the places; unused for a single place.
  std::shared_ptr<const parallel::ScheduleRegistry> schedules =
      std::make_shared<parallel::ScheduleRegistry>(parallel::builtin_schedules());
  Selection schedule{.kind = "wavefront", .options = nullptr};
  int64_t chunk = 1;
  enum class Threads { together, per_stage } threads = Threads::together;
  double patience = 600;  // seconds
};
void declare(config::Keys& keys, PlacementOptions& options);

/// An invalid placement, with the key below `placement`.
class PlacementError : public UsageError {
 public:
  PlacementError(const std::string& key, const std::string& problem, const std::string& remedy);
  const std::string& key() const { return key_; }    // below `placement`
  const std::string& text() const { return text_; }  // the message and advice, without the key

 private:
  std::string key_, text_;
};

/// Returns true if the options set nothing, so that everything is on the command's device.
bool names_nothing(const PlacementOptions& options);

/// Checks each key separately. Throws PlacementError for an invalid device name, or shares that do not fit.
void check_keys(const PlacementOptions& options);
/// Throws PlacementError for keys that do not fit each other or a model with these layers, such as a layer without a
/// place.
void check_layers(const PlacementOptions& options, const nn::LayerCounts& layers);
/// Throws PlacementError with the devices that do not exist on this machine.
void check_devices(const PlacementOptions& options, const nn::LayerCounts& layers);

/// Returns the placement of a model with these layers and target words. Parts without a key are on `device`, the
/// command's device. Throws PlacementError as above (without checking that the devices exist), and for more output
/// devices than words.
nn::Placement make_placement(const PlacementOptions& options, c10::Device device, const nn::LayerCounts& layers,
                             int64_t words);

/// Returns the device of place 0.
c10::Device first_device(const PlacementOptions& options, c10::Device device);

/// Warns of unused entries of `devices`.
void warn_of_idle(const PlacementOptions& options, const nn::Placement& placement, const nn::LayerCounts& layers,
                  Log& log);

}  // namespace seq2seq::run
