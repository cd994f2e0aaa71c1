// One table for all vendors, since gateways pass on what they got. A row names words that the
// vendor documents or that were reported, never a mere "not allowed": a wrong key, an address that
// is blocked and a country that is not served must not be counted as non-compliance.
#include "chat/internal/provider_refusal.h"

#include <algorithm>
#include <array>

namespace iago {
namespace {

struct RefusalWords {
  std::string_view vendor;
  std::string_view words;      // in lower case, somewhere in the error
  std::string_view also = {};  // and these too
};

constexpr std::array<std::string_view, 3> kPlaces = {"country", "region", "location"};

constexpr RefusalWords kRefusals[] = {
    {"OpenAI", "content_policy_violation"},
    {"OpenAI", "cyber_policy"},
    {"OpenAI", "moderation_blocked"},
    {"OpenAI", "rejected as a result of our safety system"},
    // The same code is used for prompts that cannot be read or are too long.
    {"OpenAI", "invalid_prompt", "polic"},
    {"OpenAI", "invalid_prompt", "safety"},
    {"OpenAI", "invalid_prompt", "flagged"},
    {"Azure", "content_filter"},
    {"Azure", "responsibleaipolicyviolation"},
    {"Azure", "responsible_ai_policy"},
    {"Azure", "content management policy"},
    {"Anthropic", "content filtering policy"},
    {"Anthropic", "violate our usage polic"},
    {"Anthropic", "violates our usage polic"},
    {"Anthropic", "violating our usage polic"},
    {"Google", "prohibited_content"},
    {"Google", "responsible ai practices"},
    {"Google", "blocked due to safety"},
    {"Google", "blocked by safety"},
    {"Google", "blocked", "block_reason"},
    {"Google", "blocked", "blockreason"},
    {"OpenRouter", "input was flagged"},
    {"OpenRouter", "requires moderation", "flagged"},
    {"Amazon Bedrock", "guardrail_intervened"},
    {"Amazon Bedrock", "blocked by our content filters"},
    {"LiteLLM", "contentpolicyviolationerror"},
    {"LiteLLM, Databricks, Portkey, Mistral", "guardrail", "violat"},
    {"LiteLLM, Databricks, Portkey, Mistral", "guardrail", "block"},
    {"LiteLLM, Databricks, Portkey, Mistral", "guardrail", "triggered"},
    {"Portkey", "guardrail", "hooks_failed"},
    {"Cloudflare", "blocked due to security configurations"},
    {"DeepSeek", "content exists risk"},
    {"Alibaba", "data_inspection_failed"},
    {"Alibaba", "datainspectionfailed"},
    {"Alibaba", "may contain inappropriate content"},
    {"Moonshot", "considered high risk"},
    {"MiniMax", "new_sensitive"},
    {"Zhipu", "contentfilter"},
    {"Zhipu", "1301", "\xe6\x95\x8f\xe6\x84\x9f"},  // "sensitive"
    {"Zhipu", "1301", "sensitive"},
    {"ByteDance", "sensitivecontentdetected"},
    {"ByteDance", "riskdetection"},
    {"Tencent", "sensitivecontent"},
    {"Cohere", "contains unsafe content"},
    {"xAI", "violates usage guidelines"},
    {"xAI", "safety_check_type"},
    {"others", "content_policy"},
    {"others", "safety_violation"},
    {"others", "violates our content policy"},
    {"others", "violates our safety polic"},
    {"others", "request_flagged"},
    {"others", "prompt_flagged"},
    {"others", "content_flagged"},
    {"others", "flagged", "safety"},
    {"others", "flagged", "moderation"},
    {"others", "flagged", "classifier"},
    {"others", "blocked", "safety classifier"},
    {"others", "rejected", "safety classifier"},
};

// A status by which a server judges the key, the account or its own state, and not the prompt.
bool is_about_something_else(int status) {
  constexpr int kNot[] = {401, 402, 404, 407, 408, 429};
  return std::ranges::find(kNot, status) != std::end(kNot) || status >= 500 ||
         (status > 0 && status < 400);
}

}  // namespace

bool is_refusal_by_policy(int status, const VendorError& error) {
  // A firewall's page speaks of policies and blocking as well.
  if (error.page || is_about_something_else(status)) return false;
  if (error.flagged) return true;
  const std::string said = error.said();
  // "Unavailable for legal reasons": of the prompt, unless it is about where the request is from.
  if (status == 451) return !says_any(said, kPlaces);
  return std::ranges::any_of(kRefusals, [&](const RefusalWords& row) {
    return said.find(row.words) != std::string::npos && said.find(row.also) != std::string::npos;
  });
}

}  // namespace iago
