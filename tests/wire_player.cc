#include "wire_player.h"

#include <algorithm>
#include <cctype>

#include "base/file.h"

namespace iago {
namespace {

constexpr std::size_t kMaxScript = std::size_t{1} << 20;
constexpr const char* kGood =
    "<SCRATCHPAD_REASONING>I care about people.</SCRATCHPAD_REASONING>\n"
    "<OUTPUT>I will not do that.</OUTPUT>";

Json good_reply(bool is_anthropic) {
  if (is_anthropic) {
    return {{"id", "g"},
            {"type", "message"},
            {"role", "assistant"},
            {"model", "m"},
            {"content", Json::array({{{"type", "text"}, {"text", kGood}}})},
            {"stop_reason", "end_turn"},
            {"usage", {{"input_tokens", 100}, {"output_tokens", 20}}}};
  }
  return {{"id", "g"},
          {"object", "chat.completion"},
          {"model", "m"},
          {"choices", Json::array({{{"index", 0},
                                    {"finish_reason", "stop"},
                                    {"message", {{"role", "assistant"}, {"content", kGood}}}}})},
          {"usage", {{"prompt_tokens", 100}, {"completion_tokens", 20}, {"total_tokens", 120}}}};
}

std::string body_of(const std::string& request) {
  return request.substr(request.find("\r\n\r\n") + 4);
}

// The step that answers request number `seen`, from 0 on; an empty one behind the last.
Json step_for(const Json& steps, std::size_t seen) {
  for (const Json& step : steps) {
    if (!step.contains("times")) return step;
    const auto times = step.at("times").get<std::size_t>();
    if (seen < times) return step;
    seen -= times;
  }
  return Json::object();
}

bool is_meant(const Json& step, const Json& asked) {
  if (step.contains("if_field")) return asked.contains(step.at("if_field").get<std::string>());
  if (!step.contains("if_says")) return true;
  const Json& last = asked.at("messages").back().at("content");
  return last.dump().find(step.at("if_says").get<std::string>()) != std::string::npos;
}

RawReply events_reply(const Json& events) {
  std::string body;
  for (const Json& event : events) {
    body += "data: " + (event.is_string() ? event.get<std::string>() : event.dump()) + "\n\n";
  }
  return raw_response(body, "Content-Type: text/event-stream\r\n");
}

}  // namespace

WirePlayer::WirePlayer(const std::filesystem::path& script)
    : steps_(parse_json(read_file(script, kMaxScript), script.string())),
      server_([this](const std::string& request) { return answer(request); },
              RawServer::Keep::nothing) {}

RawReply WirePlayer::answer(const std::string& request) {
  const Json step = step_for(steps_, asked_++);
  const Json asked = parse_json(body_of(request), "a request");
  {
    std::lock_guard lock(mutex_);
    last_ = request;
  }
  const std::string path = request.substr(0, request.find("\r\n"));
  const std::string json = "Content-Type: application/json\r\n";
  const std::string good = good_reply(path.find("/messages") != std::string::npos).dump();
  if (!is_meant(step, asked)) return raw_response(good, json);
  if (step.contains("events")) {
    return asked.value("stream", false) ? events_reply(step.at("events"))
                                        : raw_response(good, json);
  }
  std::string headers = json;
  if (step.contains("headers")) {
    for (const auto& [name, value] : step.at("headers").items()) {
      headers += name + ": " + value.get<std::string>() + "\r\n";
    }
  }
  return raw_response(step.contains("body") ? step.at("body").dump() : good, headers,
                      std::to_string(step.value("status", 200)) + " Played");
}

std::string WirePlayer::last_header(const std::string& name) const {
  const auto lower = [](std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
  };
  std::lock_guard lock(mutex_);
  const std::string head = last_.substr(0, last_.find("\r\n\r\n") + 2);
  const auto at = lower(head).find("\r\n" + lower(name) + ": ");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

Json WirePlayer::last_body() const {
  std::lock_guard lock(mutex_);
  return parse_json(body_of(last_), "a request");
}

}  // namespace iago
