// Scripts of scripted models: whatever the bytes, rules or an iago::Error, and of rules a reply or
// none. Up to the first zero byte the script, then the user's turn.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "chat/internal/script.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::size_t end = bytes.find('\0');
  iago::ChatRequest request;
  request.messages = {
      {iago::Role::system, "free tier"},
      {iago::Role::user, std::string(end == bytes.npos ? "" : bytes.substr(end + 1))}};
  try {
    const auto rules = iago::parse_script(bytes.substr(0, end), "fuzz.jsonl");
    const iago::ScriptRule* rule = iago::find_rule(rules, request);
    if (rule == nullptr) return 0;
    IAGO_CHECK(rule->replies.size() == rule->weights.size(), "a weight for every reply");
    for (const iago::ScriptedReply& reply : rule->replies) iago::filled(reply, request);
  } catch (const iago::Error& error) {
    IAGO_CHECK(!std::string_view(error.what()).empty(), "an error without a message");
  }
  return 0;
}
