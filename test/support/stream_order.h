#pragma once

// The order of work on the streams of the test devices, kept by vector clocks. It always finds a fault that a GPU would
// only show sometimes: a tensor is read on one stream without waiting for the stream that writes it.

#include <cstddef>
#include <string>
#include <vector>

#include <c10/core/Stream.h>

namespace seq2seq::test {

/// Returns accesses since the last call without an order that a GPU would keep; empty: none.
std::vector<std::string> take_races();

namespace stream_order {

c10::Stream current(c10::Device device);
c10::Stream exchange(c10::Stream stream);
c10::Stream next_of_pool(c10::Device device);

/// An event: what was issued on a stream up to now.
void* record(void* event, const c10::Stream& stream);
void block(void* event, const c10::Stream& stream);
void destroy(void* event);
/// Orders everything issued so far on any stream before later work on this one.
void synchronize(const c10::Stream& stream);

/// Records that an operation on a stream accesses bytes of a block of memory.
void access(const void* block, const void* bytes, size_t count, bool writes, const c10::Stream& stream,
            const std::string& operation);
/// Records that memory is also used on this stream: after its release, it is not reused before the work there is done.
void use(const void* block, const c10::Stream& stream);
/// Record that memory is allocated and released on the current stream of its device, as by LibTorch's allocator.
void free(const void* block, const c10::Stream& stream);

}  // namespace stream_order
}  // namespace seq2seq::test
