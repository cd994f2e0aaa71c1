#include "text/characters.h"

#include "text/utf8.h"

namespace iago {

Decoded decode(std::string_view text) {
  const Utf8Step step = next_code_point(text);
  return step.valid ? Decoded{step.code_point, step.size} : Decoded{kReplacement, 1};
}

bool is_space_or_control(char32_t code) {
  return code <= 0x20 || (code >= 0x7F && code <= 0xA0) || code == 0x2028 || code == 0x2029;
}

bool is_hidden(char32_t code) {
  return (code >= 0x200B && code <= 0x200F) || (code >= 0x202A && code <= 0x202E) ||
         (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF || code == 0x061C ||
         (code >= 0xE0000 && code <= 0xE007F);
}

}  // namespace iago
