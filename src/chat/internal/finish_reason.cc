// One table for all vendors: a gateway passes on another vendor's words, so the protocol does not
// say which words may come. docs/endpoints.md names where each vendor documents its own.
#include "chat/internal/finish_reason.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/error.h"
#include "chat/internal/wire_json.h"

namespace iago {
namespace {

struct KnownFinish {
  std::string_view key;  // as finish_key gives it
  FinishMeaning meaning;
};

using Meaning = FinishMeaning;

constexpr KnownFinish kKnown[] = {
    // OpenAI, and most servers that speak its protocol
    {"stop", Meaning::stop},
    {"length", Meaning::length},
    {"contentfilter", Meaning::refused},
    // Anthropic
    {"endturn", Meaning::stop},
    {"stopsequence", Meaning::stop},
    {"maxtokens", Meaning::length},
    {"modelcontextwindowexceeded", Meaning::length},
    {"refusal", Meaning::refused},
    // Google. LANGUAGE, OTHER and the failures of tool calls are not refusals: unknown.
    {"safety", Meaning::refused},
    {"recitation", Meaning::refused},
    {"blocklist", Meaning::refused},
    {"prohibitedcontent", Meaning::refused},
    {"spii", Meaning::refused},
    {"imagesafety", Meaning::refused},
    {"imageprohibitedcontent", Meaning::refused},
    {"imagerecitation", Meaning::refused},
    {"modelarmor", Meaning::refused},
    // Cohere
    {"complete", Meaning::stop},
    {"errorlimit", Meaning::length},
    {"errortoxic", Meaning::refused},
    {"error", Meaning::broken},
    {"timeout", Meaning::broken},
    {"usercancel", Meaning::broken},
    // Mistral
    {"modellength", Meaning::length},
    // Amazon Bedrock, and its Titan models
    {"guardrailintervened", Meaning::refused},
    {"contentfiltered", Meaning::refused},
    {"malformedmodeloutput", Meaning::broken},
    {"finish", Meaning::stop},
    {"finished", Meaning::stop},
    {"stopcriteriamet", Meaning::stop},
    {"endoftext", Meaning::stop},  // AI21
    // vLLM, SGLang
    {"abort", Meaning::broken},
    {"aborted", Meaning::broken},
    // llama.cpp's own interface
    {"eos", Meaning::stop},  // also Together
    {"word", Meaning::stop},
    {"limit", Meaning::length},
    // TGI, watsonx
    {"eostoken", Meaning::stop},
    {"tokenlimit", Meaning::length},
    {"timelimit", Meaning::broken},
    {"cancelled", Meaning::broken},
    {"canceled", Meaning::broken},
    // DeepSeek
    {"insufficientsystemresource", Meaning::broken},
    // Zhipu
    {"sensitive", Meaning::refused},
    {"networkerror", Meaning::broken},
    // Baidu, GigaChat
    {"normal", Meaning::stop},
    {"blacklist", Meaning::refused},
    // xAI's own interface (REASON_STOP and so on)
    {"maxlen", Meaning::length},
    {"maxcontext", Meaning::length},
    // YandexGPT (ALTERNATIVE_STATUS_FINAL and so on)
    {"final", Meaning::stop},
    {"truncatedfinal", Meaning::length},
    // OpenAI's Responses, as gateways translate them
    {"completed", Meaning::stop},
    {"maxoutputtokens", Meaning::length},
    // Aleph Alpha
    {"stopsequencereached", Meaning::stop},
    {"maximumtokens", Meaning::length},
    // LM Studio's own interface
    {"eosfound", Meaning::stop},
    {"stopstringfound", Meaning::stop},
    {"maxpredictedtokensreached", Meaning::length},
    {"contextlengthreached", Meaning::length},
    {"userstopped", Meaning::broken},
    {"modelunloaded", Meaning::broken},
    {"failed", Meaning::broken},
};

// What libraries write in front of an enum's name.
constexpr std::array<std::string_view, 4> kPrefixes = {"finishreason.", "finishreason",
                                                       "alternativestatus", "reason"};

FinishMeaning meaning_of(Finish finish) {
  if (finish == Finish::stop) return Meaning::stop;
  return finish == Finish::length ? Meaning::length : Meaning::refused;
}

}  // namespace

std::string finish_key(std::string_view reason) {
  std::string key;
  for (char c : reason) {
    if (c == '-' || c == '_' || c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    key += lower(c);
  }
  for (std::string_view prefix : kPrefixes) {
    if (key.size() > prefix.size() && key.starts_with(prefix)) {
      key.erase(0, prefix.size());
      break;
    }
  }
  return key == "null" || key == kNoFinishReason ? std::string() : key;
}

FinishMeaning meaning_of_finish(std::string_view reason, const FinishWords& words) {
  const std::string key = finish_key(reason);
  if (auto own = words.find(key); own != words.end()) return meaning_of(own->second);
  const auto* known = std::ranges::find(kKnown, key, &KnownFinish::key);
  return known == std::end(kKnown) ? Meaning::unknown : known->meaning;
}

std::string hint_for_finish(std::string_view reason) {
  const bool missing = finish_key(reason).empty();
  return fmt::format(
      "look up in the server's documentation what {} means, then give it by --finish "
      "{}=stop|truncated|refused; the same command with that option resumes the run",
      missing ? "a reply without a finish reason" : "this reason",
      missing ? kNoFinishReason : excerpt_of(reason));
}

void add_finish_word(FinishWords& words, std::string_view text) {
  const auto equals = text.rfind('=');
  const std::string_view meaning =
      equals == std::string_view::npos ? std::string_view() : text.substr(equals + 1);
  Finish finish = Finish::failed;
  if (meaning == "stop") finish = Finish::stop;
  if (meaning == "truncated") finish = Finish::length;
  if (meaning == "refused") finish = Finish::refused;
  if (finish == Finish::failed || equals == 0) {
    throw Error(ErrorCode::invalid,
                fmt::format("finish reason: expected VALUE=stop, VALUE=truncated or "
                            "VALUE=refused, found \"{}\"",
                            excerpt_of(text)),
                "VALUE is the server's word, or none where it gives no reason");
  }
  words[finish_key(text.substr(0, equals))] = finish;
}

}  // namespace iago
