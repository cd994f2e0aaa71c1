// A row's checksum: against decay of the disk and damaged pages, which SQLite does not notice
// inside a text. Not against forgery (the hashes of base/hash.h are, at a tenth of the speed).
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace iago {

// The order of the fields and their lengths are part of the sum.
class Checksum {
 public:
  Checksum& field(std::string_view bytes) {
    add(bytes.size());
    while (bytes.size() >= 8) {
      std::uint64_t word;
      std::memcpy(&word, bytes.data(), 8);
      add(word);
      bytes.remove_prefix(8);
    }
    std::uint64_t rest = 0;
    if (!bytes.empty()) std::memcpy(&rest, bytes.data(), bytes.size());
    add(rest);
    return *this;
  }
  Checksum& field(std::int64_t value) {
    add(static_cast<std::uint64_t>(value));
    return *this;
  }
  Checksum& field(double value) {
    add(std::bit_cast<std::uint64_t>(value));
    return *this;
  }
  std::int64_t value() const { return static_cast<std::int64_t>(state_ ^ (state_ >> 32)); }

 private:
  // Each step is invertible in the state, so that a single changed word always changes the sum.
  void add(std::uint64_t word) {
    state_ = (state_ ^ word) * 0x9e3779b97f4a7c15u;
    state_ ^= state_ >> 29;
  }

  std::uint64_t state_ = 0x6961676f20726f77u;
};

}  // namespace iago
