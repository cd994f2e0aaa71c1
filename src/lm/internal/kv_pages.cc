#include "lm/internal/kv_pages.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <new>
#include <utility>

#include "base/error.h"

namespace iago {
namespace {

constexpr std::int64_t kAlignment = 16;  // floats; head_dim need not be a multiple of it

std::int64_t floats_per_head(const LlamaConfig& config) {
  return kPageTokens * (config.head_dim + KvPages::padded(config.head_dim));
}

}  // namespace

std::int64_t KvPages::padded(std::int64_t head_dim) {
  return (head_dim + kAlignment - 1) / kAlignment * kAlignment;
}

// From the system at once: zeroed, and backed when first written. In large pages where the system
// has them: tails lie scattered, and a batch of 256 would miss the address cache at every turn.
KvPages::Memory::Memory(std::size_t bytes) : bytes_(bytes) {
  void* const at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) throw std::bad_alloc();
  ::madvise(at, bytes, MADV_HUGEPAGE);  // advice: it may fail
  floats_ = static_cast<float*>(at);
}

KvPages::Memory::~Memory() {
  if (floats_ != nullptr) ::munmap(floats_, bytes_);
}

KvPages::Memory::Memory(Memory&& other) noexcept
    : floats_(std::exchange(other.floats_, nullptr)), bytes_(other.bytes_) {}

KvPages::Memory& KvPages::Memory::operator=(Memory&& other) noexcept {
  std::swap(floats_, other.floats_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

std::size_t KvPages::page_bytes(const LlamaConfig& config) {
  // At most 2^10 * 2^10 * 2^15 floats: no overflow for a checked config.
  return static_cast<std::size_t>(config.layers * config.kv_heads * floats_per_head(config)) *
         sizeof(float);
}

KvPages::KvPages(const LlamaConfig& config, std::size_t bytes)
    : head_dim_(config.head_dim),
      padded_dim_(padded(config.head_dim)),
      head_stride_(floats_per_head(config)),
      page_stride_(config.kv_heads * head_stride_) {
  const std::size_t pages = std::min(bytes / page_bytes(config), std::size_t{1} << 24);
  if (pages == 0) {
    throw Error(ErrorCode::invalid,
                fmt::format("a cache of {} bytes holds no page of {} tokens, which takes {}", bytes,
                            kPageTokens, page_bytes(config)),
                "raise the cache's size");
  }
  layer_stride_ = static_cast<std::int64_t>(pages) * page_stride_;
  memory_ = Memory(pages * page_bytes(config));
  holders_.assign(pages, 0);
  free_.resize(pages);
  for (std::size_t i = 0; i < pages; ++i) free_[i] = static_cast<PageId>(pages - 1 - i);
}

std::optional<PageId> KvPages::take() {
  if (free_.empty()) return std::nullopt;
  const PageId page = free_.back();
  free_.pop_back();
  holders_[page] = 1;
  return page;
}

void KvPages::release(PageId page) {
  IAGO_CHECK(holders_[page] > 0, fmt::format("page {} is held", page));
  if (--holders_[page] == 0) free_.push_back(page);
}

}  // namespace iago
