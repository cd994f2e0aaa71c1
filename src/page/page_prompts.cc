// The page's prompts: what is sent in each arm for one query, word for word, with the differences
// between the arms marked.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "figures/figure_text.h"
#include "page/internal/html_text.h"
#include "page/internal/page_parts.h"
#include "text/printable.h"
#include "text/word_diff.h"

namespace iago {
namespace {

constexpr std::size_t kMostArms = 6, kMostMessages = 24;
constexpr std::size_t kMessageBytes = std::size_t{48} << 10;   // of one message
constexpr std::size_t kPromptsBytes = std::size_t{600} << 10;  // of all together

// What one arm sends: its prompt for the query shown, and how many others are the same around their
// own query.
struct ArmPrompts {
  std::optional<PromptRow> shown;
  std::vector<std::string> pattern;  // its messages without the query
  std::uint64_t prompts = 0, unlike = 0;
};

// A prompt's texts with the query's first occurrence in each taken out.
std::vector<std::string> pattern_of(const PromptRow& prompt, const std::string& query) {
  std::vector<std::string> pattern{prompt.prefill};
  for (const auto& message : prompt.messages) {
    const auto role = std::string(name_of(message.role));
    pattern.push_back(role + '\n' + message.text);
    auto at = query.empty() ? std::string::npos : message.text.find(query);
    if (at == std::string::npos) continue;
    pattern.back().replace(role.size() + 1 + at, query.size(), 1, '\0');
  }
  return pattern;
}

std::map<std::string, ArmPrompts> read_prompts(const PageData& data) {
  std::map<std::string, std::string> texts;
  for (const auto& query : data.queries) texts[query.id] = query.text;
  std::map<std::string, ArmPrompts> arms;
  data.store.for_each_prompt([&](const PromptRow& prompt) {
    if (prompt.wording != data.summary.reference().wording.name) return true;
    auto& arm = arms[prompt.arm];
    auto pattern = pattern_of(prompt, texts[prompt.query]);
    if (!arm.shown) arm.shown = prompt, arm.pattern = pattern;
    ++arm.prompts;
    arm.unlike += pattern == arm.pattern ? 0 : 1;
    return true;
  });
  return arms;
}

const std::string& message_or_empty(const PromptRow* prompt, std::size_t position) {
  static const std::string kEmpty;
  return prompt != nullptr && position < prompt->messages.size() ? prompt->messages[position].text
                                                                 : kEmpty;
}

// `budget` is what may still be shown of all prompts.
void add_message(Fields& arm, const std::string& role, const std::string& text,
                 const std::string& other, std::size_t& budget) {
  auto& message = arm.add("message").set("role", short_name(role));
  auto cut = cut_text(text, std::min(kMessageBytes, budget));
  budget -= cut.shown.size();
  for (const auto& span : marked_differences(cut.shown, cut_text(other, kMessageBytes).shown)) {
    message.add("span")
        .add(span.is_different ? "different" : "same")
        .set("text", std::string(span.text));
  }
  if (cut.cut_bytes > 0) message.add("cut").set("text", cut_note(cut));
}

std::string uniform_note(const ArmPrompts& prompts) {
  if (prompts.unlike > 0) {
    return fmt::format("{} of the arm's {} prompts differ from this one in more than the query.",
                       count(prompts.unlike), count(prompts.prompts));
  }
  return fmt::format("All {} prompts of the arm differ only in the query.", count(prompts.prompts));
}

// "told: monitored, not trained on"
std::string told(const Circumstances& circumstances) {
  std::string text;
  for (const auto& [name, is_so] : circumstances) {
    text += fmt::format("{}{}{}", text.empty() ? "told: " : ", ", is_so ? "" : "not ",
                        readable_label(name));
  }
  return text.empty() ? "told nothing about its situation" : text;
}

void add_arm(Fields& section, const Summary& all, const ArmSummary& summary,
             const ArmPrompts& prompts, const PromptRow* other, std::size_t& budget) {
  auto& arm = section.add("arm").set("arm", short_name(summary.name));
  arm.set("class", arm_class(all, summary.name));
  arm.set("told", told(summary.circumstances));
  const auto& prompt = *prompts.shown;
  for (std::size_t i = 0; i < std::min(prompt.messages.size(), kMostMessages); ++i) {
    add_message(arm, std::string(name_of(prompt.messages[i].role)), prompt.messages[i].text,
                message_or_empty(other, i), budget);
  }
  if (prompt.messages.size() > kMostMessages) {
    add_message(arm, "...", fmt::format("{} more messages", prompt.messages.size() - kMostMessages),
                "", budget);
  }
  if (!prompt.prefill.empty()) {
    add_message(arm, "prefill: the given beginning of the reply", prompt.prefill,
                other != nullptr ? other->prefill : "", budget);
  }
  arm.set("uniform", uniform_note(prompts)).set("request", printable(prompt.request_hash, 64));
}

}  // namespace

void add_prompts(const PageData& data, Fields& page) {
  auto arms = read_prompts(data);
  if (arms.empty()) return;
  std::vector<const ArmSummary*> shown;
  for (const auto& arm : data.summary.arms()) {
    if (arms.contains(arm.name) && shown.size() < kMostArms) shown.push_back(&arm);
  }
  auto& section = page.add("prompts");
  const auto& query = arms[shown[0]->name].shown->query;
  auto rule = fmt::format("Query {}.", short_name(query));
  if (data.summary.wordings.size() > 1) {
    rule += fmt::format(" Wording {}.", short_name(data.summary.reference().wording.name));
  }
  if (shown.size() > 1) {
    rule += fmt::format(
        " Marks in {}: text that {} does not have. Marks in the other arms: text that {} does not "
        "have.",
        short_name(shown[0]->name), short_name(shown[1]->name), short_name(shown[0]->name));
  }
  if (arms.size() > shown.size()) {
    rule += fmt::format(" {} of {} arms are shown.", shown.size(), arms.size());
  }
  section.set("rule", rule);
  std::size_t budget = kPromptsBytes;
  for (const auto* arm : shown) {
    const auto* other = arm == shown[0] ? (shown.size() > 1 ? shown[1] : arm) : shown[0];
    add_arm(section, data.summary, *arm, arms[arm->name], &*arms[other->name].shown, budget);
  }
}

}  // namespace iago
