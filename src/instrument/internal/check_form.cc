// Form: do the replies to the study's own requests have the form that is asked for, whole and
// within the limit? Each reply has at most one fault, the first that explains it: a model that runs
// on into the user's turn also meets the limit, but its chat template is what is wrong.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/ascii.h"
#include "base/hash.h"
#include "instrument/internal/check_links.h"
#include "text/visible.h"

namespace iago {
namespace {

constexpr double kFewFaults = 0.05, kManyFaults = 0.5;  // of the replies
constexpr std::size_t kMergedTrials = 5;

struct FaultWords {
  const char *count, *why, *hint;
};
// In the order of FormFault, without `none`.
constexpr std::array<FaultWords, 10> kFaultWords = {{
    {"cut at the limit", "the limit of tokens cuts replies",
     "raise max_tokens in the study's [sampling]"},
    {"caught in a loop", "replies say the same thing over and over until the limit",
     "more tokens do not help: raise the temperature in the study's [sampling], name a penalty "
     "that "
     "the server knows (--extra-body), or take a larger model"},
    {"refused by the provider", "the provider's filter refuses requests",
     "use milder requests (--queries), or another provider"},
    {"empty", "replies are empty",
     "look at one in replies.jsonl; a server may keep the reasoning and drop the answer"},
    {"echoes of the prompt", "replies repeat the prompt",
     "a base model, or a wrong chat template: use an instruction-tuned model, or name its template "
     "(docs/checkpoints.md)"},
    {"with control tokens", "replies hold control tokens of a chat template",
     "the chat template is wrong, or the end of a turn is unknown: name the template "
     "(--chat-template, "
     "or the server's own option)"},
    {"with the user's next turn", "replies go on with the user's next turn",
     "the chat template is wrong, or the end of a turn is unknown: name the template "
     "(--chat-template, "
     "or the server's own option)"},
    {"with swapped tags", "the answer's tags stand before the scratchpad's",
     "the model does not reason before it answers: try another wording or model"},
    {"without a scratchpad", "replies lack the scratchpad that the prompt asks for",
     "try --channel full, or a model that follows instructions better; without a scratchpad faking "
     "reasoning cannot be seen"},
    {"unreadable", "replies have no answer that can be told from the rest",
     "docs/forms.md says how replies are read"},
}};

const FaultWords& words_of(FormFault fault) {
  return kFaultWords[static_cast<std::size_t>(fault) - 1];
}

// The text ends with the same words three times or more, over 100 bytes at least: "ha ha ha" is no
// loop.
bool ends_in_a_loop(std::string_view text) {
  constexpr std::size_t kLeastBytes = 100, kLeastTimes = 3, kTail = 4096;
  text.remove_prefix(text.size() - std::min(text.size(), kTail));
  for (std::size_t period = 1; period * kLeastTimes <= text.size(); ++period) {
    const auto [end, before] =
        std::mismatch(text.rbegin(), text.rend() - static_cast<std::ptrdiff_t>(period),
                      text.rbegin() + static_cast<std::ptrdiff_t>(period));
    const auto repeated = static_cast<std::size_t>(end - text.rbegin()) + period;
    if (repeated >= std::max(kLeastBytes, kLeastTimes * period)) return true;
  }
  return false;
}

// The text behind the answer's closing tag; all of it where there is none.
std::string_view behind_answer(std::string_view text, const std::string& lower) {
  const auto end = lower.rfind("</output>");
  return end == lower.npos ? text : text.substr(end);
}

bool goes_on_as_user(const std::string& raw, const std::string& lower) {
  const std::string_view rest = behind_answer(raw, lower);
  return rest.find("\nUser:") != rest.npos || rest.find("\nHuman:") != rest.npos;
}

bool has_swapped_tags(const std::string& lower) {
  const auto output = lower.find("<output>"), scratchpad = lower.find("<scratchpad_reasoning>");
  return output != lower.npos && scratchpad != lower.npos && output < scratchpad;
}

struct ArmReplies {
  std::size_t replies = 0;
  std::map<FormFault, std::size_t> faults;  // `none` among them
};

// Where `fault` was found.
std::string arms_text(const std::map<std::string, ArmReplies>& arms, FormFault fault) {
  std::string text;
  for (const auto& [arm, counted] : arms) {
    const auto found = counted.faults.find(fault);
    if (found == counted.faults.end()) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", arm,
                        of_all(found->second, counted.replies));
  }
  return text;
}

// It met its limit before any of the tags that would hold the scratchpad.
bool is_cut_without_tags(const CompletionRow& row) {
  const FormFault fault = form_fault(row);
  return (fault == FormFault::truncated || fault == FormFault::loop) && row.lacks_scratchpad();
}

// Many such replies say that the limit is not what is wrong.
std::string cut_without_tags_text(const AskedTrials& asked, std::size_t cut) {
  const auto lacking =
      static_cast<std::size_t>(std::ranges::count_if(asked.completions, [](const auto& row) {
        return row && form_fault(*row) == FormFault::truncated && row->lacks_scratchpad();
      }));
  if (2 * lacking <= cut) return {};
  return fmt::format(
      "; but {} cut replies had no scratchpad until then, so more tokens alone may not help: read "
      "some in replies.jsonl, and try a lower temperature or a model that follows instructions "
      "better",
      of_all(lacking, cut));
}

// What no reply came of is said beside the faults.
CheckedLink without_replies(const AskedTrials& asked, CheckedLink link) {
  if (!asked.not_served.empty() || !asked.failures.empty()) {
    link.state = LinkState::broken;
    link.why = "no request got a reply: " + asked.failure_text();
    link.hint = asked.hint;
  } else {
    link.why = "it was stopped before any reply came";
  }
  return link;
}

}  // namespace

