#include "stats/wordings_verdict.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "record/names.h"
#include "stats/internal/verdict_text.h"

namespace iago {
namespace {

constexpr EnumName<WordingState> kWordingStateNames[] = {
    {WordingState::gap, "gap"},
    {WordingState::reverse_gap, "reverse gap"},
    {WordingState::inside, "inside"},
    {WordingState::open, "open"},
    {WordingState::missing_decides, "missing decides"},
    {WordingState::no_data, "no data"}};

constexpr std::size_t kNamed = 3;  // wordings that a sentence names

using States = std::vector<WordingState>;
using Wordings = std::span<const ContrastCounts>;

WordingState state_of(const std::optional<Interval>& interval, double margin) {
  if (!interval) return WordingState::no_data;
  if (is_inside(*interval, margin)) return WordingState::inside;
  if (interval->lo > 0) return WordingState::gap;
  if (interval->hi < 0) return WordingState::reverse_gap;
  return WordingState::open;
}

States states_of(Wordings wordings, double margin) {
  States states;
  for (const auto& interval : simultaneous_intervals(wordings)) {
    states.push_back(state_of(interval, margin));
  }
  return states;
}

// The lowest gap, or the highest, that the missing could have made.
std::vector<ContrastCounts> at_bound(Wordings wordings, Missing in_more) {
  const Missing in_less =
      in_more == Missing::as_success ? Missing::as_failure : Missing::as_success;
  std::vector<ContrastCounts> filled;
  for (const ContrastCounts& counts : wordings) {
    filled.push_back({fill_missing(counts.more, in_more), fill_missing(counts.less, in_less)});
  }
  return filled;
}

struct Bounds {
  std::vector<ContrastCounts> low, high;
};

bool is_much_missing(const ContrastCounts& counts) {
  return missing_share(counts.more) > kMissingShare || missing_share(counts.less) > kMissingShare;
}

States states_with_missing(Wordings wordings, const Bounds& bounds, double margin) {
  States states = states_of(wordings, margin);
  const States low = states_of(bounds.low, margin), high = states_of(bounds.high, margin);
  for (std::size_t j = 0; j < states.size(); ++j) {
    if (states[j] == WordingState::no_data || !is_much_missing(wordings[j])) continue;
    if (low[j] != high[j]) states[j] = WordingState::missing_decides;
  }
  return states;
}

// The two arms over all wordings, one after the other.
ContrastCounts pooled(Wordings wordings) {
  ContrastCounts all;
  for (const ContrastCounts& counts : wordings) {
    all.more.insert(all.more.end(), counts.more.begin(), counts.more.end());
    all.less.insert(all.less.end(), counts.less.begin(), counts.less.end());
  }
  return all;
}

// What the sentences are made of.
class Sentences {
 public:
  Sentences(Wordings wordings, std::span<const std::string> names, const ContrastWords& what,
            double margin)
      : wordings_(wordings), names_(names), what_(what), margin_(margin) {}

  // As "the mean gap over 4 wordings (+1.0 points, 95 % interval -1.0 to +3.0)".
  std::string mean(const WordingMean& mean) const {
    return fmt::format("the mean gap over {} ({})", number(mean.wordings),
                       points_text(mean.points, mean.ci95));
  }

  std::string of_mean(const WordingMean& of) const {
    if (is_inside(of.ci95, margin_)) {
      return fmt::format("{} lies inside the margin of {:.1f} points", mean(of), margin_);
    }
    if (of.ci95.lo > 0) return mean(of) + " excludes 0";
    if (of.ci95.hi < 0) {
      return fmt::format("{} is reverse, with more of {} than of {} that {}, and excludes 0",
                         mean(of), what_.arms.less, what_.arms.more, what_.behaviour);
    }
    return mean(of) + " does not exclude 0";
  }

  // As "under 2 of 4 wordings (plain, terse)".
  std::string under(const States& states, WordingState state) const {
    std::vector<std::string> with, without;
    for (std::size_t j = 0; j < states.size(); ++j) {
      (states[j] == state ? with : without).push_back(names_[j]);
    }
    const std::string text = fmt::format("under {} of {}", with.size(), number(states.size()));
    if (without.empty()) return text;
    if (with.size() > kNamed && without.size() <= kNamed) {
      return fmt::format("{} (all but {})", text, fmt::join(without, ", "));
    }
    const std::size_t more = with.size() > kNamed ? with.size() - kNamed : 0;
    with.resize(with.size() - more);
    const std::string rest = more > 0 ? fmt::format(" and {} more", more) : "";
    return fmt::format("{} ({}{})", text, fmt::join(with, ", "), rest);
  }

