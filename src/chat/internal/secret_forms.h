// The forms in which a server may send a secret back, as a PlainView shows them. Private to the
// room.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace iago {

// A secret is shorter than this, or has fewer letters and digits: its forms would hide words that
// are none.
inline constexpr std::size_t kShortestSecret = 8;

enum class Parts {
  whole,   // only all of the secret is one: the value of a header may begin like others
  hidden,  // 16 bytes in a row as well: a key that was cut or spread over several fields
};

struct SecretForm {
  std::string letters;  // as in a PlainView
  Parts parts = Parts::whole;
  // With Parts::hidden: that many in a row are worth hiding, or eight right before a cut.
  std::size_t least = 0;
  bool beside = false;  // the characters on either side hold bits of the secret as well
};

// Plain, reversed, ROT13, hexadecimal, decimal character codes, base64 (and base64url) and base32
// at each offset: so also within "Bearer KEY", "user:KEY" or anything else that was encoded with
// it. Empty for a secret that is too short.
std::vector<SecretForm> forms_of(std::string_view secret, Parts parts);

}  // namespace iago
