#pragma once

// The order of work on the streams of the test devices, kept by vector clocks, so that a test sees what a GPU would
// only show at times: a tensor that is read on one stream while nothing makes it wait for the stream that writes it.

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
/// Everything issued so far on any stream comes before whatever follows on this one.
void synchronize(const c10::Stream& stream);

/// An operation on a stream touches bytes that belong to a block of memory.
void access(const void* block, const void* bytes, size_t count, bool writes, const c10::Stream& stream,
            const std::string& operation);
/// Memory that is also used on this stream: when it is given back, nobody takes it before the work there is done.
void use(const void* block, const c10::Stream& stream);
/// Memory is taken and given back on the current stream of its device, as LibTorch's caching allocator does it.
void free(const void* block, const c10::Stream& stream);

}  // namespace stream_order
}  // namespace seq2seq::test
