#include "seq2seq/data/packed.h"

#include <algorithm>
#include <mutex>
#include <numeric>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/argsort.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/data/send.h"

namespace seq2seq::data {
namespace {

at::Tensor tensor_of(const std::vector<int64_t>& values) {
  auto tensor = at::empty({std::ssize(values)}, at::kLong);
  std::copy(values.begin(), values.end(), tensor.mutable_data_ptr<int64_t>());
  return tensor;
}

std::vector<int64_t> lengths_of(const std::vector<std::vector<int64_t>>& sentences) {
  std::vector<int64_t> lengths;
  lengths.reserve(sentences.size());
  for (const auto& sentence : sentences) lengths.push_back(std::ssize(sentence));
  return lengths;
}

/// Returns the number of sentences still running at each step, from `lengths` sorted longest first.
std::vector<int64_t> running_at(const std::vector<int64_t>& lengths, const std::vector<int64_t>& order) {
  std::vector<int64_t> running;
  if (order.empty()) return running;
  running.reserve(static_cast<std::size_t>(lengths[static_cast<std::size_t>(order.front())]));
  for (auto last = order.rbegin(); last != order.rend(); ++last) {
    const auto length = static_cast<std::size_t>(lengths[static_cast<std::size_t>(*last)]);
    running.resize(std::max(running.size(), length), order.rend() - last);
  }
  return running;
}

/// Returns true if the first `count` numbers are 0, 1, 2, ...
bool starts_in_order(const std::vector<int64_t>& numbers, int64_t count) {
  const auto first = numbers.begin(), last = numbers.begin() + count;
  return count == 0 || (std::is_sorted(first, last) && *(last - 1) == count - 1);
}

/// Returns true if the layout is on this device. A device without an index, `cuda`, stands for any of its type.
bool lies_on(const Layout& layout, c10::Device device) {
  const auto here = layout.owner.device();
  return device.has_index() ? here == device : here.type() == device.type();
}

}  // namespace

/// The copies of one layout on other devices, and the layout itself.
class LayoutCopies {
 public:
  std::mutex mutex;
  std::weak_ptr<const Layout> first;
  std::vector<std::shared_ptr<const Layout>> others;

  std::shared_ptr<const Layout> find(c10::Device device) const {
    const auto on_device = [device](const auto& layout) { return layout != nullptr && lies_on(*layout, device); };
    if (auto made_first = first.lock(); on_device(made_first)) return made_first;
    const auto found = std::ranges::find_if(others, on_device);
    return found == others.end() ? nullptr : *found;
  }
};

std::shared_ptr<Layout> new_layout() {
  auto layout = std::make_shared<Layout>();
  layout->copies_ = std::make_shared<LayoutCopies>();
  layout->copies_->first = layout;
  return layout;
}

std::shared_ptr<const Layout> Layout::on(c10::Device device) const {
  if (lies_on(*this, device)) return shared_from_this();
  const auto copies = copies_ != nullptr ? copies_ : copied_among_.lock();
  const auto copy = [&] {
    auto copied = std::make_shared<Layout>(*this);
    const auto host = on_host();
    const auto there = send_together({host.owner, host.position, host.key, tensor_of(running)}, device);
    copied->owner = there[0];
    copied->position = there[1];
    copied->key = there[2];
    copied->running_on_device = device.is_cpu() ? at::Tensor() : there[3];
    copied->kept_on_host = device.is_cpu() ? LayoutIndex() : host;
    copied->copies_ = nullptr;
    copied->copied_among_ = copies;
    return copied;
  };
  if (copies == nullptr) return copy();  // the original layout no longer exists
  const std::lock_guard lock(copies->mutex);
  if (auto found = copies->find(device)) return found;
  return copies->others.emplace_back(copy());
}

LayoutIndex Layout::on_host() const {
  const auto here = [](const at::Tensor& kept, const at::Tensor& tensor) {
    return kept.defined() ? kept : tensor.cpu();
  };
  return {here(kept_on_host.owner, owner), here(kept_on_host.position, position), here(kept_on_host.key, key)};
}

at::Tensor Layout::order() const { return owner.narrow(0, 0, running.empty() ? 0 : running.front()); }

std::shared_ptr<const Layout> make_layout(const std::vector<int64_t>& lengths, const std::vector<int64_t>& keys) {
  if (lengths.size() != keys.size()) {
    throw ShapeError(fmt::format("{} lengths, but {} keys", lengths.size(), keys.size()));
  }
  std::vector<int64_t> order(lengths.size());
  std::iota(order.begin(), order.end(), 0);
  const auto length = [&lengths](int64_t sentence) { return lengths[static_cast<std::size_t>(sentence)]; };
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return length(a) > length(b); });

  auto layout = new_layout();
  layout->sentences = std::ssize(lengths);
  layout->lengths = lengths;
  layout->running = running_at(lengths, order);
  layout->in_order = starts_in_order(order, layout->running.empty() ? 0 : layout->running.front());
  const int64_t rows = std::accumulate(layout->running.begin(), layout->running.end(), int64_t{0});
  layout->owner = at::empty({rows}, at::kLong);     // [N]
  layout->position = at::empty({rows}, at::kLong);  // [N]
  layout->key = tensor_of(keys);                    // [B]
  auto* owner = layout->owner.mutable_data_ptr<int64_t>();
  auto* position = layout->position.mutable_data_ptr<int64_t>();
  for (int64_t step = 0; step < layout->steps(); ++step) {
    const int64_t running = layout->running[static_cast<std::size_t>(step)];
    owner = std::copy_n(order.begin(), running, owner);
    position = std::fill_n(position, running, step);
  }
  return layout;
}