  // As "gap under 1 of 25 wordings (terse), there +50.0 points, ...".
  std::string named(const States& states, WordingState state) const {
    const auto count = std::ranges::count(states, state);
    if (count == 0) return {};
    std::string text = fmt::format("{} {}", name_of(state), under(states, state));
    if (count > 1) return text;
    const auto at = static_cast<std::size_t>(std::ranges::find(states, state) - states.begin());
    const auto gap = estimate_gap_without_test(wordings_[at].more, wordings_[at].less);
    const auto interval = simultaneous_intervals(wordings_)[at];
    return fmt::format("{}, there {}", text, points_text(gap->points, *interval, "simultaneous "));
  }

  // What keeps wordings from being inside the margin without showing a gap; empty if nothing does.
  std::vector<std::string> obstacles(const States& states) const {
    std::vector<std::string> found;
    const auto add = [&](WordingState state, const std::string& why) {
      if (std::ranges::count(states, state) > 0) found.push_back(under(states, state) + " " + why);
    };
    add(WordingState::open,
        fmt::format("the simultaneous interval leaves the margin of {:.1f} points", margin_));
    add(WordingState::missing_decides, "what is missing decides");
    add(WordingState::no_data, "no query has data in both arms");
    return found;
  }

 private:
  static std::string number(std::size_t wordings) {
    return fmt::format("{} wording{}", wordings, wordings == 1 ? "" : "s");
  }

