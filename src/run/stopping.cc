#include "run/stopping.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

#include "base/clock.h"

namespace iago {
namespace {

constexpr const char* kAskAgain = "run the same command to ask the open trials again";

// Of such a failure the next request may be spared, whichever prompt it has.
bool is_of_the_moment(OpenCause cause) {
  switch (cause) {
    case OpenCause::unreachable:
    case OpenCause::rate_limit:
    case OpenCause::overloaded:
    case OpenCause::server_error:
    case OpenCause::unreadable:
      return true;
    case OpenCause::rejected:
    case OpenCause::no_access:
    case OpenCause::no_credit:
    case OpenCause::too_long:
    case OpenCause::unknown_finish:
      return false;
  }
  return false;
}

// Servers put numbers and ids of the request into what they say: words that hold a digit are
// passed over.
std::string without_numbers(std::string_view text) {
  std::string kept, word;
  bool has_digit = false;
  auto end_word = [&] {
    kept += has_digit ? "#" : word;
    word.clear(), has_digit = false;
  };
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '-' || c == '_') {
      word += c, has_digit = has_digit || std::isdigit(byte);
      continue;
    }
    end_word();
    kept += c;
  }
  end_word();
  return kept;
}

// The command was right, so it must not end as one that was not.
ErrorCode code_of(const ChatFailure& failure) {
  const bool blames_input =
      failure.code == ErrorCode::invalid || failure.code == ErrorCode::not_found;
  return blames_input ? ErrorCode::unsupported : failure.code;
}

Stop ends_with(const ChatFailure& failure, std::string message, const char* hint) {
  return {.code = code_of(failure),
          .message = std::move(message),
          .hint = failure.hint.empty() ? hint : failure.hint};
}

Stop limit(const ChatFailure& failure) {
  return {
      .is_limit = true, .code = failure.code, .message = limit_text(failure), .hint = kAskAgain};
}

}  // namespace

std::string limit_text(const ChatFailure& failure) {
  std::string text = fmt::format("the server's limit was reached: {}", failure.message);
  if (failure.retry_at) text += fmt::format("; it ends at {}", iso8601(*failure.retry_at));
  return text;
}

StoppingRules::StoppingRules(std::map<WordingArm, std::size_t> prompts, bool has_completions)
    : prompts_(std::move(prompts)), has_completions_(has_completions) {}

void StoppingRules::answered() {
  ++answered_;
  in_a_row_ = 0;
  rejected_.clear(), first_.clear();
}

std::optional<Stop> StoppingRules::failed(const WordingArm& told, std::size_t prompt,
                                          const ChatFailure& failure) {
  ++failed_;
  last_ = failure;
  if (failure.ends_run) return ends_with(failure, failure.message, "");
  // A rejection is a reply of the server's: it is there.
  in_a_row_ = is_of_the_moment(failure.cause) ? in_a_row_ + 1 : 0;
  if (in_a_row_ >= kMostInARow || (answered_ == 0 && failed_ >= kMostInARow)) {
    return stop_after_many();
  }
  if (answered_ > 0 || is_of_the_moment(failure.cause)) return std::nullopt;
  if (failure.cause == OpenCause::rejected) {
    auto& alike = rejected_[fmt::format("{} {}", failure.status, without_numbers(failure.message))];
    alike[told].insert(prompt);
    if (!are_rejected_alike(alike)) return std::nullopt;
    return ends_with(
        failure,
        fmt::format("the server rejects different prompts in the same way and has "
                    "answered none: {}",
                    failure.message),
        "look for what the message names in --extra-body, in --header and under [sampling] "
        "in the study");
  }
  auto& first = first_[failure.cause];
  first[told].insert(prompt);
  if (has_completions_ || !in_every_arm(first, kFirstRepliesInEveryArm)) return std::nullopt;
  if (failure.cause == OpenCause::too_long) {
    return ends_with(
        failure, fmt::format("the first prompts of every arm are too long: {}", failure.message),
        "lower max_tokens under [sampling], choose a channel with shorter prompts, or give the "
        "server a larger context");
  }
  return ends_with(
      failure,
      fmt::format("the first replies of every arm end with a finish reason that is not "
                  "known: {}",
                  failure.message),
      "give its meaning: --finish VALUE=stop|truncated|refused");
}

std::optional<Stop> StoppingRules::at_end() const {
  if (answered_ > 0 || failed_ == 0) return std::nullopt;
  // What is left of a run may be just the prompts that this server does not take.
  if (has_completions_ && !is_of_the_moment(last_.cause)) return std::nullopt;
  return stop_after_many();
}

bool StoppingRules::in_every_arm(const PromptsByArm& found, std::size_t wanted) const {
  return std::ranges::all_of(prompts_, [&](const auto& arm) {
    auto prompts = found.find(arm.first);
    return prompts != found.end() && prompts->second.size() >= std::min(wanted, arm.second);
  });
}

bool StoppingRules::are_rejected_alike(const PromptsByArm& found) const {
  std::size_t all = 0;
  for (const auto& [arm, prompts] : found) all += prompts.size();
  return all >= kAlikeInAll || in_every_arm(found, kAlikeInEveryArm);
}

Stop StoppingRules::stop_after_many() const {
  if (last_.cause == OpenCause::rate_limit) return limit(last_);
  const std::size_t many = answered_ == 0 ? failed_ : in_a_row_;
  return ends_with(last_,
                   fmt::format("{} request{} failed; the last error: {}", many,
                               many == 1 ? "" : "s in a row", last_.message),
                   "once the model answers again, run the same command to resume");
}

}  // namespace iago
