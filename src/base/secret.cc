#include "base/secret.h"

#include <cstdlib>

#include "base/ascii.h"
#include "base/error.h"
#include "base/file.h"

namespace iago {
namespace {

constexpr std::size_t kMaxFileBytes = 64 << 10;

// The bytes of the invisible character that `text` begins with; 0 if it begins with another. UTF-8:
// U+FEFF, U+200B to U+200F, U+2000 to U+200A, U+2028 to U+202F, U+205F to U+206F, U+3000, U+00A0,
// U+00AD, and the control characters of ASCII and Latin-1.
std::size_t invisible_bytes(std::string_view text) {
  auto byte = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const unsigned a = byte(0), b = byte(1), c = byte(2);
  if (a < 0x20 || a == 0x7f) return 1;
  if (a == 0xc2 && (b < 0xa0 || b == 0xa0 || b == 0xad)) return 2;
  if (a == 0xef && b == 0xbb && c == 0xbf) return 3;
  if (a == 0xe3 && b == 0x80 && c == 0x80) return 3;
  const bool spaces = b == 0x80 && (c <= 0x8f || (c >= 0xa8 && c <= 0xaf));
  const bool joiners = b == 0x81 && c >= 0x9f && c <= 0xaf;
  return a == 0xe2 && (spaces || joiners) ? 3 : 0;
}

// A file that was saved as UTF-16 with a byte-order mark, as ASCII: what keys consist of.
std::string from_utf16(std::string_view text) {
  const bool little = text.starts_with("\xff\xfe"), big = text.starts_with("\xfe\xff");
  if (!little && !big) return std::string(text);
  std::string ascii;
  for (std::size_t at = 2; at + 1 < text.size(); at += 2) {
    const char low = text[little ? at : at + 1], high = text[little ? at + 1 : at];
    ascii += high == 0 ? low : '?';
  }
  return ascii;
}

// Without invisible characters. Only surrounding white space is removed without a notice.
std::string cleaned(std::string_view raw, bool& was_cleaned) {
  const std::string text = from_utf16(raw);
  const std::string body(trimmed(text));
  std::string clean;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t invisible = invisible_bytes(std::string_view(body).substr(at));
    if (invisible == 0) clean += body[at];
    at += invisible == 0 ? 1 : invisible;
  }
  clean = trimmed(clean);
  was_cleaned = text != raw || clean != body;
  return clean;
}

}  // namespace

Secret Secret::from_environment(const std::string& variable) {
  const char* value = std::getenv(variable.c_str());
  Secret secret;
  if (value != nullptr) secret.value_ = cleaned(value, secret.was_cleaned_);
  return secret;
}

Secret Secret::from_file(const std::filesystem::path& path) {
  Secret secret;
  secret.value_ = cleaned(read_file(path, kMaxFileBytes), secret.was_cleaned_);
  if (secret.empty()) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: expected a key, found an empty file", path.string()));
  }
  return secret;
}

}  // namespace iago
