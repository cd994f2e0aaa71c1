#include "base/readable.h"

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace iago {

std::string readable_text(std::string_view text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  std::string without_nul;
  without_nul.reserve(text.size());
  for (char c : text) {
    if (c == '\0') {
      without_nul += kReplacement;
    } else {
      without_nul += c;
    }
  }
  // The JSON library knows what is UTF-8, and writes U+FFFD elsewhere.
  const Json read = Json::parse(dump_json(Json(without_nul)));
  return read.get<std::string>();
}

}  // namespace iago
