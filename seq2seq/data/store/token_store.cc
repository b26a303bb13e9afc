#include "seq2seq/data/store/token_store.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "seq2seq/core/checksum.h"
#include "seq2seq/core/error.h"
#include "seq2seq/data/store/store_file.h"

namespace seq2seq::data {
namespace {

constexpr std::size_t kVerifiedAtOnce = std::size_t{1} << 22;

/// A file's bytes, mapped.
class Mapping {
 public:
  explicit Mapping(const std::filesystem::path& file) : place_{file.string(), 0, 0, {}} {
    const int handle = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (handle < 0) throw Error(place_, reason());
    struct stat status {};
    const bool known = fstat(handle, &status) == 0;
    size_ = known ? static_cast<std::size_t>(status.st_size) : 0;
    if (known && size_ > 0) start_ = mmap(nullptr, size_, PROT_READ, MAP_SHARED, handle, 0);
    const std::string why = reason();
    ::close(handle);
    if (!known || start_ == MAP_FAILED) {
      start_ = nullptr;
      throw Error(place_, why);
    }
  }
  ~Mapping() {
    if (start_ != nullptr) munmap(start_, size_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  const std::byte* data() const { return static_cast<const std::byte*>(start_); }
  std::size_t size() const { return size_; }
  FormatError fault(const std::string& problem) const { return {place_, problem, "Run `seq2seq prepare` again"}; }

 private:
  static std::string reason() { return "cannot be read: " + std::generic_category().message(errno); }

  Place place_;
  void* start_ = nullptr;
  std::size_t size_ = 0;
};

StoreHeader read_header(const Mapping& mapping) {
  StoreHeader header{};
  if (mapping.size() < sizeof(header)) throw mapping.fault("is no token store: it is too short");
  std::memcpy(&header, mapping.data(), sizeof(header));
  if (header.magic != store_magic) throw mapping.fault("is no token store: its first bytes are others");
  if (header.version != store_version) {
    throw mapping.fault(
        fmt::format("has format version {}; this program reads version {}", header.version, store_version));
  }
  const uint64_t most = mapping.size();
  if ((header.width != 2 && header.width != 4) || header.tokens > most || header.sentences > most) {
    throw mapping.fault("is damaged: its header makes no sense");
  }
  if (store_bytes(header) != mapping.size()) {
    throw mapping.fault(
        fmt::format("is damaged: it has {} bytes, and its header asks for {}", mapping.size(), store_bytes(header)));
  }
  return header;
}

void verify_checksum(const Mapping& mapping, const StoreHeader& header) {
  Sha256 checksum;
  for (std::size_t at = sizeof(header); at < mapping.size(); at += kVerifiedAtOnce) {
    const std::size_t count = std::min(kVerifiedAtOnce, mapping.size() - at);
    checksum.add({reinterpret_cast<const char*>(mapping.data() + at), count});
  }
  if (store_checksum(header, checksum.finish()) != std::string_view(header.sha256.data(), header.sha256.size())) {
    throw mapping.fault("is damaged: its contents are not those its checksum names");
  }
}

template <class Id>
void append(const std::byte* ids, uint64_t first, uint64_t last, std::vector<int64_t>& out) {
  const auto* const typed = reinterpret_cast<const Id*>(ids);
  out.assign(typed + first, typed + last);
}

}  // namespace

TokenStore::TokenStore() { *this = TokenStoreBuilder().finish(); }

TokenStore TokenStore::open(const std::filesystem::path& file, bool verify) {
  auto mapping = std::make_shared<Mapping>(file);
  const auto header = read_header(*mapping);
  if (verify) verify_checksum(*mapping, header);
  TokenStore store{Unset{}};
  store.ids_ = mapping->data() + sizeof(header);
  store.offsets_ = reinterpret_cast<const uint64_t*>(mapping->data() + store_offsets_at(header));
  store.width_ = static_cast<int>(header.width);
  store.sentences_ = static_cast<int64_t>(header.sentences);
  store.tokens_ = static_cast<int64_t>(header.tokens);
  store.largest_ = header.largest;
  store.mapped_ = {mapping->data(), mapping->size()};
  store.owner_ = std::move(mapping);
  store.release_pages();
  return store;
}

void TokenStore::check(const char* what, int64_t index, int64_t count) const {
  if (index < 0 || index >= count) throw Error(fmt::format("{} {} of a token store that has {}", what, index, count));
}

int64_t TokenStore::length(int64_t sentence) const {
  check("sentence", sentence, sentences_);
  return static_cast<int64_t>(offsets_[sentence + 1] - offsets_[sentence]);
}

std::vector<int64_t> TokenStore::operator[](int64_t sentence) const {
  check("sentence", sentence, sentences_);
  const uint64_t first = offsets_[sentence];
  const uint64_t last = offsets_[sentence + 1];
  // A file that was not verified, or changed since, must not lead out of its pages.
  if (first > last || last > static_cast<uint64_t>(tokens_)) {
    throw FormatError(fmt::format("a token store is damaged at sentence {}", sentence + 1),
                      "Run `seq2seq prepare` again");
  }
  std::vector<int64_t> ids;
  width_ == 2 ? append<uint16_t>(ids_, first, last, ids) : append<uint32_t>(ids_, first, last, ids);
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
    throw Error(
        fmt::format("a token store holds the id {}, and there are other ids for {} alone", largest_, ids.tokens()));
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
