// UTF-8 from outside. Models and files hold bytes that are not UTF-8; inside, text is valid.
// Everything here is linear and never throws on any bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace iago {

// What stands at the start of some bytes.
struct Utf8Step {
  char32_t code_point = 0;  // U+FFFD unless valid
  std::size_t size = 0;     // bytes that it takes, >= 1; of an invalid one its maximal subpart
  bool valid = false;
  bool incomplete = false;  // invalid only because the bytes end too early
};

// The first code point of `bytes`, which are not empty. An invalid sequence takes its maximal
// subpart (Unicode 15, section 3.9, "U+FFFD Substitution of Maximal Subparts").
Utf8Step next_code_point(std::string_view bytes);

bool is_valid_utf8(std::string_view bytes);

// Each maximal subpart of an invalid sequence becomes one U+FFFD, as Python's errors="replace" and
// Rust's from_utf8_lossy do it.
std::string replace_invalid_utf8(std::string_view bytes);

void append_utf8(std::string& text, char32_t code_point);

// Normalization Form C of valid UTF-8 (Unicode Standard Annex 15), by utf8proc. Linear up to the
// sorting of combining marks, also where a million of them follow one letter.
std::string to_nfc(std::string_view text);

}  // namespace iago
