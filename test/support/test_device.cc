#include "test/support/test_device.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <limits>
#include <map>
#include <mutex>
#include <new>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/EmptyTensor.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <ATen/native/CPUFallback.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/resize_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/Allocator.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/DeviceType.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/util/Exception.h>
#include <torch/library.h>

#include "test/support/stream_order.h"

namespace seq2seq::test {
namespace {

constexpr auto type = c10::DeviceType::PrivateUse1;
thread_local c10::DeviceIndex current = 0;

/// The largest size of a tensor in bytes, by device.
std::array<std::atomic<size_t>, test_devices>& limits() {
  static std::array<std::atomic<size_t>, test_devices> all;
  [[maybe_unused]] static const bool set = [] {
    for (auto& limit : all) limit = std::numeric_limits<size_t>::max();
    return true;
  }();
  return all;
}

/// Operations that the host waited for.
class Waits {
 public:
  void add(const std::string& what) {
    const std::lock_guard lock(mutex_);
    all_.push_back(what);
  }
  std::vector<std::string> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(all_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> all_;
};
Waits& waits() {
  static Waits all;
  return all;
}

/// Pinned memory is plain memory that is recorded as pinned.
class PinnedAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    void* memory = std::malloc(std::max<size_t>(bytes, 1));
    if (memory == nullptr) throw std::bad_alloc();
    const std::lock_guard lock(mutex());
    blocks()[memory] = bytes;
    return {memory, memory, &give_back, c10::Device(c10::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &give_back; }
  void copy_data(void* to, const void* from, size_t bytes) const override { default_copy_data(to, from, bytes); }
  static bool holds(const void* at) {
    const std::lock_guard lock(mutex());
    auto block = blocks().upper_bound(const_cast<void*>(at));
    if (block == blocks().begin()) return false;
    --block;
    return static_cast<const char*>(at) <= static_cast<const char*>(block->first) + block->second;
  }

 private:
  static void give_back(void* memory) {
    const std::lock_guard lock(mutex());
    blocks().erase(memory);
    std::free(memory);
  }
  static std::mutex& mutex() {
    static std::mutex all;
    return all;
  }
  static std::map<void*, size_t>& blocks() {
    static std::map<void*, size_t> all;
    return all;
  }
};
PinnedAllocator pinned_allocator;

/// Plain memory with its device and the stream on which it was allocated.
class TestAllocator final : public c10::Allocator {
 public:
  struct Block {
    void* memory;
    c10::Stream stream;
  };
  static void give_back(void* context) {
    const auto* block = static_cast<Block*>(context);
    stream_order::free(block->memory, block->stream);
    std::free(block->memory);
    delete block;
  }
  c10::DataPtr allocate(size_t bytes) override {
    TORCH_CHECK_WITH(OutOfMemoryError, bytes <= limits().at(static_cast<size_t>(current)), "test:", int{current},
                     " is out of memory: ", bytes, " bytes");
    void* memory = bytes == 0 ? nullptr : std::malloc(bytes);
    if (bytes > 0 && memory == nullptr) throw std::bad_alloc();
    if (memory == nullptr) return {nullptr, c10::Device(type, current)};
    auto* block = new Block{memory, stream_order::current(c10::Device(type, current))};
    return {memory, block, &give_back, c10::Device(type, current)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return nullptr; }  // the memory is not the context
  void copy_data(void* to, const void* from, size_t bytes) const override { default_copy_data(to, from, bytes); }
};
TestAllocator allocator;
REGISTER_ALLOCATOR(type, &allocator)

struct TestGuard final : c10::impl::DeviceGuardImplInterface {
  TestGuard() = default;
  explicit TestGuard(c10::DeviceType) {}
  c10::DeviceType type() const override { return test::type; }
  c10::Device exchangeDevice(c10::Device device) const override {
    const auto before = getDevice();
    uncheckedSetDevice(device);
    return before;
  }
  c10::Device getDevice() const override { return {test::type, current}; }
  void setDevice(c10::Device device) const override { uncheckedSetDevice(device); }
  void uncheckedSetDevice(c10::Device device) const noexcept override {
    if (device.has_index()) current = device.index();
  }
  c10::Stream getStream(c10::Device device) const override { return stream_order::current(device); }
  c10::Stream getDefaultStream(c10::Device device) const override { return c10::Stream(c10::Stream::DEFAULT, device); }
  c10::Stream getStreamFromGlobalPool(c10::Device device, bool) const override {
    return stream_order::next_of_pool(device);
  }
  c10::Stream exchangeStream(c10::Stream stream) const override { return stream_order::exchange(stream); }
  c10::DeviceIndex deviceCount() const noexcept override { return test_devices; }
  // Nothing runs in parallel; only the order of a GPU is recorded.
  void record(void** event, const c10::Stream& stream, c10::DeviceIndex, c10::EventFlag) const override {
    *event = stream_order::record(*event, stream);
  }
  void block(void* event, const c10::Stream& stream) const override { stream_order::block(event, stream); }
  void destroyEvent(void* event, c10::DeviceIndex) const noexcept override { stream_order::destroy(event); }
  void recordDataPtrOnStream(const c10::DataPtr& memory, const c10::Stream& stream) const override {
    stream_order::use(memory.get(), stream);
  }
  bool queryEvent(void*) const override { return true; }
  bool queryStream(const c10::Stream&) const override { return true; }
  double elapsedTime(void*, void*, c10::DeviceIndex) const override { return 0; }
  void synchronizeStream(const c10::Stream&) const override { waits().add("stream"); }
  void synchronizeEvent(void*) const override { waits().add("event"); }
  void synchronizeDevice(c10::DeviceIndex) const override { waits().add("device"); }
};
C10_REGISTER_GUARD_IMPL(PrivateUse1, TestGuard)

struct TestHooks final : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  c10::DeviceIndex deviceCount() const override { return test_devices; }
  c10::DeviceIndex getCurrentDevice() const override { return current; }
  bool isPinnedPtr(const void* at) const override { return PinnedAllocator::holds(at); }
  c10::Allocator* getPinnedMemoryAllocator() const override { return &pinned_allocator; }
  const at::Generator& getDefaultGenerator(c10::DeviceIndex) const override {  // at::manual_seed seeds it, too
    static const at::Generator generator = at::detail::createCPUGenerator();
    return generator;
  }
};
TestHooks hooks;
[[maybe_unused]] const bool hooked = [] {
  c10::register_privateuse1_backend("test");
  at::RegisterPrivateUse1HooksInterface(&hooks);
  return true;
}();

/// Returns the same memory as a tensor of the CPU.
at::Tensor on_cpu(const at::Tensor& tensor) {
  return at::from_blob(
      tensor.data_ptr(), tensor.sizes(), tensor.strides(), [keep = tensor](void*) {},
      tensor.options().device(c10::kCPU).requires_grad(false));
}

at::Tensor empty(c10::IntArrayRef size, std::optional<c10::ScalarType> dtype, std::optional<c10::Layout>,
                 std::optional<c10::Device> device, std::optional<bool>, std::optional<c10::MemoryFormat> format) {
  const c10::OptionalDeviceGuard guard(device);
  return at::Tensor(at::detail::empty_generic(size, &allocator, c10::DispatchKeySet(c10::DispatchKey::PrivateUse1),
                                              dtype.value_or(c10::kFloat), format));
}

at::Tensor empty_strided(c10::IntArrayRef size, c10::IntArrayRef stride, std::optional<c10::ScalarType> dtype,
                         std::optional<c10::Layout>, std::optional<c10::Device> device, std::optional<bool>) {
  const c10::OptionalDeviceGuard guard(device);
  return at::Tensor(at::detail::empty_strided_generic(
      size, stride, &allocator, c10::DispatchKeySet(c10::DispatchKey::PrivateUse1), dtype.value_or(c10::kFloat)));
}

/// Records that an operation accesses the bytes of a tensor on a stream.
void touch(const at::Tensor& tensor, bool writes, const c10::Stream& stream, const std::string& operation) {
  if (tensor.device().type() != type || tensor.numel() == 0) return;
  size_t last = 0;  // of its elements, from the first
  for (int64_t dimension = 0; dimension < tensor.dim(); ++dimension)
    last += static_cast<size_t>((tensor.size(dimension) - 1) * tensor.stride(dimension));
  stream_order::access(tensor.storage().data(), tensor.data_ptr(), (last + 1) * tensor.element_size(), writes, stream,
                       operation);
}

/// Copies like LibTorch between GPUs: on the current stream of the source. The streams of source and destination wait
/// for each other.
void order_copy(const at::Tensor& from, const at::Tensor& to) {
  if (from.device().is_cpu() || to.device().is_cpu() || from.device() == to.device()) {
    const auto stream = stream_order::current(from.device().is_cpu() ? to.device() : from.device());
    touch(from, false, stream, "copy");
    return touch(to, true, stream, "copy");
  }
  const auto source = stream_order::current(from.device()), destination = stream_order::current(to.device());
  const auto wait = [](const c10::Stream& first, const c10::Stream& second) {
    void* event = stream_order::record(nullptr, first);
    stream_order::block(event, second);
    stream_order::destroy(event);
  };
  wait(destination, source);
  touch(from, false, source, "copy from");
  touch(to, true, source, "copy to");
  wait(source, destination);
}

thread_local int computing = 0;  // within compute(), which copies by itself

/// The host waits for a copy between host and device, unless it is non-blocking and the memory of the host is pinned.
void note_copy(const at::Tensor& from, const at::Tensor& to, bool non_blocking) {
  if (computing > 0 || from.numel() == 0 || from.device().is_cpu() == to.device().is_cpu()) return;
  const auto& of_host = from.device().is_cpu() ? from : to;
  if (non_blocking && PinnedAllocator::holds(of_host.const_data_ptr())) return;
  waits().add(to.device().is_cpu() ? "copy to the host" : "copy from memory that is not pinned");
}

/// Operations whose result, or its size, the host reads.
bool reads_back(const std::string& operation, const std::vector<at::Tensor>& tensors) {
  static const std::set<std::string> known{"aten::_local_scalar_dense",
                                           "aten::nonzero",
                                           "aten::masked_select",
                                           "aten::equal",
                                           "aten::unique_dim",
                                           "aten::_unique",
                                           "aten::_unique2",
                                           "aten::unique_consecutive",
                                           "aten::bincount",
                                           "aten::repeat_interleave"};
  if (known.contains(operation)) return true;
  return (operation == "aten::index" || operation == "aten::_index_put_impl_" || operation == "aten::index_put_") &&
         std::ranges::any_of(tensors.begin() + 1, tensors.end(),
                             [](const at::Tensor& index) { return index.scalar_type() == at::kBool; });
}

at::Tensor copy_from(const at::Tensor& from, const at::Tensor& to, bool non_blocking) {
  order_copy(from, to);
  note_copy(from, to, non_blocking);
  on_cpu(to).copy_(on_cpu(from));
  return to;
}

at::Tensor copy_from_and_resize(const at::Tensor& from, const at::Tensor& to) {
  at::native::resize_(to, from.sizes(), std::nullopt);
  return copy_from(from, to, false);
}

void collect(const c10::IValue& value, std::vector<at::Tensor>& tensors) {
  if (value.isTensor() && value.toTensor().defined()) tensors.push_back(value.toTensor());
  if (value.isTensorList()) {
    for (const at::Tensor& tensor : value.toTensorVector()) tensors.push_back(tensor);
  }
  if (value.isOptionalTensorList()) {
    for (const std::optional<at::Tensor>& tensor : value.toOptionalTensorList()) {
      if (tensor && tensor->defined()) tensors.push_back(*tensor);
    }
  }
}

/// Rejects operands on different devices, except single numbers on the CPU, then computes on the CPU.
void compute(const c10::OperatorHandle& operation, torch::jit::Stack* stack) {
  const auto count = operation.schema().arguments().size();
  std::vector<at::Tensor> tensors;
  for (size_t i = stack->size() - count; i < stack->size(); ++i) collect((*stack)[i], tensors);
  std::optional<c10::Device> device;
  for (const auto& tensor : tensors) {
    if (tensor.device().is_cpu() && tensor.dim() == 0) continue;
    if (!device) device = tensor.device();
    TORCH_CHECK(tensor.device() == *device, operation.schema().name(), ": operands on ", *device, " and ",
                tensor.device());
  }
  const c10::OptionalDeviceGuard guard(device);
  if (device && !device->is_cpu()) {
    const auto& arguments = operation.schema().arguments();
    for (size_t i = 0; i < count; ++i) {
      std::vector<at::Tensor> of_argument;
      collect((*stack)[stack->size() - count + i], of_argument);
      const bool writes = arguments[i].alias_info() != nullptr && arguments[i].alias_info()->isWrite();
      for (const auto& tensor : of_argument)
        touch(tensor, writes, stream_order::current(*device), operation.schema().name());
    }
  }
  if (computing == 0 && device && !device->is_cpu() && reads_back(operation.schema().name(), tensors))
    waits().add(operation.schema().name());
  ++computing;
  try {
    at::native::cpu_fallback(operation, stack);
  } catch (...) {
    --computing;
    throw;
  }
  --computing;
}

}  // namespace

FullTestDevice::FullTestDevice(int index, size_t bytes) : index_(static_cast<size_t>(index)) {
  limits().at(index_) = bytes;
}

FullTestDevice::~FullTestDevice() { limits().at(index_) = std::numeric_limits<size_t>::max(); }

std::vector<std::string> take_waits() { return waits().take(); }

c10::Device test_device(int index) { return {type, static_cast<c10::DeviceIndex>(index)}; }

TORCH_LIBRARY_IMPL(_, PrivateUse1, library) { library.fallback(torch::CppFunction::makeFromBoxedFunction<&compute>()); }

TORCH_LIBRARY_IMPL(aten, PrivateUse1, library) {
  library.impl("empty.memory_format", empty);
  library.impl("empty_strided", empty_strided);
  library.impl("_copy_from", copy_from);
  library.impl("_copy_from_and_resize", copy_from_and_resize);
  library.impl("as_strided", at::native::as_strided_tensorimpl);
  library.impl("view", at::native::view);
  library.impl("_reshape_alias", at::native::_reshape_alias);
  library.impl("resize_", at::native::resize_);
}

}  // namespace seq2seq::test
