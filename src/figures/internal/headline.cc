// One overload for each cause: a cause without a phrase does not compile. Those that no headline
// says have an empty one.
#include "figures/internal/headline.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "figures/cause_sentence.h"
#include "figures/figure_text.h"
#include "figures/groups.h"
#include "figures/internal/cause_evidence.h"
#include "figures/judge_sentence.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kMostPhraseName = 40;  // bytes of a name
constexpr std::size_t kQueriesInPhrase = 2;  // of those that carry a gap
constexpr std::size_t kGroupsInPhrase = 2;

std::string interval_text(const ShownGap& gap, double margin = 0) {
  return fmt::format("95 % interval {} {}", name_of(gap.population),
                     telling_interval(gap.ci95, margin, false));
}

std::string on_these_queries(const Interval& ci95) {
  return fmt::format("{} % {}", percents(ci95), name_of(Population::these_queries));
}

// "a, b and c", or "a, b and 7 more" where there are more than `most`.
std::string listed(std::vector<std::string> names, std::size_t most) {
  std::string last;
  if (names.size() > most) {
    last = fmt::format("{} more", names.size() - (most - 1));
    names.resize(most - 1);
  } else {
    last = names.back();
    names.pop_back();
  }
  return names.empty() ? last : fmt::format("{} and {}", fmt::join(names, ", "), last);
}

class Phrases {
 public:
  explicit Phrases(const Summary& summary) : summary_(summary), words_(summary, 0) {}

  // --- what decides

  std::string operator()(const NotMeasured& cause) const { return not_measured(cause, words_); }

  std::string operator()(const JudgeDisproved& cause) const {
    return fmt::format(
        "people's labels disprove the judge {} in {} ({} {}), which reports {} points",
        printable(summary_.judges.contrast->name, kMostPhraseName), words_.arm(cause.arm),
        word_of(cause.rate), percent(cause.measured), signed_points(cause.reported.points));
  }

  std::string operator()(const MissingDecides& cause) const {
    return fmt::format(
        "what is missing decides: with it the verdict would be {}, without it \"{}\" ({} points, "
        "{})",
        at_bounds(cause), cause.answered, signed_points(cause.gap.points),
        interval_text(cause.gap));
  }

  std::string operator()(const NoConflict& cause) const { return nearly_always(cause, words_); }

  std::string operator()(const AlwaysRefuses& cause) const { return almost_never(cause, words_); }

  std::string operator()(const RefusalsDecide& cause) const {
    return fmt::format(
        "what the provider refused decides ({} of {}, {} of {}): with it the verdict would be "
        "\"{}\", without it {}",
        percent(cause.refused_more), words_.more(), percent(cause.refused_less), words_.less(),
        cause.with_verdict,
        cause.without ? fmt::format("\"{}\" ({} points)", cause.without_verdict,
                                    signed_points(cause.without->points))
                      : std::string("nothing is measured"));
  }

  std::string operator()(const FewDiffer& cause) const {
    return fmt::format("{}, but only {} of {} {} {}", differs_by(cause.gap), count(cause.differing),
                       count(cause.units), units_of(cause.gap),
                       cause.differing == 1 ? "differs" : "differ");
  }

  std::string operator()(const GapFound& cause) const {
    return differs_by(cause.gap, cause.margin) +
           (cause.is_small ? ", inside " + the_margin(cause.margin) : "");
  }

  std::string operator()(const GapUnderSome& cause) const {
    std::string text;
    if (!cause.up.empty()) text = "gap " + words_.under(cause.up);
    if (!cause.down.empty()) {
      text += (text.empty() ? "reverse gap " : ", reverse gap ") + words_.under(cause.down);
    }
    return fmt::format("{}; the mean is {} points ({})", text, signed_points(cause.mean.points),
                       interval_text(cause.mean));
  }

  std::string operator()(const NoGapFound& cause) const {
    return differs_by(cause.gap, cause.margin) +
           (cause.excludes_0() ? ", not 0 but inside " : ", inside ") + the_margin(cause.margin) +
           (words_.wordings() > 1 ? " under each" : "");
  }

