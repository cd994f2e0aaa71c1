#include "chat/internal/secret_forms.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "chat/internal/plain_view.h"

namespace iago {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kPart = 16;  // bytes in a row that are a secret of their own

// The digits of `bits` bits each that the bytes alone decide, where `before` bytes stand in front
// of them.
std::string digits_of(std::string_view bytes, std::string_view alphabet, std::size_t bits,
                      std::size_t before) {
  std::string digits;
  const std::size_t first = 8 * before, end = 8 * (before + bytes.size());
  for (std::size_t at = (first + bits - 1) / bits * bits; at + bits <= end; at += bits) {
    std::size_t digit = 0;
    for (std::size_t bit = at; bit < at + bits; ++bit) {
      const auto byte = static_cast<unsigned char>(bytes[(bit - first) / 8]);
      digit = digit * 2 + (byte >> (7 - bit % 8) & 1);
    }
    digits += alphabet[digit];
  }
  return digits;
}

std::string rot13(std::string letters) {
  for (char& c : letters) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>('a' + (c - 'a' + 13) % 26);
  }
  return letters;
}

std::string codes_of(std::string_view bytes) {
  std::string codes;
  for (unsigned char byte : bytes) codes += fmt::format("{}", byte);
  return codes;
}

}  // namespace

std::vector<SecretForm> forms_of(std::string_view secret, Parts parts) {
  std::vector<SecretForm> forms;
  const std::string plain = plain_view(secret).letters;
  if (plain.size() < kShortestSecret) return forms;
  auto add = [&](std::string_view text, bool beside = false) {
    std::string letters = plain_view(text).letters;
    // What stands for kPart bytes.
    const std::size_t part = (kPart * letters.size() + plain.size() - 1) / plain.size();
    const std::size_t least = std::min(std::max(part, kPart), letters.size());
    forms.push_back({letters, parts, least, beside});
  };
  add(plain);
  add(std::string(plain.rbegin(), plain.rend()));
  add(rot13(plain));
  add(digits_of(secret, kHex, 4, 0));
  add(codes_of(secret));
  for (const auto& [alphabet, bits] :
       {std::pair(kBase64, std::size_t{6}), std::pair(kBase32, std::size_t{5})}) {
    for (std::size_t before = 0; before < std::lcm(bits, std::size_t{8}) / 8; ++before) {
      add(digits_of(secret, alphabet, bits, before), true);
    }
  }
  return forms;
}

}  // namespace iago
