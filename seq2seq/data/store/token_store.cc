#include "seq2seq/data/store/token_store.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include <fmt/format.h>
#include <sys/mman.h>

#include "seq2seq/core/checksum.h"
#include "seq2seq/core/error.h"
#include "seq2seq/data/store/mapped_file.h"
#include "seq2seq/data/store/store_file.h"

namespace seq2seq::data {
namespace {

constexpr std::size_t kVerifiedAtOnce = std::size_t{1} << 22;

FormatError damaged(const MappedFile& file, const std::string& problem) {
  return {file.place(), problem, "Run `seq2seq prepare` again"};
}

StoreHeader read_header(const MappedFile& mapping) {
  StoreHeader header{};
  if (mapping.size() < sizeof(header)) throw damaged(mapping, "is not a token store: too short");
  std::memcpy(&header, mapping.data(), sizeof(header));
  if (header.magic != store_magic) throw damaged(mapping, "is not a token store: wrong first bytes");
  if (header.version != store_version) {
    throw damaged(mapping,
                  fmt::format("has format version {}; this program reads version {}", header.version, store_version));
  }
  const uint64_t most = mapping.size();
  if ((header.width != 2 && header.width != 4) || header.tokens > most || header.sentences > most) {
    throw damaged(mapping, "is damaged: invalid header");
  }
  if (store_bytes(header) != mapping.size()) {
    throw damaged(mapping, fmt::format("is damaged: it has {} bytes, but its header says {}", mapping.size(),
                                       store_bytes(header)));
  }
  return header;
}

void verify_checksum(const MappedFile& mapping, const StoreHeader& header) {
  Sha256 checksum;
  for (std::size_t at = sizeof(header); at < mapping.size(); at += kVerifiedAtOnce) {
    const std::size_t count = std::min(kVerifiedAtOnce, mapping.size() - at);
    checksum.add({reinterpret_cast<const char*>(mapping.data() + at), count});
    // Pages that were read count for this process until they are released, and a file may be of any size.
    madvise(const_cast<std::byte*>(mapping.data()), at + count, MADV_DONTNEED);
  }
  if (store_checksum(header, checksum.finish()) != std::string_view(header.sha256.data(), header.sha256.size())) {
    throw damaged(mapping, "is damaged: its checksum does not match");
  }
}

template <class Id>
void append(const std::byte* ids, uint64_t first, uint64_t last, std::vector<int64_t>& out) {
  const auto* const typed = reinterpret_cast<const Id*>(ids);
  out.assign(typed + first, typed + last);
}

}  // namespace

std::shared_ptr<const std::string> TokenStore::in_memory() {
  return std::make_shared<const std::string>("token store in memory");
}

TokenStore::TokenStore() { *this = TokenStoreBuilder().finish(); }

TokenStore TokenStore::open(const std::filesystem::path& file, bool verify) {
  auto mapping = std::make_shared<MappedFile>(file);
  const auto header = read_header(*mapping);
  if (verify) verify_checksum(*mapping, header);
  TokenStore store{Unset{}};
  store.ids_ = mapping->data() + sizeof(header);
  store.offsets_ = reinterpret_cast<const uint64_t*>(mapping->data() + store_offsets_at(header));
  store.width_ = static_cast<int>(header.width);
  store.sentences_ = static_cast<int64_t>(header.sentences);
  store.tokens_ = static_cast<int64_t>(header.tokens);
  store.largest_ = header.largest;
  store.file_ = std::make_shared<const std::string>(file.string());
  store.mapped_ = {mapping->data(), mapping->size()};
  store.owner_ = std::move(mapping);
  store.release_pages();
  return store;
}

void TokenStore::check(const char* what, int64_t index, int64_t count) const {
  if (index >= 0 && index < count) return;
  throw Error(Place{*file_, 0, 0, {}}, fmt::format("{} index {} is out of range: there are {}", what, index, count));
}

TokenStore::Stretch TokenStore::stretch(int64_t sentence) const {
  check("sentence", sentence, sentences_);
  const Stretch ids{offsets_[sentence], offsets_[sentence + 1]};
  // Guards against offsets outside the ids, in a file that was not verified or has changed since.
  if (ids.first > ids.last || ids.last > static_cast<uint64_t>(tokens_)) {
    throw FormatError(Place{*file_, 0, 0, {}}, fmt::format("is damaged at sentence {}", sentence + 1),
                      "Run `seq2seq prepare` again");
  }
  return ids;
}

int64_t TokenStore::length(int64_t sentence) const {
  const auto [first, last] = stretch(sentence);
  return static_cast<int64_t>(last - first);
}

std::vector<int64_t> TokenStore::original(int64_t sentence) const {
  const auto [first, last] = stretch(sentence);
  std::vector<int64_t> ids;
  width_ == 2 ? append<uint16_t>(ids_, first, last, ids) : append<uint32_t>(ids_, first, last, ids);
  return ids;
}

std::vector<int64_t> TokenStore::operator[](int64_t sentence) const {
  auto ids = original(sentence);
  if (renumbering_) {
    for (auto& id : ids) id = renumbering_->id(id);
  }
  return ids;
}

int64_t TokenStore::stored(int64_t position) const {
  return width_ == 2 ? reinterpret_cast<const uint16_t*>(ids_)[position]
                     : reinterpret_cast<const uint32_t*>(ids_)[position];
}

int64_t TokenStore::id(int64_t position) const {
  check("token", position, tokens_);
  return renumbering_ ? renumbering_->id(stored(position)) : stored(position);
}

TokenStore TokenStore::renumbered(const TokenStore& ids) const {
  if (largest_ >= ids.tokens()) {
    throw Error(Place{*file_, 0, 0, {}},
                fmt::format("has the id {}, but the vocabulary has ids for only {}", largest_, ids.tokens()));
  }
  TokenStore other(*this);
  other.renumbering_ = std::make_shared<const TokenStore>(ids);
  return other;
}

void TokenStore::release_pages() const {
  if (!mapped_.empty()) madvise(const_cast<std::byte*>(mapped_.data()), mapped_.size(), MADV_DONTNEED);
}

struct TokenStoreBuilder::Memory {
  std::vector<uint32_t> ids;
  std::vector<uint64_t> offsets{0};
};

TokenStoreBuilder::TokenStoreBuilder() : memory_(std::make_shared<Memory>()) {}

void TokenStoreBuilder::add(const std::vector<int64_t>& ids) {
  for (const int64_t id : ids) {
    if (id < 0 || id > std::numeric_limits<uint32_t>::max()) {
      throw Error(fmt::format("word id {} does not fit a token store", id));
    }
    memory_->ids.push_back(static_cast<uint32_t>(id));
    largest_ = std::max(largest_, id);
  }
  memory_->offsets.push_back(memory_->ids.size());
}

TokenStore TokenStoreBuilder::finish() {
  TokenStore store{TokenStore::Unset{}};
  store.ids_ = reinterpret_cast<const std::byte*>(memory_->ids.data());
  store.offsets_ = memory_->offsets.data();
  store.width_ = sizeof(uint32_t);
  store.sentences_ = std::ssize(memory_->offsets) - 1;
  store.tokens_ = std::ssize(memory_->ids);
  store.largest_ = largest_;
  store.owner_ = std::move(memory_);
  return store;
}

}  // namespace seq2seq::data