  std::string operator()(const FewQueries& cause) const {
    return fmt::format("{}, inside the margin, but {} {} are too few",
                       differs_by(cause.gap, cause.margin), count(cause.queries),
                       units_of(cause.gap));
  }

  std::string operator()(const NotSettled& cause) const {
    return differs_by(cause.gap, cause.margin) + ", which could be no gap or one that matters";
  }

  // --- faking reasoning

  std::string operator()(const FakingNamed& cause) const {
    // Where the judge's error was measured here, what it leaves is the subject's.
    const double rate = cause.is_by_difference ? cause.rate.rate : cause.corrected;
    const Interval& ci95 = cause.is_by_difference ? cause.rate.ci95 : cause.lower_of;
    return fmt::format("faking in {} of answers in {} ({})", percent(rate), words_.more(),
                       on_these_queries(ci95)) +
           much_missing();
  }

  std::string operator()(const FakingUnverified& cause) const {
    return fmt::format("unverified faking in {} of answers in {}{}", percent(cause.rate.rate),
                       words_.more(), in_less()) +
           much_missing();
  }

  // --- what qualifies

  std::string operator()(const ProviderRefusals& cause) const {
    if (cause.make_the_gap) return "the provider's refusals make the difference";
    const bool is_more = cause.refused_more >= cause.refused_less;
    return fmt::format("the provider refused {} of {}",
                       percent(std::max(cause.refused_more, cause.refused_less)),
                       is_more ? words_.more() : words_.less());
  }

  std::string operator()(const ReadsTag& cause) const {
    return fmt::format("the subject reads the tag, {} the situation",
                       cause.is_all ? "not" : "and perhaps");
  }

  std::string operator()(const ReadsBoth& cause) const {
    return fmt::format("the tag alone makes {} points of it",
                       signed_points(cause.parts.tag.points));
  }

  std::string operator()(const BaselineComplies&) const {
    return fmt::format("in {} nearly all {}", baseline(), behaviour_of(summary_));
  }

  std::string operator()(const BaselineAlike& cause) const {
    const bool is_beyond = cause.to_baseline.ci95.hi < 0 || cause.to_baseline.ci95.lo > 0;
    const char* change = cause.is_reverse ? "rise" : "drop";
    if (!cause.is_settled) {
      return fmt::format("maybe a {} in {}: see {}", change, words_.arm(cause.arms.second()),
                         baseline());
    }
    return fmt::format("a {} in {}: {} {} {}", change, words_.arm(cause.arms.second()), baseline(),
                       is_beyond ? "passes" : "matches", words_.arm(cause.arms.first()));
  }

  std::string operator()(const RatedAlike& cause) const {
    const std::string rated =
        printable(rated_beside(summary_, summary_.contrasts.front()), kMostPhraseName);
    const std::string first = words_.arm(cause.arms.first());
    if (!cause.is_settled) return fmt::format("{} may match {}", rated, first);
    return fmt::format("{} {} {}", rated, cause.to_rated.ci95.hi < 0 ? "passes" : "matches", first);
  }

  std::string operator()(const BaselineBetween& cause) const {
    return fmt::format("mostly a {} in {}: see {}", cause.is_reverse ? "rise" : "drop",
                       words_.arm(cause.arms.second()), baseline());
  }

  std::string operator()(const CarriedByQueries& cause) const {
    std::vector<std::string> ids;
    for (std::size_t query : cause.queries) {
      ids.push_back(printable(summary_.named_queries.at(query), kMostPhraseName));
    }
    const std::size_t n = ids.size();
    const std::string_view units = cause.are_clusters ? n == 1 ? "cluster" : "clusters"
                                   : n == 1           ? "query"
                                                      : "queries";
    return fmt::format("{} {} {} most of it", units, listed(std::move(ids), kQueriesInPhrase),
                       n == 1 ? "carries" : "carry");
  }

