#pragma once

#include <map>
#include <string>
#include <vector>

#include "seq2seq/run/placement.h"

namespace seq2seq::run {

/// Places and their parts.
struct PlacementLayout {
  struct Place {
    c10::Device device;
    std::string key;  // the key that names the place; empty: the command's device
  };
  std::vector<Place> places;
  std::map<std::string, int> parts;  // place of each part that has a key or is in the preset
  std::vector<int> output;           // place of each shard; empty: the output layer has no place
};

/// Throws PlacementError for contradictions. Does not check devices or words.
PlacementLayout lay_out(const PlacementOptions& options, const nn::LayerCounts& layers, c10::Device device);

/// Returns the number of a place if the text is one, otherwise -1.
int place_number(const std::string& text);
/// Throws PlacementError at `key` for an invalid device name.
c10::Device device_at(const std::string& key, const std::string& text);

}  // namespace seq2seq::run
