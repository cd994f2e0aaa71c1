// KvPages: the memory of all keys and values of one engine, as a fixed number of pages that are
// handed out and counted. A page holds the keys and values of kPageTokens neighbouring positions
// for every layer and key/value head. The token at position p always lies in slot p % kPageTokens,
// so that a segment can be cut anywhere: both halves then hold the page that the cut goes through.
//
// Within a page and head, keys lie as [head_dim, kPageTokens] and values as [kPageTokens,
// padded_dim]: scores are computed for a page's tokens at once, outputs for a value's numbers at
// once, both without gathering. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "lm/config.h"

namespace iago {

inline constexpr std::int64_t kPageTokens = 16;

using PageId = std::uint32_t;

class KvPages {
 public:
  // As many pages as fit into `bytes`; the memory is taken from the system when first written.
  // Error invalid if not even one fits.
  KvPages(const LlamaConfig& config, std::size_t bytes);

  static std::size_t page_bytes(const LlamaConfig& config);
  // Rounded up to a multiple of 16: the length of a value; what is beyond head_dim is zero.
  static std::int64_t padded(std::int64_t head_dim);
  // Pages that hold positions [begin, end), begin < end.
  static std::size_t pages_for(std::int64_t begin, std::int64_t end) {
    return static_cast<std::size_t>((end - 1) / kPageTokens - begin / kPageTokens + 1);
  }

  std::size_t count() const { return holders_.size(); }
  std::size_t free() const { return free_.size(); }

  // A page with one holder, or absent when all are taken. Its slots hold old, finite numbers.
  std::optional<PageId> take();
  void hold(PageId page) { ++holders_[page]; }
  // Gives a holder's claim up; the page is free when it was the last.
  void release(PageId page);

  // Keys and values of one head of one layer of a page.
  float* keys(PageId page, std::int64_t layer, std::int64_t head) {
    return memory_.floats() + layer * layer_stride_ + page * page_stride_ + head * head_stride_;
  }
  float* values(PageId page, std::int64_t layer, std::int64_t head) {
    return keys(page, layer, head) + kPageTokens * head_dim_;
  }
  std::int64_t padded_dim() const { return padded_dim_; }
  // Between the same page and head of neighbouring pages, for loops over keys().
  std::int64_t page_stride() const { return page_stride_; }
  // The same of neighbouring heads.
  std::int64_t head_stride() const { return head_stride_; }

 private:
  class Memory {
   public:
    Memory() = default;
    explicit Memory(std::size_t bytes);
    ~Memory();
    Memory(Memory&& other) noexcept;
    Memory& operator=(Memory&& other) noexcept;
    float* floats() { return floats_; }

   private:
    float* floats_ = nullptr;
    std::size_t bytes_ = 0;
  };
  std::int64_t head_dim_, padded_dim_, head_stride_, page_stride_, layer_stride_;
  std::vector<std::uint32_t> holders_;
  std::vector<PageId> free_;  // the last is taken next: low pages first, so that memory is reused
  Memory memory_;
};

}  // namespace iago