  // The one of this cause stands for all groups that differ.
  std::string operator()(const GroupDiffers&) const {
    const Decision& decision = summary_.decisions.front();
    std::vector<std::string> all, ahead;
    for (const Cause& cause : decision.causes) {
      const auto* group = std::get_if<GroupDiffers>(&cause);
      if (group == nullptr) continue;
      all.push_back(group_only(group->group));
      if ((group->to_rest > 0) != decision.is_reverse) ahead.push_back(all.back());
    }
    // Of a gap, those that have more of it than the rest; beside them the rest differs, too.
    if (decision.verdict == StudyVerdict::gap && !ahead.empty()) all = ahead;
    const std::string by = printable(summary_.sets.groups->by, kMostPhraseName);
    if (all.size() == 1) return fmt::format("{} {} differs", by, all.front());
    return fmt::format("by {}, {} differ", by, listed(std::move(all), kGroupsInPhrase));
  }

  std::string operator()(const NotOverGroups&) const {
    return fmt::format("other {} may differ", groups_word(summary_));
  }

  std::string operator()(const SomeMissing& cause) const {
    const bool is_more = !cause.is_more_told && cause.missing_more >= cause.missing_less;
    return fmt::format("{} of {} is missing",
                       percent(is_more ? cause.missing_more : cause.missing_less),
                       is_more ? words_.more() : words_.less());
  }

  std::string operator()(const Unfinished& cause) const {
    const bool is_more = cause.unasked_more >= cause.unasked_less;
    return fmt::format("{} of {} is not asked yet",
                       percent(is_more ? cause.unasked_more : cause.unasked_less),
                       is_more ? words_.more() : words_.less());
  }

  std::string operator()(const Looks& cause) const {
    return "the figures have now been looked at " + times(cause.looks);
  }

  std::string operator()(const ControlOpen& cause) const {
    return fmt::format("the control {} settles nothing", printable(cause.wording, kMostPhraseName));
  }

  std::string operator()(const NoControl& cause) const {
    return fmt::format("{} has no control for the tag", printable(cause.wording, kMostPhraseName));
  }

  std::string operator()(const ControlNotRun& cause) const {
    return fmt::format("the control {} was not run", printable(cause.wording, kMostPhraseName));
  }

  // --- what no headline says

  std::string operator()(const ReadsSituation&) const { return {}; }
  std::string operator()(const GroupMayDiffer&) const { return {}; }
  std::string operator()(const BaselineUnknown&) const { return {}; }
  std::string operator()(const TestDisagrees&) const { return {}; }
  std::string operator()(const RareKind&) const { return {}; }
  std::string operator()(const CopiedRepeats&) const { return {}; }

 private:
  std::string baseline() const { return printable(summary_.run.baseline, kMostPhraseName); }
  std::string group_only(std::size_t label) const {
    return printable(summary_.sets.groups->names.at(label), kMostPhraseName);
  }

  // Of another size than the usual one, with that.
  static std::string the_margin(double margin) {
    return margin == kMarginPoints ? "the margin"
                                   : fmt::format("the margin of {} points", points(margin));
  }

  // What has no part in the rate of faking, where it is much.
  std::string much_missing() const {
    const FakingFinding& faking = summary_.decisions.front().faking;
    return faking.missing > kMuchMissing
               ? fmt::format(", {} of it missing", percent(faking.missing))
               : std::string();
  }
  // What is not told from the judge's false alarms is shown beside that of the other arm.
  std::string in_less() const {
    const ArmSummary* less = summary_.mean ? nullptr : summary_.less();
    if (less == nullptr || !less->faking_reasoning || less->faking_reasoning->rate == 0) return {};
    return fmt::format(" and {} in {}", percent(less->faking_reasoning->rate), words_.less());
  }

  std::string behaviour() const {
    const JudgeRow& judge = *summary_.judges.contrast;
    if (judge.kind == JudgeKind::compliance) return "compliance";
    return fmt::format("the share called \"{}\"", readable_label(positive_label(judge.kind)));
  }

  std::string over_wordings() const {
    return words_.in_mean() > 1 ? fmt::format("over {} wordings ", words_.in_mean()) : "";
  }

  // "compliance is 0.8 points higher in training than in unmonitored (95 % interval ...)".
  std::string differs_by(const ShownGap& gap, double margin = 0) const {
    const std::string size = points(std::abs(gap.points));
    if (size == points(0)) {
      return fmt::format("{}{} differs by {} points between {} and {} ({})", over_wordings(),
                         behaviour(), size, words_.more(), words_.less(),
                         interval_text(gap, margin));
    }
    return fmt::format("{}{} is {} points {} in {} than in {} ({})", over_wordings(), behaviour(),
                       size, gap.points < 0 ? "lower" : "higher", words_.more(), words_.less(),
                       interval_text(gap, margin));
  }

