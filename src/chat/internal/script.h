// The script of a ScriptedModel, parsed: rules in order, each with conditions on the request and
// weighted replies. Private to the room; the format is docs/scripted-models.md.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "chat/chat_model.h"

namespace re2 {
class RE2;
}

namespace iago {

inline constexpr std::size_t kMaxScriptBytes = std::size_t{16} << 20;

// Text that must occur, or a regular expression that must match somewhere.
struct ScriptPattern {
  std::string contains;
  std::shared_ptr<const re2::RE2> regex;  // used when set
  bool matches(std::string_view text) const;
};

// A place in a reply's text that the request fills: what the last match's first group captured in
// the last user turn, nothing if none matches.
struct ScriptFill {
  std::string place;  // "{{name}}"
  std::shared_ptr<const re2::RE2> regex;
};

struct ScriptedReply {
  ChatReply reply;  // without usage
  std::vector<ScriptFill> fills;
  std::chrono::milliseconds delay{0};
  double weight = 1;
};

struct ScriptRule {
  std::vector<ScriptPattern> system;  // all must match the system turns, joined by blank lines
  std::vector<ScriptPattern> user;    // all must match the last user turn
  std::vector<ScriptedReply> replies;
  std::vector<double> weights;  // of the replies, in order
};

// Error invalid that names `where` and the line.
std::vector<ScriptRule> parse_script(std::string_view script, std::string_view where);

// The reply with its places filled from the request.
ChatReply filled(const ScriptedReply& scripted, const ChatRequest& request);

// The first rule that the request meets, or null.
const ScriptRule* find_rule(const std::vector<ScriptRule>& rules, const ChatRequest& request);

}  // namespace iago
