#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

namespace seq2seq::data {

class LayoutCopies;

/// The index tensors of a layout.
struct LayoutIndex {
  at::Tensor owner, position, key;
};

/// Layout of the sentences of a batch (or a chunk of its steps) in packed rows: sorted by length, longest first, and
/// stored step by step, each step with the sentences still running. The sorted order stays inside this struct: `owner`
/// gives the sentence of each row, and everything outside is in the caller's order. The index tensors are int64 on the
/// device of the rows. Always held by a std::shared_ptr.
struct Layout : std::enable_shared_from_this<Layout> {
  std::vector<int64_t> running;  // [T] sentences at each step of the chunk, never rising; the sum is N
  int64_t sentences = 0;         // B of the whole batch, also when some have ended before this chunk
  std::vector<int64_t> lengths;  // [B] rows of each sentence in the chunk, in the caller's order
  at::Tensor owner;              // [N] the row's sentence, in the caller's order
  at::Tensor position;           // [N] its step, counted from the sentence's first
  at::Tensor key;                // [B] the pair's number in the corpus, in the caller's order; selects random draws
  at::Tensor running_on_device;  // [T] `running` on the device of the index tensors; undefined on the CPU
  LayoutIndex kept_on_host;      // on_host() of a layout on another device; undefined: not known
  bool in_order = false;         // true if order() is known to be 0, 1, 2, ..., so that states need not be gathered

  int64_t rows() const { return owner.size(0); }
  int64_t steps() const { return static_cast<int64_t>(running.size()); }
  /// [running[0]] The sentences of the first step in sorted order, for gathering and scattering states.
  at::Tensor order() const;
  /// Returns the index tensors on the CPU. Decisions on the host, such as random draws, use them without waiting for a
  /// device.
  LayoutIndex on_host() const;
  /// Returns this layout on another device. Index tensors are copied once for each device, however often this is
  /// called.
  std::shared_ptr<const Layout> on(c10::Device device) const;

 private:
  std::shared_ptr<LayoutCopies> copies_;      // in the original layout
  std::weak_ptr<LayoutCopies> copied_among_;  // in a copy: the copies that contain it
  friend std::shared_ptr<Layout> new_layout();
};

/// Makes an empty layout to be filled in.
std::shared_ptr<Layout> new_layout();

/// Rows of a batch: ids [N] or features [N, width], with their layout.
struct Packed {
  at::Tensor rows;
  std::shared_ptr<const Layout> layout;
  at::Tensor ids_on_host{};  // `rows` on the CPU, if the ids are on another device; undefined: not known

  int64_t sentences() const { return layout->sentences; }
  Packed with(at::Tensor other_rows) const { return {std::move(other_rows), layout}; }
};

/// Makes the layout of whole sentences of these lengths (a sentence of length 0 has no row); `keys` [B] numbers the
/// pairs.
std::shared_ptr<const Layout> make_layout(const std::vector<int64_t>& lengths, const std::vector<int64_t>& keys);

/// Makes the layout of one more step for each of `sentences` sentences in the caller's order, all at the same position,
/// as a search feeds a decoder.
std::shared_ptr<const Layout> make_step(int64_t sentences, int64_t position);

/// Sentences of ids, in the caller's order -> packed rows of int64.
Packed pack(const std::vector<std::vector<int64_t>>& sentences, const std::vector<int64_t>& keys);
/// The inverse of pack().
std::vector<std::vector<int64_t>> unpack(const Packed& ids);

/// Returns the steps [first, last) as a chunk: rows are a view; sentences that ended before have none.
Packed chunk(const Packed& packed, int64_t first, int64_t last);

/// [N] The packed row of each row in sentence-by-sentence order (caller's order, then steps).
at::Tensor sentence_order(const Layout& layout);
/// [N] The packed row of each row after the rows of every sentence are reversed. It is its own inverse.
at::Tensor reversed_order(const Layout& layout);
/// Rows [N] or [N, ...] in packed order -> the same rows in sentence_order().
at::Tensor by_sentence(const at::Tensor& rows, const Layout& layout);

/// Moves rows and index tensors to a device; does not copy what is already there.
Packed to(const Packed& packed, c10::Device device);

}  // namespace seq2seq::data
