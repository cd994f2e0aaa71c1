#include "chat/internal/script.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/json.h"

namespace iago {
namespace {

constexpr std::size_t kMaxRules = 10'000;
constexpr std::size_t kMaxFills = 32, kMaxFilledBytes = std::size_t{16} << 20;
constexpr std::int64_t kMaxDelayMs = 600'000;

// Reads one line's document; every complaint names the script and the line.
class LineReader {
 public:
  LineReader(std::string_view where, std::size_t line)
      : where_(fmt::format("{}, line {}", where, line)) {}

  ScriptRule rule(std::string_view text) const {
    Json document = parse_json(text, where_);
    only(document, {"match", "replies"}, "a rule");
    ScriptRule rule;
    if (document.contains("match")) read_match(document["match"], rule);
    const Json& replies = member(document, "replies");
    if (!replies.is_array() || replies.empty()) fail("a list of at least one reply", replies);
    for (const Json& entry : replies) {
      rule.replies.push_back(reply(entry));
      rule.weights.push_back(rule.replies.back().weight);
    }
    if (std::ranges::none_of(rule.weights, [](double weight) { return weight > 0; })) {
      fail("a reply with a positive weight", replies);
    }
    return rule;
  }

 private:
  [[noreturn]] void fail(std::string_view expected, const Json& found) const {
    std::string shown = dump_json(found);
    if (shown.size() > 80) shown.resize(80);
    throw Error(ErrorCode::invalid,
                fmt::format("{}: expected {}, found {}", where_, expected, shown),
                "the format is described in docs/scripted-models.md");
  }

  void only(const Json& object, std::initializer_list<std::string_view> keys,
            std::string_view what) const {
    if (!object.is_object()) fail(fmt::format("{} as an object", what), object);
    for (const auto& [key, value] : object.items()) {
      if (std::ranges::find(keys, std::string_view(key)) == keys.end()) {
        fail(fmt::format("in {} one of \"{}\"", what, fmt::join(keys, "\", \"")), Json(key));
      }
    }
  }

  const Json& member(const Json& object, const char* key) const {
    auto found = object.find(key);
    if (found == object.end()) fail(fmt::format("the key \"{}\"", key), object);
    return *found;
  }

  std::string text(const Json& value, std::string_view what) const {
    if (!value.is_string()) fail(fmt::format("{} as text", what), value);
    return value.get<std::string>();
  }

  void read_match(const Json& match, ScriptRule& rule) const {
    only(match, {"system", "user"}, "match");
    if (match.contains("system")) rule.system = patterns(match["system"]);
    if (match.contains("user")) rule.user = patterns(match["user"]);
  }

  std::vector<ScriptPattern> patterns(const Json& value) const {
    std::vector<ScriptPattern> all;
    if (value.is_array()) {
      for (const Json& entry : value) all.push_back(pattern(entry));
    } else {
      all.push_back(pattern(value));
    }
    return all;
  }

  ScriptPattern pattern(const Json& value) const {
    if (value.is_string()) return {value.get<std::string>(), nullptr};
    only(value, {"contains", "regex"}, "a pattern");
    if (value.size() != 1) fail("exactly one of \"contains\" and \"regex\"", value);
    if (value.contains("contains")) return {text(value["contains"], "\"contains\""), nullptr};
    return {{}, regex(value["regex"], "\"regex\"")};
  }

  std::shared_ptr<const RE2> regex(const Json& value, std::string_view what) const {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_encoding(RE2::Options::EncodingLatin1);  // bytes: requests may hold invalid UTF-8
    auto regex = std::make_shared<RE2>(text(value, what), options);
    if (!regex->ok()) {
      fail(fmt::format("a regular expression of RE2 ({})", regex->error()), value);
    }
    return regex;
  }

  std::vector<ScriptFill> fills(const Json& value) const {
    if (!value.is_object() || value.size() > kMaxFills) {
      fail(fmt::format("\"fill\" as an object of at most {} names", kMaxFills), value);
    }
    std::vector<ScriptFill> fills;
    for (const auto& [name, entry] : value.items()) {
      fills.push_back({fmt::format("{{{{{}}}}}", name), regex(entry, "a place of \"fill\"")});
      if (fills.back().regex->NumberOfCapturingGroups() < 1) {
        fail("a regular expression with a capturing group", entry);
      }
    }
    return fills;
  }

  ScriptedReply reply(const Json& value) const {
    ScriptedReply scripted;
    if (value.is_string()) {
      scripted.reply.text = value.get<std::string>();
      return scripted;
    }
    only(value, {"text", "hex", "finish", "failure", "reasoning", "delay_ms", "weight", "fill"},
         "a reply");
    if (value.contains("text") && value.contains("hex")) fail("\"text\" or \"hex\"", value);
    ChatReply& reply = scripted.reply;
    if (value.contains("text")) reply.text = text(value["text"], "\"text\"");
    if (value.contains("hex")) reply.text = bytes(value["hex"]);
    if (value.contains("fill")) scripted.fills = fills(value["fill"]);
    read_finish(value, reply);
    if (value.contains("reasoning")) {
      reply.reasoning = text(value["reasoning"], "\"reasoning\"");
      reply.reasoning_channel = ReasoningChannel::present;
    }
    if (value.contains("delay_ms")) scripted.delay = delay(value["delay_ms"]);
    if (value.contains("weight")) scripted.weight = weight(value["weight"]);
    return scripted;
  }

