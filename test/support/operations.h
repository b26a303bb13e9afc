#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <ATen/record_function.h>

namespace seq2seq::test {

/// Returns the number of calls of these LibTorch operations that start on this thread while `work` runs.
template <class Work>
int64_t calls_in(std::initializer_list<std::string_view> operations, Work&& work) {
  static thread_local int64_t count = 0;
  static thread_local std::vector<std::string_view> counted;
  count = 0;
  counted = operations;
  const auto handle = at::addThreadLocalCallback(
      at::RecordFunctionCallback([](const at::RecordFunction& call) -> std::unique_ptr<at::ObserverContext> {
        if (std::ranges::find(counted, std::string_view(call.name())) != counted.end()) ++count;
        return nullptr;
      }).scopes({at::RecordScope::FUNCTION}));
  std::forward<Work>(work)();
  at::removeCallback(handle);
  return count;
}

/// Returns the numbers of products and result tensors that LibTorch makes. A gradient that is not computed needs none.
template <class Work>
int64_t products_in(Work&& work) {
  return calls_in({"aten::mm", "aten::empty_like"}, std::forward<Work>(work));
}

}  // namespace seq2seq::test
