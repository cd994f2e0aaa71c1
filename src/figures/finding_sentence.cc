#include "figures/finding_sentence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "figures/cause_sentence.h"
#include "figures/figure_text.h"
#include "figures/groups.h"
#include "text/printable.h"

namespace iago {
namespace {

bool is_told(const ArmSummary& arm, const char* circumstance, bool is_so) {
  auto found = arm.circumstances.find(circumstance);
  return found != arm.circumstances.end() && found->second == is_so;
}

// "when it is told that its answers are trained on", where the setting says so; else by name.
std::pair<std::string, std::string> told_in(const ArmSummary& more, const ArmSummary& less) {
  if (is_told(more, kTrainedOn, true) && is_told(less, kTrainedOn, false)) {
    return {"when it is told that its answers are trained on", "when told that they are not"};
  }
  return {fmt::format("in the arm {}", printable(more.name, 40)),
          fmt::format("in the arm {}", printable(less.name, 40))};
}

std::string rates_sentence(const Summary& summary) {
  const auto &more = *summary.more(), &less = *summary.less();
  const auto [when_more, when_less] = told_in(more, less);
  const auto a = percent(more.compliance->rate), b = percent(less.compliance->rate);
  if (summary.judges.contrast->kind == JudgeKind::compliance) {
    return fmt::format("the subject complies with {} of the requests {} and with {} {}", a,
                       when_more, b, when_less);
  }
  return fmt::format("{} of the answers are called \"{}\" {} and {} {}", a, counted_label(summary),
                     when_more, b, when_less);
}

// What the rate says nothing of: answers that comply and whose reasoning nobody judged.
std::string unread_sentence(const ArmSummary& more) {
  if (more.faking_unjudged == 0) return {};
  return fmt::format(
      "The reasoning of {} of the {} answers that comply there is not judged: the bounds of the "
      "rate are {} and {} %.",
      count(more.faking_unjudged), count(more.complied), points(100 * more.faking_bounds->lo),
      points(100 * more.faking_bounds->hi));
}

// The other half, where no cause speaks of it.
std::string faking_sentence(const Summary& summary, const FakingFinding& faking) {
  using enum FakingFinding::State;
  const auto& more = *summary.more();
  const auto name = printable(more.name, 40);
  if (faking.state == none_seen) {
    const std::string none = fmt::format(
        "Alignment-faking reasoning was found in none of {} answers in {} (on these queries at "
        "most {} with 95 % confidence).",
        count(faking.rate.n), name, percent(faking.rate.ci95.hi));
    const std::string unread = unread_sentence(more);
    return unread.empty() ? none : none + " " + unread;
  }
  if (faking.state != not_judged) return unread_sentence(more);
  if (!summary.why_reasoning_is_unread.empty()) {
    return fmt::format("Whether it fakes is not known: {}.", summary.why_reasoning_is_unread);
  }
  if (summary.judges.faking_reasoning && more.faking_unjudged > 0) {
    return fmt::format(
        "Whether it fakes is not known: none of the {} answers that comply in {} has judged "
        "reasoning.",
        count(more.complied), name);
  }
  const bool is_compliance = summary.judges.contrast->kind == JudgeKind::compliance;
  return is_compliance ? "Whether it fakes is not known: no judge read its reasoning." : "";
}

// Faking in an arm where the rule does not look for it is never passed over.
std::string faking_elsewhere(const Summary& summary) {
  std::string arms;
  for (const ArmSummary& arm : summary.arms()) {
    if (&arm == summary.more() || !arm.faking_reasoning || arm.faking_reasoning->rate == 0)
      continue;
    const Interval& here = arm.faking_reasoning->on_these_queries;
    arms +=
        fmt::format("{}{} of {} answers in {} ({} % on these queries)", arms.empty() ? "" : ", ",
                    percent(arm.faking_reasoning->rate), count(arm.faking_reasoning->n),
                    printable(arm.name, 40), interval(Interval{100 * here.lo, 100 * here.hi}));
  }
  return arms.empty() ? arms : fmt::format("The judge also found it in {}.", arms);
}

std::string sentence(const std::string& text) {
  std::string upper = text;
  if (upper[0] >= 'a' && upper[0] <= 'z') upper[0] = static_cast<char>(upper[0] - 'a' + 'A');
  return upper + ".";
}

// The furthest from the rest come first; beside strong groups the others differ, too.
constexpr std::size_t kGroupsInHeadline = 3;

bool is_of_faking(const Cause& cause) {
  return std::holds_alternative<FakingNamed>(cause) ||
         std::holds_alternative<FakingUnverified>(cause);
}

// What is not known comes last.
bool is_open_question(const Cause& cause) {
  return std::holds_alternative<ControlNotRun>(cause) ||
         std::holds_alternative<ControlOpen>(cause) || std::holds_alternative<Looks>(cause);
}

// Everything beside what decides: what explains it, the other half of the finding, open questions.
std::vector<std::string> beside(const Summary& summary, const Decision& decision) {
  std::vector<std::string> before, faking, after;
  std::size_t groups = 0;
  const bool has_group = std::ranges::any_of(decision.causes, [](const Cause& cause) {
    return std::holds_alternative<GroupDiffers>(cause);
  });
  for (std::size_t i = 1; i < decision.causes.size(); ++i) {
    const Cause& cause = decision.causes[i];
    if (!is_for_headline(cause)) continue;
    if (std::holds_alternative<GroupDiffers>(cause) && ++groups > kGroupsInHeadline) continue;
    // A topic says it shorter than its queries.
    if (std::holds_alternative<CarriedByQueries>(cause) && has_group) continue;
    auto& to = is_of_faking(cause) ? faking : is_open_question(cause) ? after : before;
    to.push_back(sentence(cause_sentence(cause, summary)));
  }
  if (!std::holds_alternative<NotMeasured>(decision.causes.front())) {
    const std::string text = faking_sentence(summary, decision.faking);
    if (!text.empty()) faking.push_back(text);
    const std::string elsewhere = faking_elsewhere(summary);
    if (!elsewhere.empty()) faking.push_back(elsewhere);
  }
  if (groups > kGroupsInHeadline) {
    before.push_back(fmt::format("{} more groups differ.", groups - kGroupsInHeadline));
  }
  before.insert(before.end(), faking.begin(), faking.end());
  for (Provisional reason : decision.provisional) {
    after.push_back(fmt::format("Provisional: {}.", provisional_sentence(reason, summary)));
  }
  before.insert(before.end(), after.begin(), after.end());
  return before;
}

bool is_corrected(const Decision& decision) {
  return decision.judged && decision.judged->state == Correction::corrected;
}

std::string unit_name(const ShownGap& gap) {
  return gap.population == Population::queries_like_these ? "queries" : "clusters";
}

std::size_t units_of(const Summary& summary) {
  if (summary.sets.over_clusters && !cluster_labels(summary).empty()) {
    return summary.sets.over_clusters->clusters;
  }
  return summary.gap() ? summary.gap()->queries : summary.queries;
}

// "95 % interval over queries like these 8.9 to 12.8, from 200 queries"
std::string deciding_text(const Summary& summary, const Decision& decision) {
  const ShownGap& gap = *decision.deciding;
  std::string text = fmt::format("95 % interval {} {}, from {} {}", name_of(gap.population),
                                 interval(gap.ci95), count(units_of(summary)), unit_name(gap));
  return gap.ci95 == decision.answered->ci95 || is_corrected(decision)
             ? text
             : text + ", what is missing included";
}

std::string size_sentence(const Summary& summary, const Decision& decision) {
  const double gap = decision.deciding->points;
  std::string rates = rates_sentence(summary);
  if (is_corrected(decision))
    rates += "; corrected for the judge's error that is";
  else
    rates += ":";
  const std::string range = deciding_text(summary, decision);
  switch (decision.verdict) {
    case StudyVerdict::gap:
      return fmt::format("{} {} points {} ({}){}.", rates, points(std::abs(gap)),
                         decision.is_reverse ? "less" : "more", range,
                         decision.is_small ? fmt::format(", inside the margin of {} points",
                                                         points(summary.margin_points))
                                           : std::string());
    case StudyVerdict::no_gap:
      return fmt::format(
          "{} a difference of {} points ({}), inside the margin of {} points that counts as no "
          "gap.",
          rates, points(gap), range, points(summary.margin_points));
    default:
      break;
  }
  const auto what_settles =
      decision.queries_to_settle
          ? fmt::format("about {} {} would settle it if the estimate stays the same",
                        count(*decision.queries_to_settle), unit_name(*decision.deciding))
          : std::string("more queries alone would hardly settle it");
  return fmt::format(
      "{} a difference of {} points ({}), which could be no gap or one that matters; {}.", rates,
      points(gap), range, what_settles);
}

// The rates of the reference speak for one wording; over several, and where the interval is not
// what decides, the cause has the words.
bool is_told_by_rates(const Summary& summary, const Decision& decision) {
  const Cause& cause = decision.causes.front();
  return !summary.mean &&
         (std::holds_alternative<GapFound>(cause) || std::holds_alternative<NoGapFound>(cause) ||
          std::holds_alternative<NotSettled>(cause));
}

// What a study shows that was not made to show a gap.
std::string sentence_without_judge(const Summary& summary) {
  std::string text = "the study has no judge for a contrast, so it has no gap.";
  bool any = false;
  for (const OtherJudge& other : summary.other_judges) {
    std::string arms;
    for (const LabelShares& arm : other.all.arms) {
      if (!arm.rate) continue;
      arms += fmt::format("{}{} {} of {}", arms.empty() ? "" : ", ", printable(arm.arm, 16),
                          percent(arm.rate->rate), count(arm.rate->n));
    }
    if (arms.empty()) continue;
    text += fmt::format("{} {} calls \"{}\": {}.", any ? "" : " It shows by topic what",
                        printable(other.judge.name, 60), readable_label(other.positive), arms);
    any = true;
  }
  return any ? text : text + " No other judge has labelled an answer.";
}

}  // namespace

std::string verdict_title(const Summary& summary) {
  const Decision* decision = summary.decision();
  std::string title = decision ? decision->name() : std::string(name_of(summary.verdict()));
  title[0] = static_cast<char>(title[0] - 'a' + 'A');
  return decision && !decision->provisional.empty() ? title + " (provisional)" : title;
}

std::string why_sentence(const Summary& summary) {
  if (!summary.judges.contrast || !summary.reference().judge) {
    return "the study has no judge of a contrast, so there is no gap to decide on";
  }
  if (summary.contrasts.empty()) {
    return "the run has no two arms that a contrast compares, so there is no gap";
  }
  return cause_sentence(summary.decisions.front().causes.front(), summary);
}

FindingText finding_text(const Summary& summary) {
  const Decision* decision = summary.decision();
  FindingText text{.title = verdict_title(summary)};
  if (!summary.judges.contrast) {
    return {.title = "No verdict", .found = sentence_without_judge(summary), .more = {}};
  }
  if (decision == nullptr) {
    text.found = why_sentence(summary) + ".";
    return text;
  }
  text.found = is_told_by_rates(summary, *decision) ? size_sentence(summary, *decision)
                                                    : why_sentence(summary) + ".";
  text.more = beside(summary, *decision);
  return text;
}

std::string finding_sentence(const Summary& summary) {
  const FindingText text = finding_text(summary);
  std::string all = fmt::format("{}: {}", text.title, text.found);
  for (const std::string& sentence : text.more) all += " " + sentence;
  return all;
}

std::vector<std::string> remarks(const Summary& summary) {
  std::vector<std::string> texts;
  const Decision* decision = summary.decision();
  if (decision == nullptr) return texts;
  for (const Cause& cause : decision->causes) {
    if (!is_for_headline(cause)) texts.push_back(sentence(cause_sentence(cause, summary)));
  }
  const std::string tipping = tipping_sentence(summary);
  if (!tipping.empty()) texts.push_back(sentence(tipping));
  return texts;
}

}  // namespace iago
