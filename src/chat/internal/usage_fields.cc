// Spellings of one thing, by vendor:
//
//   prompt     prompt_tokens (OpenAI), input_tokens (Anthropic, OpenAI's Responses),
//              promptTokenCount (Google), inputTokens (Bedrock), prompt_eval_count (Ollama),
//              tokens.input_tokens (Cohere), native_tokens_prompt (OpenRouter)
//   generated  completion_tokens, output_tokens, candidatesTokenCount, outputTokens, eval_count
//   cached     prompt_tokens_details.cached_tokens (OpenAI), prompt_cache_hit_tokens (DeepSeek),
//              cached_tokens (Moonshot), cache_read_input_tokens (Anthropic),
//              cachedContentTokenCount (Google), cacheReadInputTokens (Bedrock)
//   reasoning  completion_tokens_details.reasoning_tokens (OpenAI), reasoning_tokens (SGLang,
//              Perplexity), thoughtsTokenCount (Google)
//
// The counts contradict each other where a vendor leaves something out of a count that others put
// in. What is left out is then seen in the total, or in a part that is larger than its whole:
//   - cached > prompt, and the total does not deny it: the prompt's count leaves the cached out.
//   - cached > prompt, and total = prompt + generated: the part is wrong; it counts as all of the
//     prompt.
//   - total > prompt + generated: the rest was generated (xAI, Google: reasoning beside the reply),
//     unless it is the cached tokens.
//   - reasoning > generated, and the total does not deny it: the reasoning is beside the reply.
#include "chat/internal/usage_fields.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "chat/internal/wire_json.h"

namespace iago {
namespace {

using nlohmann::json;
using Count = std::optional<std::uint64_t>;

struct Place {
  std::string_view key, inner = {};  // inner: the count is a member of the object `key`
};

constexpr Place kPrompt[] = {{"prompt_tokens"},        {"input_tokens"},
                             {"promptTokenCount"},     {"inputTokens"},
                             {"prompt_eval_count"},    {"tokens", "input_tokens"},
                             {"native_tokens_prompt"}, {"billed_units", "input_tokens"},
                             {"input_token_count"}};
constexpr Place kGenerated[] = {{"completion_tokens"},
                                {"output_tokens"},
                                {"candidatesTokenCount"},
                                {"outputTokens"},
                                {"eval_count"},
                                {"tokens", "output_tokens"},
                                {"native_tokens_completion"},
                                {"billed_units", "output_tokens"},
                                {"generated_token_count"},
                                {"generated_tokens"}};
constexpr Place kTotal[] = {{"total_tokens"}, {"totalTokenCount"}, {"totalTokens"}};
constexpr Place kCached[] = {{"prompt_tokens_details", "cached_tokens"},
                             {"input_tokens_details", "cached_tokens"},
                             {"prompt_cache_hit_tokens"},
                             {"cache_read_input_tokens"},
                             {"cachedContentTokenCount"},
                             {"cacheReadInputTokens"},
                             {"cached_tokens"},
                             {"num_cached_tokens"},
                             {"native_tokens_cached"},
                             {"prompt_tokens_details", "cache_read_tokens"}};
constexpr Place kWritten[] = {{"cache_creation_input_tokens"},
                              {"cacheWriteInputTokens"},
                              {"prompt_tokens_details", "cache_write_tokens"},
                              {"prompt_tokens_details", "cache_creation_tokens"},
                              {"prompt_tokens_details", "cached_creation_tokens"},
                              {"input_tokens_details", "cache_write_tokens"},
                              {"cache_write_tokens"}};
constexpr Place kReasoning[] = {{"completion_tokens_details", "reasoning_tokens"},
                                {"output_tokens_details", "reasoning_tokens"},
                                {"reasoning_tokens"},
                                {"native_tokens_reasoning"}};
constexpr std::string_view kThoughtsBeside = "thoughtsTokenCount";

// A count that is stated: not a text, not negative, not half a token.
Count count_in(const json& value) {
  if (!value.is_number()) return std::nullopt;
  if (value.is_number_float() && value.get<double>() != static_cast<double>(count_of(value))) {
    return std::nullopt;
  }
  if (value.is_number_integer() && !value.is_number_unsigned() && value.get<std::int64_t>() < 0) {
    return std::nullopt;
  }
  return count_of(value);
}

template <std::size_t N>
void take_first(const json& usage, const Place (&places)[N], Count& into) {
  for (const Place& place : places) {
    const json& value = member(usage, place.key);
    Count count = count_in(place.inner.empty() ? value : member(value, place.inner));
    if (!count) continue;
    into = count;
    // Where two places are filled, a 0 in one is a field that the server does not use.
    if (*count > 0) return;
  }
}

}  // namespace

void UsageReading::take(const json& usage) {
  if (!usage.is_object()) return;
  take_first(usage, kPrompt, prompt_);
  take_first(usage, kGenerated, generated_);
  take_first(usage, kTotal, total_);
  take_first(usage, kCached, cached_);
  take_first(usage, kWritten, written_);
  take_first(usage, kReasoning, reasoning_);
  if (Count thoughts = count_in(member(usage, kThoughtsBeside))) {
    reasoning_ = thoughts;
    reasoning_beside_ = true;
  }
}

void UsageReading::take_from(const json& root) {
  take(member(root, "usage"));
  take(member(member(root, "x_groq"), "usage"));
  take(member(root, "usageMetadata"));
}

std::uint64_t UsageReading::prompt_with_cache(bool cached_beside) const {
  const std::uint64_t prompt = prompt_.value_or(0);
  const std::uint64_t cache = cached_.value_or(0) + written_.value_or(0);
  if (cached_beside) return prompt + cache;
  const std::uint64_t generated = generated_.value_or(0);
  if (total_ && cache > 0 && *total_ == prompt + cache + generated) return prompt + cache;
  if (cached_.value_or(0) <= prompt) return prompt;
  return total_ && *total_ <= prompt + generated ? prompt : prompt + cache;
}

TokenUsage UsageReading::conclude(bool cached_beside, bool has_text) const {
  TokenUsage usage;
  usage.prompt = prompt_with_cache(cached_beside);
  usage.cached_prompt = std::min(usage.prompt, cached_.value_or(0));
  usage.cache_written = std::min(usage.prompt - usage.cached_prompt, written_.value_or(0));
  usage.generated = generated_.value_or(0);
  const std::uint64_t reasoning = reasoning_.value_or(0);
  const bool total_denies = total_ && *total_ <= usage.prompt + usage.generated;
  if ((reasoning_beside_ || reasoning > usage.generated) && !total_denies) {
    usage.generated += reasoning;
  }
  if (prompt_ && total_ && *total_ > usage.prompt + usage.generated) {
    usage.generated = *total_ - usage.prompt;
  }
  const bool knows_prompt = prompt_ && usage.prompt > 0;
  const bool knows_reply = usage.generated > 0 || (generated_ && !has_text);
  usage.uncounted = knows_prompt && knows_reply ? 0 : 1;
  return usage;
}

}  // namespace iago