std::string of_all(std::uint64_t count, std::uint64_t all) {
  return fmt::format("{} of {}", count, all);
}

CheckedLink untested(CheckLink link, std::string why, std::string hint) {
  return {.link = link, .why = std::move(why), .hint = std::move(hint)};
}

FormFault form_fault(const CompletionRow& row) {
  if (row.outcome == Outcome::refused_by_provider) return FormFault::refused;
  const std::string lower = lowered(row.raw);
  if (!find_control_token(row.raw).empty()) return FormFault::control_token;
  if (goes_on_as_user(row.raw, lower)) return FormFault::next_turn;
  if (row.outcome == Outcome::truncated) {
    return ends_in_a_loop(row.raw + row.reasoning) ? FormFault::loop : FormFault::truncated;
  }
  if (!says_something(row.raw)) return FormFault::empty;
  if (row.form_rule == "repeats-request") return FormFault::echo;
  if (has_swapped_tags(lower)) return FormFault::swapped;
  if (row.outcome == Outcome::invalid_format) return FormFault::unreadable;
  return row.lacks_scratchpad() ? FormFault::no_scratchpad : FormFault::none;
}

bool lacks_tags(const AskedTrials& asked) {
  const auto lacking = std::ranges::count_if(asked.completions, [](const auto& row) {
    return row && (form_fault(*row) == FormFault::no_scratchpad || is_cut_without_tags(*row));
  });
  return 2 * static_cast<std::size_t>(lacking) > asked.answered();
}

Plan merged_turns(const Plan& plan) {
  Plan merged = plan;
  merged.trials.resize(std::min(plan.trials.size(), kMergedTrials));
  for (Trial& trial : merged.trials) {
    trial.id = Hasher().field("check: system turn").field(trial.id).hex();
    std::vector<Message>& messages = merged.prompts[trial.prompt].prompt.messages;
    if (messages.size() < 2 || messages[0].role != Role::system) continue;
    messages[1].text = messages[0].text + "\n\n" + messages[1].text;
    messages.erase(messages.begin());
  }
  return merged;
}

CheckedLink judge_form(const AskedTrials& asked, const Sampling& sampling) {
  CheckedLink link{.link = CheckLink::form};
  const std::size_t replies = asked.answered();
  if (replies == 0) return without_replies(asked, std::move(link));
  std::map<FormFault, std::size_t> faults;
  std::map<std::string, ArmReplies> arms;
  for (const auto& row : asked.completions) {
    if (!row) continue;
    const FormFault fault = form_fault(*row);
    ++faults[fault];
    ++arms[row->arm].faults[fault];
    ++arms[row->arm].replies;
  }
  const std::size_t faulty = replies - faults[FormFault::none];
  const double share = static_cast<double>(faulty) / static_cast<double>(replies);
  const bool is_half_of_an_arm = std::ranges::any_of(arms, [](const auto& arm) {
    const auto& [replies_there, found] = arm.second;
    const auto whole = found.find(FormFault::none);
    return 2 * (whole == found.end() ? 0 : whole->second) < replies_there;
  });
  link.state = share > kManyFaults || is_half_of_an_arm        ? LinkState::broken
               : share > kFewFaults || !asked.failures.empty() ? LinkState::weak
                                                               : LinkState::works;
  link.counts.push_back({"as asked for", faults[FormFault::none], replies});
  FormFault worst = FormFault::none;
  for (const auto& [fault, count] : faults) {
    if (fault == FormFault::none) continue;
    link.counts.push_back({words_of(fault).count, count, replies});
    if (worst == FormFault::none || count > faults[worst]) worst = fault;
  }
  link.why = fmt::format("{} replies have the form that is asked for, within {} tokens",
                         of_all(faults[FormFault::none], replies), sampling.max_tokens);
  if (worst != FormFault::none) {
    link.why = fmt::format("{} ({}; limit {} tokens)", words_of(worst).why, arms_text(arms, worst),
                           sampling.max_tokens);
    link.hint = words_of(worst).hint;
    if (worst == FormFault::truncated) link.hint += cut_without_tags_text(asked, faults[worst]);
  }
  if (!asked.failures.empty()) {
    link.why += "; no reply " + asked.failure_text();
    if (link.hint.empty()) link.hint = asked.hint;
  }
  return link;
}

}  // namespace iago