  void read_finish(const Json& value, ChatReply& reply) const {
    std::string finish = value.contains("finish")    ? text(value["finish"], "\"finish\"")
                         : value.contains("failure") ? "failed"
                                                     : "stop";
    const auto known = finish_named(finish);
    if (!known) fail("\"finish\" as stop, length, refused or failed", value["finish"]);
    reply.finish = *known;
    if ((reply.finish == Finish::failed) != value.contains("failure")) {
      fail("\"failure\" exactly where the reply failed", value);
    }
    if (value.contains("failure")) reply.failure = failure(value["failure"]);
  }

  ChatFailure failure(const Json& value) const {
    only(value, {"code", "message"}, "a failure");
    std::string code = text(member(value, "code"), "\"code\"");
    const auto known = error_code_named(code);
    if (!known) fail("\"code\" as one of the error codes (overloaded, disconnected, ...)", value);
    return {*known,
            value.contains("message") ? text(value["message"], "\"message\"") : "scripted failure"};
  }

  std::string bytes(const Json& value) const {
    std::string digits = text(value, "\"hex\""), bytes;
    std::erase(digits, ' ');
    auto is_digit = [](unsigned char c) { return std::isxdigit(c) != 0; };
    if (digits.size() % 2 != 0 || !std::ranges::all_of(digits, is_digit)) {
      fail("\"hex\" as pairs of hexadecimal digits", value);
    }
    for (std::size_t i = 0; i < digits.size(); i += 2) {
      bytes.push_back(static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16)));
    }
    return bytes;
  }

  std::chrono::milliseconds delay(const Json& value) const {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > kMaxDelayMs) {
      fail(fmt::format("\"delay_ms\" from 0 to {}", kMaxDelayMs), value);
    }
    return std::chrono::milliseconds(value.get<std::int64_t>());
  }

  double weight(const Json& value) const {
    if (!value.is_number() || value.get<double>() < 0 || value.get<double>() > 1e9) {
      fail("\"weight\" from 0 to 1e9", value);
    }
    return value.get<double>();
  }

  std::string where_;
};

}  // namespace

bool ScriptPattern::matches(std::string_view text) const {
  if (regex) return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *regex);
  return text.find(contains) != std::string_view::npos;
}

std::vector<ScriptRule> parse_script(std::string_view script, std::string_view where) {
  if (script.size() > kMaxScriptBytes) {
    throw Error(ErrorCode::invalid, fmt::format("{}: a script of {} bytes, at most {} are read",
                                                where, script.size(), kMaxScriptBytes));
  }
  std::vector<ScriptRule> rules;
  std::size_t line = 0;
  while (!script.empty()) {
    ++line;
    std::string_view text = script.substr(0, script.find('\n'));
    script.remove_prefix(std::min(script.size(), text.size() + 1));
    std::size_t start = text.find_first_not_of(" \t\r");
    if (start == std::string_view::npos || text[start] == '#') continue;
    if (rules.size() == kMaxRules) {
      throw Error(ErrorCode::invalid,
                  fmt::format("{}, line {}: more than {} rules", where, line, kMaxRules));
    }
    rules.push_back(LineReader(where, line).rule(text));
  }
  if (rules.empty()) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: expected at least one rule, found none", where),
                "the format is described in docs/scripted-models.md");
  }
  return rules;
}

ChatReply filled(const ScriptedReply& scripted, const ChatRequest& request) {
  ChatReply reply = scripted.reply;
  for (const ScriptFill& fill : scripted.fills) {
    const std::string& user = request.messages.back().text;
    re2::StringPiece rest(user), group, last;
    while (RE2::FindAndConsume(&rest, *fill.regex, &group)) {
      last = group;
      if (group.empty() && !rest.empty()) rest.remove_prefix(1);  // an empty match consumes nothing
      if (rest.empty()) break;
    }
    for (auto at = reply.text.find(fill.place); at != std::string::npos;
         at = reply.text.find(fill.place, at + last.size())) {
      if (reply.text.size() + last.size() > kMaxFilledBytes) return reply;
      reply.text.replace(at, fill.place.size(), last.data(), last.size());
    }
  }
  return reply;
}

const ScriptRule* find_rule(const std::vector<ScriptRule>& rules, const ChatRequest& request) {
  std::string system;
  for (const Message& message : request.messages) {
    if (message.role != Role::system) continue;
    if (!system.empty()) system += "\n\n";
    system += message.text;
  }
  const std::string& user = request.messages.back().text;
  auto meets = [&](const ScriptRule& rule) {
    auto all = [](const std::vector<ScriptPattern>& patterns, std::string_view text) {
      return std::ranges::all_of(patterns, [&](const auto& p) { return p.matches(text); });
    };
    return all(rule.system, system) && all(rule.user, user);
  };
  auto found = std::ranges::find_if(rules, meets);
  return found == rules.end() ? nullptr : &*found;
}

}  // namespace iago
