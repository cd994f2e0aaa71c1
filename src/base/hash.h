// Content hashes: SHA-256, so that an auditor can check any of them with sha256sum.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace iago {

// Hashes bytes that arrive in pieces. Not thread-safe; one object per hash.
class Hasher {
 public:
  Hasher();
  Hasher& update(std::string_view bytes);
  // Adds the field's length before its bytes, so that ("ab","c") and ("a","bc") differ.
  Hasher& field(std::string_view bytes);
  Hasher& field(std::uint64_t value);
  // 32 bytes. The object is spent afterwards.
  std::array<std::uint8_t, 32> digest();
  // The digest as 64 hexadecimal digits. The object is spent afterwards.
  std::string hex();

 private:
  alignas(64) std::array<std::byte, 128> state_;
};

// SHA-256 of the bytes, 64 hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

// SHA-256 of a file's content, read in pieces. Error not_found or disconnected if it cannot be
// read.
std::string sha256_hex_of_file(const std::filesystem::path& path);

// A well-mixed 64-bit value from the bytes (the head of their SHA-256): for seeds, not for ids.
std::uint64_t hash64(std::string_view bytes);

}  // namespace iago
