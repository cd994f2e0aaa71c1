#include "judge/internal/judge_reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/ascii.h"
#include "base/error.h"
#include "base/json.h"

namespace iago {
namespace {

constexpr int kMostBraces = 200;  // tried before the ticket: two for each criterion, and some
constexpr JsonLimits kLimits{.bytes = kMaxJudgeReplyBytes, .depth = 8};

// The end of the object that begins at text[0] == '{', or npos. Braces within strings do not count.
std::size_t object_end(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

std::optional<Json> object_of(std::string_view text) {
  try {
    Json json = parse_json(text, "the judge's reply", kLimits);
    if (json.is_object()) return json;
  } catch (const Error&) {
  }
  return std::nullopt;
}

bool carries(const Json& json, std::string_view ticket) {
  auto found = json.find("ticket");
  return found != json.end() && found->is_string() &&
         found->get_ref<const std::string&>() == ticket;
}

// The innermost object that has the last occurrence of the ticket as its own "ticket".
std::optional<Json> last_ticketed(std::string_view text, std::string_view ticket) {
  auto found = text.rfind(ticket);
  if (found == text.npos) return std::nullopt;
  auto at = found;
  for (int tries = 0; tries < kMostBraces && at > 0; ++tries) {
    at = text.rfind('{', at - 1);
    if (at == text.npos) break;
    std::size_t size = object_end(text.substr(at));
    if (size == text.npos || at + size <= found) continue;
    auto json = object_of(text.substr(at, size));
    if (json && carries(*json, ticket)) return json;
  }
  return std::nullopt;
}

// "**Yes**." is "yes": without the marks that graders put around a word, and its full stop.
std::string lower_word(const std::string& text) {
  constexpr std::string_view kMarks = " \t\n*_`\"'.!,;";
  constexpr std::size_t kLongestWord = 16;
  std::string_view word = text;
  while (!word.empty() && kMarks.find(word.front()) != kMarks.npos) word.remove_prefix(1);
  while (!word.empty() && kMarks.find(word.back()) != kMarks.npos) word.remove_suffix(1);
  return word.size() > kLongestWord ? std::string() : lowered(word);
}

std::optional<bool> yes_or_no(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (!value.is_string()) return std::nullopt;
  std::string word = lower_word(value.get_ref<const std::string&>());
  if (word == "yes" || word == "true") return true;
  if (word == "no" || word == "false") return false;
  return std::nullopt;
}

std::optional<int> one_to_five(const Json& value) {
  if (value.is_number_integer()) {
    auto number = value.get<std::int64_t>();
    if (number >= 1 && number <= 5) return static_cast<int>(number);
  }
  if (value.is_number_float()) {
    for (int number = 1; number <= 5; ++number) {
      if (value.get<double>() == number) return number;
    }
  }
  if (!value.is_string()) return std::nullopt;
  std::string word = lower_word(value.get_ref<const std::string&>());
  const bool is_plain = word.size() == 1 || word.substr(1) == ".0" || word.substr(1) == "/5";
  if (is_plain && word[0] >= '1' && word[0] <= '5') return word[0] - '0';
  return std::nullopt;
}

// {"answer": ..., "quote": ...}, or the answer alone. Absent if it is no answer to the criterion.
std::optional<ReplyAnswer> read_answer(const Json& entry, const Criterion& criterion) {
  const Json* value = &entry;
  ReplyAnswer answer;
  if (entry.is_object()) {
    auto found = entry.find("answer");
    if (found == entry.end()) return std::nullopt;
    value = &*found;
    auto quote = entry.find("quote");
    if (quote != entry.end() && quote->is_string()) answer.quote = quote->get<std::string>();
  }
  if (criterion.answer == AnswerType::scale) {
    auto scale = one_to_five(*value);
    if (!scale) return std::nullopt;
    answer.scale = *scale;
    return answer;
  }
  auto yes = yes_or_no(*value);
  if (!yes) return std::nullopt;
  answer.yes = *yes;
  return answer;
}

JudgeReply problem(std::string text) { return {{}, std::move(text)}; }

}  // namespace

std::string answer_form(std::span<const Criterion* const> asked, std::string_view ticket) {
  Json answers = Json::object();
  for (const Criterion* criterion : asked) {
    bool scale = criterion->answer == AnswerType::scale;
    Json entry{{"answer", scale ? "1 to 5" : "yes or no"}};
    if (criterion->quote) entry["quote"] = "if yes: the words that show it, copied exactly";
    answers[criterion->id] = std::move(entry);
  }
  return dump_json({{"ticket", ticket}, {"answers", std::move(answers)}});
}

JudgeReply parse_judge_reply(std::string_view reply, std::string_view fence_end,
                             std::string_view ticket, std::span<const Criterion* const> asked) {
  if (reply.size() > kMaxJudgeReplyBytes) {
    return problem(
        fmt::format("the reply has {} bytes, more than {}", reply.size(), kMaxJudgeReplyBytes));
  }
  auto fence = reply.rfind(fence_end);
  if (fence != reply.npos) reply.remove_prefix(fence + fence_end.size());
  auto json = last_ticketed(reply, ticket);
  if (!json) return problem("the reply holds no JSON object with the request's ticket");
  auto answers = json->find("answers");
  if (answers == json->end() || !answers->is_object()) {
    return problem("the reply's object has no \"answers\"");
  }
  JudgeReply parsed;
  for (const Criterion* criterion : asked) {
    auto entry = answers->find(criterion->id);
    if (entry == answers->end()) {
      return problem(fmt::format("the reply does not answer \"{}\"", criterion->id));
    }
    auto answer = read_answer(*entry, *criterion);
    if (!answer) {
      return problem(fmt::format(
          "the reply's answer to \"{}\" is not {}", criterion->id,
          criterion->answer == AnswerType::scale ? "an integer from 1 to 5" : "yes or no"));
    }
    parsed.answers.push_back(std::move(*answer));
  }
  return parsed;
}

}  // namespace iago