std::shared_ptr<const Layout> make_step(int64_t sentences, int64_t position) {
  auto layout = new_layout();
  layout->sentences = sentences;
  if (sentences > 0) layout->running = {sentences};
  layout->in_order = true;
  layout->lengths.assign(static_cast<std::size_t>(sentences), 1);
  layout->owner = at::arange(sentences, at::kLong);               // [B]
  layout->position = at::full({sentences}, position, at::kLong);  // [B]
  layout->key = layout->owner;
  return layout;
}

Packed pack(const std::vector<std::vector<int64_t>>& sentences, const std::vector<int64_t>& keys) {
  const auto layout = make_layout(lengths_of(sentences), keys);
  auto rows = at::empty({layout->rows()}, at::kLong);  // [N]
  auto* row = rows.mutable_data_ptr<int64_t>();
  const auto* owner = layout->owner.const_data_ptr<int64_t>();
  const auto* position = layout->position.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < layout->rows(); ++i) {
    row[i] = sentences[static_cast<std::size_t>(owner[i])][static_cast<std::size_t>(position[i])];
  }
  return {std::move(rows), layout};
}

std::vector<std::vector<int64_t>> unpack(const Packed& ids) {
  std::vector<std::vector<int64_t>> sentences(static_cast<std::size_t>(ids.sentences()));
  const auto rows = ids.rows.cpu().contiguous();
  const auto owners = ids.layout->on_host().owner;
  const auto* row = rows.const_data_ptr<int64_t>();
  const auto* owner = owners.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < rows.size(0); ++i) sentences[static_cast<std::size_t>(owner[i])].push_back(row[i]);
  return sentences;
}

Packed chunk(const Packed& packed, int64_t first, int64_t last) {
  const Layout& whole = *packed.layout;
  if (first < 0 || last < first || last > whole.steps()) {
    throw ShapeError(fmt::format("steps [{}, {}) of {}", first, last, whole.steps()));
  }
  const auto begin = whole.running.begin();
  const int64_t before = std::accumulate(begin, begin + first, int64_t{0});
  const int64_t rows = std::accumulate(begin + first, begin + last, int64_t{0});
  auto layout = new_layout();
  layout->running.assign(begin + first, begin + last);
  layout->sentences = whole.sentences;
  layout->in_order = whole.in_order;  // the sentences of a later step are the first ones of an earlier step
  for (const int64_t length : whole.lengths)
    layout->lengths.push_back(std::clamp<int64_t>(length - first, 0, last - first));
  layout->owner = whole.owner.narrow(0, before, rows);        // [N]
  layout->position = whole.position.narrow(0, before, rows);  // [N]
  layout->key = whole.key;                                    // [B]
  const auto part_of = [&](const at::Tensor& kept) { return kept.defined() ? kept.narrow(0, before, rows) : kept; };
  layout->kept_on_host = {part_of(whole.kept_on_host.owner), part_of(whole.kept_on_host.position),
                          whole.kept_on_host.key};
  return {packed.rows.narrow(0, before, rows), layout, part_of(packed.ids_on_host)};
}

at::Tensor sentence_order(const Layout& layout) {
  // Rows are in the order of steps, so a stable sort by owner keeps each sentence's rows in the order of its steps.
  return send(at::argsort(layout.on_host().owner, /*stable=*/true), layout.owner.device());
}

at::Tensor reversed_order(const Layout& layout) {
  const auto& owner = layout.owner;
  if (layout.rows() == 0) return owner;
  // Computes everything on the device of the rows, so that nothing waits for it.
  const auto running =
      layout.running_on_device.defined() ? layout.running_on_device : send(tensor_of(layout.running), owner.device());
  const auto first_row = running.cumsum(0) - running;                   // [T] of each step
  const auto step = layout.position - layout.position.narrow(0, 0, 1);  // [N] counted from the chunk's first
  const auto place = at::arange(layout.rows(), owner.options()) - first_row.index_select(0, step);
  const auto lengths = at::zeros({layout.sentences}, owner.options()).index_add(0, owner, at::ones_like(owner));
  return first_row.index_select(0, lengths.index_select(0, owner) - step - 1) + place;
}

at::Tensor by_sentence(const at::Tensor& rows, const Layout& layout) {
  return rows.index_select(0, sentence_order(layout));
}

Packed to(const Packed& packed, c10::Device device) {
  const bool ids = packed.rows.scalar_type() == at::kLong;
  return {ids ? send(packed.rows, device) : packed.rows.to(device), packed.layout->on(device),
          ids && packed.rows.is_cpu() ? packed.rows : packed.ids_on_host};
}

}  // namespace seq2seq::data