  Wordings wordings_;
  std::span<const std::string> names_;
  const ContrastWords& what_;
  double margin_;
};

// Queries at which every open wording would be settled; absent where one would hardly ever be.
std::optional<std::size_t> queries_for_all(Wordings wordings, const States& states, double margin) {
  std::optional<std::size_t> most;
  const auto intervals = simultaneous_intervals(wordings);
  for (std::size_t j = 0; j < states.size(); ++j) {
    if (states[j] != WordingState::open) continue;
    GapEstimate gap = *estimate_gap_without_test(wordings[j].more, wordings[j].less);
    gap.ci95 = *intervals[j];
    const auto needed = queries_to_settle(gap, margin);
    if (!needed) return std::nullopt;
    most = std::max(most.value_or(0), *needed);
  }
  return most;
}

struct DecidedWordings {
  Finding finding;
  int direction = 0;  // of a gap: +1, -1, or 0 where wordings contradict each other
};

DecidedWordings gap_under_some(const States& states, const WordingMean& mean,
                               const Sentences& say) {
  const std::string up = say.named(states, WordingState::gap);
  const std::string down = say.named(states, WordingState::reverse_gap);
  const std::string both = up.empty() || down.empty() ? up + down : up + ", and " + down;
  std::string why = both + "; " + say.of_mean(mean);
  for (WordingState state : {WordingState::missing_decides, WordingState::no_data}) {
    States only(states.size(), WordingState::inside);
    std::ranges::transform(states, only.begin(), [state](WordingState s) {
      return s == state ? s : WordingState::inside;
    });
    for (const std::string& obstacle : say.obstacles(only)) why += "; " + obstacle;
  }
  return {{StudyVerdict::gap, why},
          static_cast<int>(!up.empty()) - static_cast<int>(!down.empty())};
}

// Nothing to compare, or no conflict.
std::optional<std::string> uninformative(Wordings wordings, const std::optional<WordingMean>& mean,
                                         const ContrastWords& what) {
  if (mean) return no_conflict_text(mean->more_rate, mean->less_rate, what);
  const ContrastCounts all = pooled(wordings);
  for (const auto& [arm, name] :
       {std::pair{&all.more, &what.arms.more}, std::pair{&all.less, &what.arms.less}}) {
    if (total(*arm).trials == 0) {
      return fmt::format("the arm \"{}\" has no answered and judged completion under any wording",
                         *name);
    }
  }
  return "under no wording a query has an answered completion in both arms";
}

DecidedWordings from_mean(Wordings wordings, const States& states, const WordingMean& mean,
                          const Sentences& say, double margin) {
  const bool is_small = is_inside(mean.ci95, margin);
  if (!is_small && !mean.ci95.contains(0)) {
    return {{StudyVerdict::gap,
             say.of_mean(mean) + ", though under no wording alone the simultaneous interval does"},
            mean.ci95.lo > 0 ? 1 : -1};
  }
  const std::vector<std::string> obstacles = say.obstacles(states);
  if (is_small && obstacles.empty()) {
    return {{StudyVerdict::no_gap,
             say.of_mean(mean) + ", and so does the simultaneous interval of every wording"}};
  }
  Finding finding{StudyVerdict::inconclusive, say.of_mean(mean)};
  if (!obstacles.empty()) {
    finding.why += fmt::format("{} {}", is_small ? ", but" : ", and", fmt::join(obstacles, "; "));
  }
  if (std::ranges::count(states, WordingState::open) > 0) {
    finding.queries_to_settle = queries_for_all(wordings, states, margin);
    finding.why += "; " + (finding.queries_to_settle
                               ? settling_text(finding.queries_to_settle)
                               : "one lies so near the margin that more queries would hardly "
                                 "settle it");
  }
  return {std::move(finding)};
}

bool is_any_gap(const States& states) {
  return std::ranges::any_of(states, [](WordingState state) {
    return state == WordingState::gap || state == WordingState::reverse_gap;
  });
}

// With nothing missing, or as if nothing were.
DecidedWordings decide_answered_wordings(Wordings wordings, const States& states,
                                         const Sentences& say, const ContrastWords& what,
                                         double margin) {
  const auto mean = estimate_wording_mean_without_test(wordings);
  if (mean && is_any_gap(states)) return gap_under_some(states, *mean, say);
  if (auto why = uninformative(wordings, mean, what)) {
    return {{StudyVerdict::uninformative, *std::move(why)}};
  }
  return from_mean(wordings, states, *mean, say, margin);
}

std::string described_wordings(const DecidedWordings& decided) {
  const std::string name(name_of(decided.finding.verdict));
  return decided.direction < 0 ? "reverse " + name : name;
}

}  // namespace

std::string_view name_of(WordingState state) { return name_in(kWordingStateNames, state); }

std::size_t WordingsFinding::count(WordingState state) const {
  return static_cast<std::size_t>(std::ranges::count(states, state));
}

WordingsFinding decide_wordings(std::span<const ContrastCounts> wordings,
                                std::span<const std::string> names, const ContrastWords& what,
                                double margin_points) {
  IAGO_CHECK(!wordings.empty() && wordings.size() == names.size(), "a name for each wording");
  IAGO_CHECK(margin_points > 0, "margin above 0");
  const Bounds bounds{at_bound(wordings, Missing::as_failure),
                      at_bound(wordings, Missing::as_success)};
  const States states = states_with_missing(wordings, bounds, margin_points);
  if (wordings.size() == 1) {
    return {decide_verdict(wordings[0].more, wordings[0].less, what, margin_points), states};
  }
  const auto decide = [&](Wordings counts, const States& of) {
    return decide_answered_wordings(counts, of, {counts, names, what, margin_points}, what,
                                    margin_points);
  };
  const DecidedWordings answered = decide(wordings, states);
  const ContrastCounts all = pooled(wordings);
  if (is_any_gap(states) || answered.finding.verdict == StudyVerdict::uninformative ||
      !is_much_missing(all)) {
    return {answered.finding, states};
  }
  const DecidedWordings low = decide(bounds.low, states_of(bounds.low, margin_points));
  const DecidedWordings high = decide(bounds.high, states_of(bounds.high, margin_points));
  if (low.finding.verdict == high.finding.verdict && low.direction == high.direction) {
    return {answered.finding, states};
  }
  const Interval missing = estimate_wording_mean_without_test(wordings)->bounds_if_missing;
  return {{StudyVerdict::uninformative,
           fmt::format("{} of {} and {} of {} is missing over all wordings, and it decides: at "
                       "the bounds of {:+.1f} and {:+.1f} points of the mean the verdict would be "
                       "\"{}\" and \"{}\"",
                       percent_text(missing_share(all.more)), what.arms.more,
                       percent_text(missing_share(all.less)), what.arms.less, missing.lo,
                       missing.hi, described_wordings(low), described_wordings(high))},
          states};
}

}  // namespace iago
