// Servers word this error in dozens of ways, and most of them name numbers. Two tables read them:
// the first tells that it is this error at all, the second finds each number by the words beside
// it. Whether the prompt or the sum is too long then follows from the numbers, not from the words:
// the same sentence often stands for both.
#include "chat/internal/context_overflow.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <vector>

namespace iago {
namespace {

struct OverflowWords {
  std::string_view vendor;
  std::string_view words;      // in lower case
  std::string_view also = {};  // and these too
};

constexpr OverflowWords kOverflows[] = {
    {"OpenAI and many others", "context_length_exceeded"},
    {"LiteLLM", "contextwindowexceeded"},
    {"OpenAI, vLLM, SGLang, DeepSeek, OpenRouter", "maximum context length"},
    {"OpenAI", "exceeds the context window"},
    {"OpenAI", "tokens exceed the configured limit"},
    {"OpenAI", "too large", "completion tokens"},
    {"vLLM", "context length is only"},
    {"vLLM", "longer than the maximum model length"},
    {"vLLM", "max_tokens must be at least 1, got -"},
    {"vLLM, SGLang", "is too large", "context length"},
    {"SGLang, Together", "longer than the model's context length"},
    {"SGLang", "exceeds the model's context length"},
    {"SGLang", "exceeds the maximum allowed length"},
    {"llama.cpp", "exceed_context_size"},
    {"llama.cpp", "exceeds the available context size"},
    {"llama.cpp, LM Studio", "context size has been exceeded"},
    {"llama.cpp, LM Studio", "greater than the context length"},
    {"LM Studio", "context the overflows"},
    {"LM Studio", "context length of only"},
    {"TGI, Together", "max_new_tokens", "must be <="},
    {"TGI", "inputs", "must have less than"},
    {"TensorRT-LLM", "prompt length", "should not exceed"},
    {"Ollama", "exceeds context length"},
    {"Ollama", "exceeds maximum context"},
    {"Anthropic, Fireworks", "prompt is too long"},
    {"Anthropic", "exceed context limit"},
    {"Anthropic", "maximum allowed number of output tokens"},
    {"Anthropic", "model_context_window_exceeded"},
    {"Amazon Bedrock", "input is too long"},
    {"Google", "exceeds the maximum number of tokens"},
    {"Google", "input token count", "exceed"},
    {"Mistral", "too large for model with"},
    {"Groq", "reduce the length of the messages"},
    {"Groq", "context_window", "max_tokens"},
    {"Cohere", "too many tokens", "prompt"},
    {"xAI", "maximum prompt length"},
    {"Moonshot", "exceeded model token limit"},
    {"Alibaba", "range of input length should be"},
    {"Alibaba", "range of max_tokens should be"},
    {"MiniMax", "context window exceeds limit"},
    {"Zhipu", "prompt exceeds max length"},
    {"Zhipu", "1261", "prompt"},
    {"GitHub", "prompt token count", "exceeds the limit"},
    {"Poolside", "maximum allowed input length"},
    {"TabbyAPI, ExLlama", "greater than max_seq_len"},
    {"TabbyAPI, ExLlama", "greater than cache_size"},
    {"Replicate", "prompttoolong"},
    {"Replicate, DeepInfra, TensorRT-LLM", "exceeds maximum input length"},
    {"Replicate", "input is too long", "max input length"},
    {"Databricks", "prompt token count", "cannot exceed"},
    {"Databricks", "max output tokens", "cannot exceed"},
    {"watsonx", "cannot exceed the total tokens limit"},
    {"watsonx, TGIS", "input tokens", "plus prefix length"},
    {"DeepSpeed-MII", "prompt length must be less than"},
    {"llama-box, ik_llama.cpp", "too big compared to kv size"},
    {"Amazon Nova", "too many input tokens", "max input tokens"},
    {"Salesforce", "input tokens exceed"},
    {"LiteLLM's proxies", "exceeds the model's max input limit"},
    {"others", "invalid_prompt", "context"},
    {"others", "exceeds the context"},
    {"others", "exceeds context"},
    {"others", "exceed the context"},
    {"others", "context window", "too long"},
    {"others", "context window", "exceed"},
    {"others", "context length", "exceed"},
    {"others", "string_above_max_length"},
    {"others", "prompt too long"},
    {"others", "input too long"},
    {"others", "exceeds max context"},
    {"others", "exceeds model context"},
    {"others", "too long and exceeds"},
};

// Not this error: the most that an account may send in a minute or a day, and bodies by their
// bytes.
constexpr std::array<std::string_view, 7> kOtherLimits = {
    "per minute", "per day", "(tpm)", "(tpd)", "rate_limit", "rate limit of", "number of bytes"};

enum class Counted { prompt, limit, context, total };

struct NumberBeside {
  Counted what;
  std::string_view pattern;  // RE2, in lower case; its one group is the number
};

// The first row that fits gives a number. (Commas inside of numbers are gone by then.)
constexpr NumberBeside kNumbers[] = {
    // Anthropic: "... exceed context limit: 188240 + 21333 > 200000"
    {Counted::prompt, R"(limit: (\d+) \+ \d+ >)"},
    {Counted::limit, R"(limit: \d+ \+ (\d+) >)"},
    {Counted::context, R"(\+ \d+ > (\d+))"},
    // vLLM: "... and your request has 1234 input tokens (32000 > 16384 - 1234)"
    {Counted::limit, R"(\((\d+) > \d+ - \d+\))"},
    {Counted::context, R"(\(\d+ > (\d+) - \d+\))"},
    {Counted::prompt, R"(\(\d+ > \d+ - (\d+)\))"},
    // Anthropic: "max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens"
    {Counted::limit, R"(max_tokens`?: (\d+) > \d+)"},
    {Counted::context, R"(max_tokens`?: \d+ > (\d+))"},
    // Anthropic: "prompt is too long: 213462 tokens > 200000 maximum"
    {Counted::prompt, R"((\d+) tokens > \d+)"},
    {Counted::context, R"(\d+ tokens > (\d+))"},
    // TabbyAPI: "request length 71599 + 2048 is greater than max_seq_len 65536"
    {Counted::prompt, R"(length (\d+)(?: \+ \d+)? is greater)"},
    {Counted::limit, R"(length \d+ \+ (\d+) is greater)"},
    {Counted::context, R"((?:max_seq_len|cache_size) (\d+))"},
    // SGLang: "input length (160062 tokens) exceeds the maximum allowed length (59862 tokens)";
    // Replicate: "prompt length (1251) exceeds maximum input length (1024)"; oMLX: "prompt too
    // long:
    // 35057 tokens exceeds max context window of 32768 tokens"
    {Counted::context,
     R"(exceeds (?:the )?(?:model(?:'s)? |max(?:imum)? )?(?:allowed )?(?:input |prompt |context )?(?:length|window|size|context|limit)(?: of)? \(?(\d+))"},
    // Others: "requested max_length 8192 exceeds max context 4096"; "input too long: 9000 tokens,
    // max
    // 4096"
    {Counted::limit, R"(max_length (\d+) exceeds)"},
    {Counted::context, R"(tokens, max(?:imum)?:? (\d+))"},
    // watsonx: "the number of input tokens 4098 cannot exceed the total tokens limit 4096"; "input
    // tokens (1200) plus prefix length (0) must be < 1024"
    {Counted::prompt, R"(input tokens \(?(\d+))"},
    {Counted::context, R"(tokens limit (\d+))"},
    // Replicate: "max input length is 4096 tokens, but you supplied 5441 tokens"
    {Counted::prompt, R"(supplied (\d+))"},
    // Amazon Nova: "max input tokens: 128000, request input token count: 140000"
    {Counted::context, R"(max input tokens: (\d+))"},
    // TensorRT-LLM: "prompt length (100), query length (0) and max_tokens (50) should not exceed
    // max_seq_len (128)"
    {Counted::context, R"(should not exceed [a-z_]+ \((\d+)\))"},
    {Counted::limit, R"(max_(?:new_|completion_)?tokens`?'? \(?(\d+)\)?)"},
    // Alibaba: "range of input length should be [1, 129024]"
    {Counted::context, R"(should be \[\d+, ?(\d+)\])"},
    // TGI: "`inputs` tokens + `max_new_tokens` must be <= 4097. given: 3000 `inputs` tokens and
    // 2000 `max_new_tokens`"; "`inputs` must have less than 1000 tokens. given: 1500"
    {Counted::context, R"(must be <=? `?(\d+))"},
    {Counted::context, R"(less than (?:or equal to )?`?(\d+)`?)"},
    {Counted::limit, R"((\d+) `?max_(?:new_|completion_)?tokens`?)"},
    {Counted::prompt, R"(less than \d+ tokens\. given:? (\d+))"},
    // OpenAI: "max_tokens is too large: 100000. this model supports at most 16384 completion
    // tokens"
    {Counted::limit, R"(is too large: (\d+))"},
    {Counted::context, R"(supports at most (\d+))"},
    // Mistral: "prompt contains 40000 tokens ..., too large for model with 32768 maximum context
    // length"
    {Counted::context, R"((\d+) (?:tokens? )?maximum context)"},
    // xAI: "maximum prompt length is 131072 but the request contains 537812 tokens"
    {Counted::prompt, R"((?:request|prompt|input|messages) (?:contains?|has|have|had) (\d+))"},
    {Counted::prompt, R"(resulted in (\d+))"},
    // Cohere: "the total number of tokens in the prompt cannot exceed 4081 - received 5000"
    {Counted::context, R"(cannot exceed (\d+))"},
    {Counted::prompt, R"(received (\d+))"},
    // Moonshot: "exceeded model token limit: 8192 (requested: 9000)"
    {Counted::total, R"(\(requested:? (\d+))"},
    // Google: "the input token count (1200000) exceeds the maximum number of tokens allowed
    // (1048576)"; GitHub: "prompt token count of 200000 exceeds the limit of 128000"
    {Counted::prompt, R"((?:input|prompt) token count:? (?:is |of )?\(?(\d+))"},
    {Counted::context, R"(tokens allowed \(?(\d+))"},
    // vLLM, SGLang, Together: "the input (61709 tokens) is longer than ..."; llama.cpp: "request
    // (5000 tokens) exceeds the available context size (4096 tokens)"; vLLM: "the decoder prompt
    // (length 5000) is longer than the maximum model length of 4096"
    {Counted::prompt, R"((?:input|prompt|request|messages) \((?:length )?(\d+))"},
    {Counted::prompt, R"((?:input|prompt) length:? \(?(\d+)\)?)"},
    {Counted::prompt, R"(passed (\d+) input)"},
    {Counted::limit, R"(requested (\d+) output)"},
    // OpenAI, vLLM, SGLang, DeepSeek, OpenRouter: "you requested 8420 tokens (228 in the messages,
    // 8192 in the completion)"
    {Counted::prompt,
     R"((\d+) (?:tokens )?(?:in|from|of|for) (?:the |your )?(?:input |text )?(?:messages|prompt|input|text|context))"},
    {Counted::limit,
     R"((\d+) (?:tokens )?(?:in|for|of) (?:the |your )?(?:completion|output|response))"},
    {Counted::prompt, R"((\d+) (?:`?inputs?`?|prompt|message) tokens)"},
    {Counted::limit, R"((\d+) (?:output|completion|generated) tokens)"},
    {Counted::total, R"(requested (?:about |a total of )?(\d+))"},
    {Counted::total, R"((\d+) (?:tokens )?(?:were|was) requested)"},
    // "maximum context length is 8192 tokens" and its kin
    {Counted::context,
     R"((?:context(?: length| window| size| limit)?|prompt length|input length|model length|token limit|configured limit|exceeds the limit|maximum length|max length|max_model_len|n_ctx)(?: \w+)?(?: is| of| to| at)?(?: only)?[:=]? ?[\(`]?(\d+))"},
    // Fireworks: "the prompt is too long: 9000, model maximum context length: 8192"
    {Counted::prompt, R"(too long:? (\d+))"},
};

struct CompiledNumber {
  Counted what;
  std::unique_ptr<re2::RE2> pattern;
};

const std::vector<CompiledNumber>& compiled_numbers() {
  static const std::vector<CompiledNumber> compiled = [] {
    std::vector<CompiledNumber> rows;
    for (const NumberBeside& row : kNumbers) {
      rows.push_back({row.what, std::make_unique<re2::RE2>(
                                    re2::StringPiece(row.pattern.data(), row.pattern.size()))});
    }
    return rows;
  }();
  return compiled;
}

// "8,192" as "8192".
std::string without_grouping(std::string_view text) {
  std::string plain;
  auto is_digit = [&](std::size_t i) {
    return i < text.size() && text[i] >= '0' && text[i] <= '9';
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool grouping = (text[i] == ',' || text[i] == '_') && i > 0 && is_digit(i - 1) &&
                          is_digit(i + 1) && is_digit(i + 2) && is_digit(i + 3) && !is_digit(i + 4);
    if (!grouping) plain += text[i];
  }
  return plain;
}

std::optional<std::uint64_t> number_of(Counted what, const std::string& said) {
  for (const CompiledNumber& row : compiled_numbers()) {
    std::uint64_t number = 0;
    if (row.what == what && re2::RE2::PartialMatch(said, *row.pattern, &number)) return number;
  }
  return std::nullopt;
}

ContextOverflow::Kind kind_of(const ContextOverflow& found, const std::string& said) {
  using enum ContextOverflow::Kind;
  if (found.prompt && found.context) {
    return *found.prompt >= *found.context ? prompt : prompt_and_limit;
  }
  if (found.limit && found.context && *found.limit > *found.context) return limit;
  const bool bounds_limit = said.find("range of max_tokens") != std::string::npos ||
                            said.find("max_tokens` must be less than") != std::string::npos;
  if (found.context && bounds_limit) return limit;
  const bool speaks_of_limit = said.find("max_tokens") != std::string::npos ||
                               said.find("max_new_tokens") != std::string::npos ||
                               said.find("completion") != std::string::npos;
  if (found.prompt && !speaks_of_limit) return prompt;
  return unclear;
}

std::string counted(std::string_view what, const std::optional<std::uint64_t>& tokens) {
  return tokens ? fmt::format("{} ({} tokens)", what, *tokens) : std::string(what);
}

}  // namespace

std::string ContextOverflow::text() const {
  const std::string room =
      context ? fmt::format("the context of {} tokens", *context) : "the model's context";
  switch (kind) {
    case Kind::prompt:
      return fmt::format("{} exceeds {}", counted("the prompt", prompt), room);
    case Kind::prompt_and_limit:
      return fmt::format("{} and {} together exceed {}", counted("the prompt", prompt),
                         counted("max_tokens", limit), room);
    case Kind::limit:
      return fmt::format("{} is more than the {} that the server allows",
                         counted("max_tokens", limit), *context);
    case Kind::unclear:
      break;
  }
  if (total) return fmt::format("the request of {} tokens exceeds {}", *total, room);
  return fmt::format("the prompt, or the prompt and max_tokens together, exceed {}", room);
}

std::string ContextOverflow::hint() const {
  switch (kind) {
    case Kind::prompt:
      return "use a channel or setting with a shorter prompt, or a server with a larger context";
    case Kind::prompt_and_limit:
      return fmt::format(
          "lower max_tokens under [sampling] in the study to at most {}, use a shorter prompt, or "
          "give the server a larger context",
          *context - *prompt);
    case Kind::limit:
      return fmt::format("lower max_tokens under [sampling] in the study to at most {}", *context);
    case Kind::unclear:
      break;
  }
  return "lower max_tokens under [sampling] in the study, use a shorter prompt, or give the server "
         "a larger context";
}

std::optional<ContextOverflow> context_overflow_in(const VendorError& error) {
  const std::string said = without_grouping(error.said());
  auto says = [&](std::string_view words) { return said.find(words) != std::string::npos; };
  if (error.page || says_any(said, kOtherLimits)) return std::nullopt;
  const bool is_overflow = std::ranges::any_of(
      kOverflows, [&](const OverflowWords& row) { return says(row.words) && says(row.also); });
  if (!is_overflow) return std::nullopt;
  ContextOverflow found;
  found.prompt = error.prompt_tokens ? error.prompt_tokens : number_of(Counted::prompt, said);
  found.context = error.context_tokens ? error.context_tokens : number_of(Counted::context, said);
  found.limit = number_of(Counted::limit, said);
  found.total = number_of(Counted::total, said);
  if (!found.prompt && found.total && found.limit && *found.total > *found.limit) {
    found.prompt = *found.total - *found.limit;
  }
  found.kind = kind_of(found, said);
  return found;
}

}  // namespace iago
