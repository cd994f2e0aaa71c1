// Every field of a call is known or refused. A field that would change the answer and is silently
// ignored would give a wrong measurement that nobody notices. Three tables: kFields are read,
// kWithoutEffect may say what they like, kOnlyNeutral are accepted only with the value that says
// what is done anyway.
#include "serve/chat_call.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "serve/internal/api_error.h"

namespace iago {
namespace {

// Keys sorted: ordered_json looks through all earlier keys for each new one, and these come from
// outside.
using Value = nlohmann::json;

constexpr double kMaxTemperature = 100;
constexpr std::size_t kShown = 80;

// The call while its fields are read; what they mean together is settled at the end.
struct Draft {
  ChatCall call;
  const ChatCallLimits& limits;
  std::vector<Message> messages;
  std::optional<bool> continue_final_message, add_generation_prompt;
};

std::string shown(const Value& value) {
  std::string text = value.dump(-1, ' ', false, Value::error_handler_t::replace);
  if (text.size() > kShown) text = text.substr(0, kShown) + "...";
  return text;
}

[[noreturn]] void reject(std::string_view param, std::string_view expected, const Value& found) {
  throw ApiError(400, fmt::format("{}: expected {}, found {}", param, expected, shown(found)),
                 std::string(param), "invalid_value");
}

[[noreturn]] void unsupported(std::string_view param, std::string_view why) {
  throw ApiError(400, fmt::format("{}: {}", param, why), std::string(param), "unsupported_value");
}

bool read_bool(std::string_view param, const Value& value) {
  if (!value.is_boolean()) reject(param, "true or false", value);
  return value.get<bool>();
}

double read_number(std::string_view param, const Value& value, double lowest, double highest) {
  const bool good =
      value.is_number() && value.get<double>() >= lowest && value.get<double>() <= highest;
  if (!good) reject(param, fmt::format("a number from {} to {}", lowest, highest), value);
  return value.get<double>();
}

int read_int(std::string_view param, const Value& value, int lowest, int highest) {
  // Numbers such as 1.0 are accepted: some clients know only one kind.
  const bool whole = value.is_number() && value.get<double>() == std::floor(value.get<double>());
  if (!whole || value.get<double>() < lowest || value.get<double>() > highest) {
    reject(param, fmt::format("a whole number from {} to {}", lowest, highest), value);
  }
  return static_cast<int>(value.get<double>());
}

std::string read_text(std::string_view param, const Value& value) {
  if (!value.is_string()) reject(param, "a string", value);
  return value.get<std::string>();
}

// A string, or parts of type text, which are joined as they are.
std::string read_content(const std::string& param, const Value& content) {
  if (content.is_string()) return content.get<std::string>();
  if (!content.is_array()) reject(param, "a string or an array of text parts", content);
  std::string text;
  for (std::size_t i = 0; i < content.size(); ++i) {
    const Value& part = content[i];
    const std::string where = fmt::format("{}[{}]", param, i);
    if (!part.is_object() || !part.contains("type")) {
      reject(where, R"({"type": "text", "text": ...})", part);
    }
    if (part["type"] != "text") unsupported(where + ".type", "only parts of type text are read");
    if (!part.contains("text")) reject(where, R"({"type": "text", "text": ...})", part);
    text += read_text(where + ".text", part["text"]);
  }
  return text;
}

Role read_role(const std::string& param, const Value& role) {
  if (role == "user") return Role::user;
  if (role == "assistant") return Role::assistant;
  if (role == "system" || role == "developer") return Role::system;
  reject(param, "system, developer, user or assistant", role);
}

// An assistant's turn may have none: OpenAI sends null with a refusal or calls of tools, and
// clients send back what they got. What was in it besides is refused by name, so that nothing is
// lost.
bool may_lack_content(const Value& message) {
  return message["role"] == "assistant" &&
         (!message.contains("content") || message["content"].is_null());
}

Message read_message(const std::string& param, const Value& message) {
  if (!message.is_object()) reject(param, "an object with role and content", message);
  if (!message.contains("role")) reject(param, "a field \"role\"", message);
  const bool empty_turn = may_lack_content(message);
  if (!empty_turn && !message.contains("content")) reject(param, "a field \"content\"", message);
  for (const auto& [name, value] : message.items()) {
    const bool known = name == "role" || name == "content" || name == "name" || value.is_null();
    const bool empty = (value.is_array() || value.is_object()) && value.empty();
    if (!known && !empty) unsupported(param + "." + name, "not supported in a message");
  }
  const Role role = read_role(param + ".role", message["role"]);
  return {role, empty_turn ? "" : read_content(param + ".content", message["content"])};
}

void read_messages(const Value& value, Draft& draft) {
  if (!value.is_array() || value.empty() || value.size() > draft.limits.messages) {
    reject("messages", fmt::format("an array of 1 to {} messages", draft.limits.messages), value);
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    draft.messages.push_back(read_message(fmt::format("messages[{}]", i), value[i]));
  }
}

void read_stop(const Value& value, Draft& draft) {
  const Value list = value.is_array() ? value : Value::array({value});
  if (list.size() > draft.limits.stop_strings) {
    reject("stop", fmt::format("at most {} strings", draft.limits.stop_strings), value);
  }
  for (const Value& word : list) {
    std::string text = read_text("stop", word);
    if (text.empty() || text.size() > draft.limits.stop_bytes) {
      reject("stop", fmt::format("strings of 1 to {} bytes", draft.limits.stop_bytes), word);
    }
    draft.call.request.sampling.stop.push_back(std::move(text));
  }
}

void read_seed(const Value& value, Draft& draft) {
  if (value.is_number_unsigned()) {
    draft.call.seed = value.get<std::uint64_t>();
  } else if (value.is_number_integer()) {
    draft.call.seed = static_cast<std::uint64_t>(value.get<std::int64_t>());
  } else {
    reject("seed", "a whole number of 64 bits", value);
  }
}

void read_max_tokens(std::string_view param, const Value& value, Draft& draft) {
  draft.call.request.sampling.max_tokens = read_int(param, value, 1, draft.limits.max_tokens);
}

void read_stream_options(const Value& value, Draft& draft) {
  if (!value.is_object()) reject("stream_options", "an object", value);
  for (const auto& [name, option] : value.items()) {
    const std::string param = "stream_options." + name;
    if (name == "include_usage") {
      draft.call.include_usage = read_bool(param, option);
    } else if (name == "include_obfuscation") {
      if (read_bool(param, option)) unsupported(param, "not supported");
    } else {
      unsupported(param, "not a known option");
    }
  }
}

struct Field {
  std::string_view name;
  void (*read)(const Value& value, Draft& draft);
};

Sampling& sampling(Draft& draft) { return draft.call.request.sampling; }

constexpr Field kFields[] = {
    {"model", [](const Value& v, Draft& d) { d.call.model = read_text("model", v); }},
    {"messages", read_messages},
    {"n", [](const Value& v, Draft& d) { d.call.choices = read_int("n", v, 1, d.limits.choices); }},
    {"seed", read_seed},
    {"stop", read_stop},
    {"stream", [](const Value& v, Draft& d) { d.call.stream = read_bool("stream", v); }},
    {"stream_options", read_stream_options},
    {"temperature",
     [](const Value& v, Draft& d) {
       sampling(d).temperature = read_number("temperature", v, 0, kMaxTemperature);
     }},
    {"top_p",
     [](const Value& v, Draft& d) {
       sampling(d).top_p = read_number("top_p", v, 0, 1);
       if (sampling(d).top_p == 0) reject("top_p", "a number above 0", v);
     }},
    {"top_k",  // -1 says "all" elsewhere
     [](const Value& v, Draft& d) {
       sampling(d).top_k = std::max(0, read_int("top_k", v, -1, std::numeric_limits<int>::max()));
     }},
    {"max_tokens", [](const Value& v, Draft& d) { read_max_tokens("max_tokens", v, d); }},
    {"max_completion_tokens",
     [](const Value& v, Draft& d) { read_max_tokens("max_completion_tokens", v, d); }},
    {"logprobs", [](const Value& v, Draft& d) { sampling(d).logprobs = read_bool("logprobs", v); }},
    {"top_logprobs",
     [](const Value& v, Draft&) {
       if (v == 0) return;
       unsupported("top_logprobs", "only 0 is supported: logprobs gives the chosen tokens' alone");
     }},
    {"continue_final_message",
     [](const Value& v, Draft& d) {
       d.continue_final_message = read_bool("continue_final_message", v);
     }},
    {"add_generation_prompt",
     [](const Value& v, Draft& d) {
       d.add_generation_prompt = read_bool("add_generation_prompt", v);
     }},
};

// They change nothing that is answered.
constexpr std::string_view kWithoutEffect[] = {
    "user",         "metadata",          "store",
    "service_tier", "safety_identifier", "priority",
    "cache_prompt", "prompt_cache_key",  "prompt_cache_retention"};

// Would change the answer, unless they say what is done anyway (as JSON).
struct Neutral {
  std::string_view name, value;
};
constexpr Neutral kOnlyNeutral[] = {
    {"frequency_penalty", "0"},
    {"presence_penalty", "0"},
    {"repetition_penalty", "1"},
    {"repeat_penalty", "1"},
    {"length_penalty", "1"},
    {"min_p", "0"},
    {"typical_p", "1"},
    {"top_a", "0"},
    {"min_tokens", "0"},
    {"xtc_probability", "0"},
    {"dry_multiplier", "0"},
    {"mirostat", "0"},
    {"dynatemp_range", "0"},
    {"skip_special_tokens", "true"},
    {"reasoning_effort", R"("none")"},
    {"logit_bias", "{}"},
    {"tools", "[]"},
    {"tool_choice", R"("none")"},
    {"tool_choice", R"("auto")"},
    {"functions", "[]"},
    {"function_call", R"("none")"},
    {"best_of", "1"},
    {"response_format", R"({"type":"text"})"},
    {"echo", "false"},
    {"modalities", R"(["text"])"},
    {"ignore_eos", "false"},
    {"use_beam_search", "false"},
    {"parallel_tool_calls", "true"},
    {"parallel_tool_calls", "false"},
};

bool accept_without_reading(const std::string& name, const Value& value) {
  for (std::string_view known : kWithoutEffect) {
    if (name == known) return true;
  }
  bool known = false;
  for (const Neutral& neutral : kOnlyNeutral) {
    if (name != neutral.name) continue;
    known = true;
    if (value == Value::parse(neutral.value)) return true;
  }
  if (known) unsupported(name, fmt::format("the value {} is not supported", shown(value)));
  return false;
}

void read_field(const std::string& name, const Value& value, Draft& draft) {
  if (value.is_null()) return;  // as if it were not there
  for (const Field& field : kFields) {
    if (field.name == name) return field.read(value, draft);
  }
  if (accept_without_reading(name, value)) return;
  const std::string param = name.substr(0, kShown);
  throw ApiError(400, fmt::format("the field \"{}\" is not known", param), param,
                 "unknown_parameter");
}

// A last message of the assistant is the beginning of the answer. The two flags can only say so
// once more.
void settle_prefill(Draft& draft) {
  const bool prefilled = draft.messages.back().role == Role::assistant;
  if (draft.continue_final_message.value_or(prefilled) != prefilled) {
    unsupported("continue_final_message",
                prefilled ? "an assistant's message at the end is always continued"
                          : "the last message is not the assistant's");
  }
  if (draft.add_generation_prompt.value_or(!prefilled) == prefilled) {
    unsupported("add_generation_prompt",
                prefilled ? "an assistant's message at the end is always continued"
                          : "an answer to a user's message begins a new turn");
  }
  if (prefilled) {
    draft.call.request.prefill = std::move(draft.messages.back().text);
    draft.messages.pop_back();
  }
  if (draft.messages.empty() || draft.messages.back().role != Role::user) {
    throw ApiError(400,
                   "messages: expected a user's message at the end, or before the beginning "
                   "of the answer",
                   "messages", "invalid_value");
  }
}

}  // namespace

ChatCall parse_chat_call(std::string_view body, const ChatCallLimits& limits) {
  Value document;
  try {
    document = parse_sorted_json(body, "the body");
  } catch (const Error& error) {
    throw ApiError(400, error.what(), {}, "invalid_json");
  }
  if (!document.is_object()) {
    throw ApiError(400, "the body: expected a JSON object", {}, "invalid_json");
  }
  Draft draft{.call = {},
              .limits = limits,
              .messages = {},
              .continue_final_message = {},
              .add_generation_prompt = {}};
  sampling(draft).max_tokens = limits.default_max_tokens;
  for (const auto& [name, value] : document.items()) read_field(name, value, draft);
  for (auto [name, missing] : {std::pair("model", draft.call.model.empty()),
                               std::pair("messages", draft.messages.empty())}) {
    if (missing)
      throw ApiError(400, fmt::format("the field \"{}\" is missing", name), name,
                     "missing_required_parameter");
  }
  if (document.contains("stream_options") && !document["stream_options"].is_null() &&
      !draft.call.stream) {
    unsupported("stream_options", "only allowed with \"stream\": true");
  }
  settle_prefill(draft);
  draft.call.request.messages = std::move(draft.messages);
  return std::move(draft.call);
}

}  // namespace iago
