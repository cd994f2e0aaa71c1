#include "base/hash.h"

#include <fmt/format.h>
#include <sodium/crypto_hash_sha256.h>

#include <cstring>
#include <fstream>
#include <vector>

#include "base/error.h"

namespace iago {
namespace {

static_assert(sizeof(crypto_hash_sha256_state) <= 128);

crypto_hash_sha256_state* state_of(std::array<std::byte, 128>& bytes) {
  return reinterpret_cast<crypto_hash_sha256_state*>(bytes.data());
}

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

Hasher::Hasher() { crypto_hash_sha256_init(state_of(state_)); }

Hasher& Hasher::update(std::string_view bytes) {
  crypto_hash_sha256_update(state_of(state_), raw(bytes), bytes.size());
  return *this;
}

Hasher& Hasher::field(std::string_view bytes) {
  return field(static_cast<std::uint64_t>(bytes.size())).update(bytes);
}

Hasher& Hasher::field(std::uint64_t value) {
  std::array<char, 8> little_endian;
  for (int i = 0; i < 8; ++i) little_endian[i] = static_cast<char>(value >> (8 * i));
  return update({little_endian.data(), little_endian.size()});
}

std::array<std::uint8_t, 32> Hasher::digest() {
  std::array<std::uint8_t, 32> out;
  crypto_hash_sha256_final(state_of(state_), out.data());
  return out;
}

std::string Hasher::hex() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(64);
  for (std::uint8_t byte : digest()) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string sha256_hex(std::string_view bytes) { return Hasher().update(bytes).hex(); }

std::string sha256_hex_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw Error(ErrorCode::not_found,
                fmt::format("{}: cannot be opened for reading", path.string()));
  }
  Hasher hasher;
  std::vector<char> buffer(1 << 20);
  while (file) {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    hasher.update({buffer.data(), static_cast<std::size_t>(file.gcount())});
  }
  if (file.bad()) {
    throw Error(ErrorCode::disconnected, fmt::format("{}: reading stopped midway", path.string()));
  }
  return hasher.hex();
}

std::uint64_t hash64(std::string_view bytes) {
  auto digest = Hasher().update(bytes).digest();
  std::uint64_t value;
  std::memcpy(&value, digest.data(), sizeof value);
  return value;
}

}  // namespace iago