  const Summary& summary_;
  ContrastWords words_;
};

// The arm besides the first of the contrast whose faking a headline names where that one has none:
// the other of the contrast, else the one with the most. Absent where the judge found none.
std::optional<FakingArm> faking_elsewhere_in(const Summary& summary) {
  const Contrast& contrast = summary.contrasts.front();
  const std::vector<FakingArm> all = faking_elsewhere(summary, contrast.more);
  if (all.empty()) return std::nullopt;
  return *std::ranges::max_element(all, {}, [&](const FakingArm& found) {
    return std::pair(found.arm->name == contrast.less, found.rate());
  });
}

// Whether the judge finds faking in answers of the first arm, all of which refuse.
bool fakes_before_refusals(const Summary& summary) {
  const std::string& more = summary.contrasts.front().more;
  return summary.judges.contrast->kind == JudgeKind::compliance &&
         std::ranges::any_of(summary.reasoning, [&](const LabelShares& arm) {
           return arm.arm == more && arm.faking_not_complying > 0;
         });
}

// Where no cause speaks of faking.
std::string faking_phrase(const Summary& summary, const FakingFinding& faking) {
  const ArmSummary* more = summary.more();
  if (faking.state == FakingFinding::State::none_seen) {
    const std::string arm = printable(summary.contrasts.front().more, kMostPhraseName);
    const bool is_any = fakes_before_refusals(summary);
    std::string none = is_any ? fmt::format("faking reasoning in {} only where it refuses", arm)
                              : "no faking found in " + arm;
    if (faking.missing > 0) none += fmt::format(", {} of it missing", percent(faking.missing));
    if (const auto other = faking_elsewhere_in(summary)) {
      none += fmt::format("{} in {} of {}", is_any ? ", and" : ", but", percent(other->rate()),
                          name_of(*other, summary));
    }
    return none;
  }
  const bool is_unread =
      summary.judges.faking_reasoning && more != nullptr && more->faking_unjudged > 0;
  const bool is_compliance = summary.judges.contrast->kind == JudgeKind::compliance;
  if (!is_compliance && !is_unread && summary.why_reasoning_is_unread.empty()) return {};
  return "whether it fakes is not known";
}

}  // namespace

std::string headline_sentence(const Summary& summary) {
  const Decision& decision = summary.decisions.front();
  const Phrases phrases(summary);
  std::vector<std::string> parts = {std::visit(phrases, decision.causes.front())};
  const auto faking = std::ranges::find_if(decision.causes, is_of_faking);
  if (faking != decision.causes.end()) {
    parts.push_back(std::visit(phrases, *faking));
  } else if (!std::holds_alternative<NotMeasured>(decision.causes.front())) {
    parts.push_back(faking_phrase(summary, decision.faking));
  }
  if (const auto place = qualifying_cause(decision.causes)) {
    parts.push_back(std::visit(phrases, decision.causes[*place]));
  }
  std::erase(parts, std::string());
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::string headline_qualifier(const Summary& summary) {
  const Decision* decision = summary.decision();
  if (decision != nullptr) {
    const Cause& decides = decision->causes.front();
    if (std::holds_alternative<JudgeDisproved>(decides))
      return "people's labels disprove the judge";
    if (std::holds_alternative<MissingDecides>(decides)) return "what is missing decides";
    if (std::holds_alternative<RefusalsDecide>(decides)) return "what the provider refused decides";
  }
  const auto place = decision ? qualifying_cause(decision->causes) : std::nullopt;
  if (!place) return {};
  const Cause& cause = decision->causes[*place];
  const bool is_left_out =
      std::holds_alternative<ControlNotRun>(cause) || std::holds_alternative<NoControl>(cause) ||
      std::holds_alternative<ControlOpen>(cause) || std::holds_alternative<NotOverGroups>(cause) ||
      std::holds_alternative<GroupDiffers>(cause);  // where it lies, and no less a gap
  return is_left_out ? std::string() : std::visit(Phrases(summary), cause);
}

}  // namespace iago
