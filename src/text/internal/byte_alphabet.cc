#include "text/internal/byte_alphabet.h"

#include <array>
#include <cstdint>

#include "text/utf8.h"

namespace iago {
namespace {

constexpr bool stands_for_itself(int byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

constexpr int kOthers = 68;  // bytes that do not stand for themselves

struct Alphabet {
  std::array<char32_t, 256> character{};
  std::array<std::int16_t, 256 + kOthers> byte{};  // by character, -1 outside the alphabet
};

constexpr Alphabet make_alphabet() {
  Alphabet alphabet;
  alphabet.byte.fill(-1);
  int next = 256;
  for (int byte = 0; byte < 256; ++byte) {
    int character = stands_for_itself(byte) ? byte : next++;
    alphabet.character[static_cast<std::size_t>(byte)] = static_cast<char32_t>(character);
    alphabet.byte[static_cast<std::size_t>(character)] = static_cast<std::int16_t>(byte);
  }
  return alphabet;
}

constexpr Alphabet kAlphabet = make_alphabet();

}  // namespace

std::string to_byte_alphabet(std::string_view bytes) {
  std::string text;
  for (char c : bytes) append_utf8(text, kAlphabet.character[static_cast<unsigned char>(c)]);
  return text;
}

std::optional<std::string> from_byte_alphabet(std::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    Utf8Step step = next_code_point(text);
    if (!step.valid || step.code_point >= kAlphabet.byte.size()) return std::nullopt;
    std::int16_t byte = kAlphabet.byte[step.code_point];
    if (byte < 0) return std::nullopt;
    bytes += static_cast<char>(byte);
    text.remove_prefix(step.size);
  }
  return bytes;
}

}  // namespace iago
