#include "figures/quotation.h"

#include <fmt/format.h>

#include "figures/figure_text.h"
#include "text/printable.h"

namespace iago {
namespace {

std::string decided_labels(const LabelShares& arm) {
  return fmt::format("decides {} {}", count(arm.unquoted_decide),
                     arm.unquoted_decide == 1 ? "label" : "labels");
}

bool is_in_contrast(const Summary& summary, const std::string& arm) {
  if (summary.contrasts.empty()) return false;
  const Contrast& first = summary.contrasts.front();
  return arm == first.more || arm == first.less;
}

std::string sentence_for(const Summary& summary, const JudgeRow& judge,
                         const std::vector<LabelShares>& arms) {
  std::string where;
  for (const LabelShares& arm : arms) {
    const std::uint64_t answers = arm.judged + arm.unjudged;
    const bool is_much =
        static_cast<double>(arm.unquoted_decide) >= kMuchUnquoted * static_cast<double>(answers);
    if (arm.unquoted_decide == 0 || !is_much || !is_in_contrast(summary, arm.arm)) continue;
    where += fmt::format("{}{} of {} answers in {}", where.empty() ? "" : ", ",
                         count(arm.unquoted_decide), count(answers), printable(arm.arm, 40));
  }
  if (where.empty()) return where;
  return fmt::format(
      "A yes of the judge {} counts only with a quotation that stands in the text; for want of one "
      "{} have another label, so its rates may be too low.",
      printable(judge.name, 60), where);
}

}  // namespace

std::string unquoted_words(const LabelShares& arm) {
  if (arm.unquoted == 0) return {};
  return fmt::format("{} of {} answers yes without a valid quotation, which {}",
                     count(arm.unquoted), count(arm.yes_to_quote), decided_labels(arm));
}

std::string unquoted_by_arm(const std::vector<LabelShares>& arms) {
  std::string text;
  bool any = false;
  for (const LabelShares& arm : arms) {
    any = any || arm.yes_to_quote > 0;
    text += fmt::format("{}{} {} of {}", text.empty() ? "" : ", ", printable(arm.arm, 16),
                        count(arm.unquoted), count(arm.yes_to_quote));
    if (arm.unquoted > 0) text += fmt::format(" ({})", decided_labels(arm));
  }
  return any ? text : std::string();
}

std::vector<std::string> unquoted_sentences(const Summary& summary) {
  std::vector<std::string> sentences;
  const JudgeChoice& judges = summary.judges;
  if (judges.faking_reasoning) {
    sentences.push_back(sentence_for(summary, *judges.faking_reasoning, summary.reasoning));
  }
  for (const OtherJudge& other : summary.other_judges) {
    if (!judges.contrast || other.judge.hash != judges.contrast->hash) continue;
    sentences.push_back(sentence_for(summary, other.judge, other.all.arms));
  }
  std::erase(sentences, std::string());
  return sentences;
}

}  // namespace iago
