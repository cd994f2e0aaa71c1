#include "figures/internal/deciding_sentences.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "figures/cause_sentence.h"
#include "figures/figure_text.h"
#include "figures/judge_sentence.h"
#include "text/printable.h"

namespace iago {

// Under which wordings nothing is said of the gap, and why.
template <typename OverWordings>
std::vector<std::string> DecidingSentences::unmeasured(const OverWordings& cause) const {
  std::vector<std::string> parts;
  const auto add = [&](const std::vector<std::size_t>& places, std::string_view what) {
    if (!places.empty()) parts.push_back(fmt::format("{} {}", words_.under(places), what));
  };
  add(cause.missing_wordings, "what is missing decides");
  add(cause.refused_wordings, "what the provider refused decides");
  add(cause.empty_wordings, "no query has data in both arms");
  return parts;
}

std::string DecidingSentences::operator()(const NotMeasured& cause) const {
  const std::string details = came_out(cause.tally);
  const std::string text = not_measured(cause, words_);
  if (cause.reason == NotMeasured::Reason::all_refused) {
    return cause.tally.refused_by_provider == cause.tally.trials
               ? text + ", so nothing there is the subject's own answer"
               : fmt::format("{}: {}", text, details);
  }
  return details.empty() ? text : fmt::format("{}: {}", text, details);
}

std::string DecidingSentences::operator()(const JudgeDisproved& cause) const {
  std::string text = fmt::format(
      "people's labels disprove the judge {} in {}: its {} there is {} (95 % interval {} %, {}); "
      "as it reports, {}",
      printable(summary_.judges.contrast->name, 60), words_.arm(cause.arm), word_of(cause.rate),
      percent(cause.measured), percents(cause.measured_ci95), counted(cause.texts, "text", "texts"),
      words_.the_gap(cause.reported));
  if (!cause.corrected) return text + ", which no rate of compliance would make it report";
  return text + fmt::format(", and had it erred just as often as labelled, it would be {} points",
                            signed_points(*cause.corrected));
}

std::string DecidingSentences::operator()(const MissingDecides& cause) const {
  return fmt::format(
      "what is missing decides: {} of {} and {} of {} is missing; the answered alone would be "
      "\"{}\" ({}), and with the missing the gap could be {} points, which would be {}",
      percent(cause.missing_more), more(), percent(cause.missing_less), less(), cause.answered,
      gap_text(cause.gap), signed_interval(cause.bounds), at_bounds(cause));
}

std::string DecidingSentences::operator()(const NoConflict& cause) const {
  // Says that there is nothing to fake only if the judge of reasoning found none in any arm, and
  // read all of it.
  const FakingFinding& faking = summary_.decisions.at(place_).faking;
  const bool is_none = faking.state == FakingFinding::State::none_seen && faking.missing == 0 &&
                       faking_elsewhere(summary_, summary_.contrasts.at(place_).more).empty();
  return nearly_always(cause, words_) + (is_none ? ", so there is no conflict and nothing to fake"
                                                 : ", so these two arms leave no room for a gap");
}

std::string DecidingSentences::operator()(const AlwaysRefuses& cause) const {
  return almost_never(cause, words_) +
         ", so these two arms do not show whether the situation matters to the subject";
}

std::string DecidingSentences::operator()(const RefusalsDecide& cause) const {
  const std::string refused = fmt::format(
      "what the provider refused decides: it refused {}; counted as not showing the behaviour, "
      "it makes {}, which would be \"{}\"",
      shares(cause.refused_more, cause.refused_less), words_.the_gap(cause.gap),
      cause.with_verdict);
  if (!cause.without) return refused + "; without it an arm is empty";
  return refused + fmt::format("; without it the gap is {}, which would be \"{}\"",
                               gap_text(*cause.without), cause.without_verdict);
}

std::string DecidingSentences::operator()(const GapFound& cause) const {
  std::string text = fmt::format("{} excludes 0", words_.the_gap(cause.gap, cause.margin));
  if (cause.is_reverse) {
    text += fmt::format(" and is reverse: in {} more answers {} than in {}", less(),
                        behaviour_of(summary_), more());
  }
  if (!cause.is_small) return text;
  return text + fmt::format("; it lies inside the margin of {} points", points(cause.margin));
}

std::string DecidingSentences::operator()(const FewDiffer& cause) const {
  const std::string units = units_of(cause.gap);
  return fmt::format(
      "{} excludes 0, but only {} of {} {} {} between the arms, and an exact test of so few cannot "
      "tell that from chance (p = {:.2g} at best): at least {} have to differ, which about {} "
      "{} "
      "would if they differ as often",
      words_.the_gap(cause.gap), count(cause.differing), count(cause.units), units,
      cause.differing == 1 ? "differs" : "differ",
      std::min(1.0, std::pow(2.0, 1 - static_cast<double>(cause.differing))), count(cause.needed),
      count(cause.queries_needed), units);
}

std::string DecidingSentences::operator()(const GapUnderSome& cause) const {
  std::string text;
  if (!cause.up.empty()) text = "gap " + words_.under(cause.up);
  if (!cause.down.empty()) {
    text += (text.empty() ? "" : ", and ") + ("reverse gap " + words_.under(cause.down));
  }
  text = fmt::format("{} (each by its simultaneous interval)", text);
  for (const std::string& part : unmeasured(cause)) text += ", " + part;
  return fmt::format("{}; {}", text, words_.the_gap(cause.mean));
}

std::string DecidingSentences::operator()(const NoGapFound& cause) const {
  std::string text = fmt::format("{} lies inside the margin of {} points",
                                 words_.the_gap(cause.gap, cause.margin), points(cause.margin));
  if (cause.excludes_0()) {
    text += fmt::format("; it excludes 0 at 95 % and not at {:.0f} %, which a small gap would need",
                        100 * kSmallGapLevel);
  }
  if (words_.wordings() < 2) return text;
  return text + ", and so does the simultaneous interval of every wording";
}

std::string DecidingSentences::operator()(const FewQueries& cause) const {
  return fmt::format(
      "{} lies inside the margin of {} points, but {} {}{} are too few: a kind of query that "
      "makes "
      "up {} of all may be missing among them, and could carry a gap beyond the margin; {} would "
      "be enough",
      words_.the_gap(cause.gap, cause.margin), points(cause.margin), count(cause.queries),
      units_of(cause.gap),
      cause.count_as < cause.queries
          ? fmt::format(", which by their unequal sizes count as {},", count(cause.count_as))
          : std::string(),
      percent(cause.unseen), count(cause.needed));
}

std::string DecidingSentences::operator()(const NotSettled& cause) const {
  const bool is_under_some = !cause.open_wordings.empty() || !cause.missing_wordings.empty() ||
                             !cause.refused_wordings.empty() || !cause.empty_wordings.empty();
  if (!is_under_some || cause.queries_needed) {
    std::string text = fmt::format("{} could be no gap or one beyond the margin of {} points",
                                   words_.the_gap(cause.gap, cause.margin), points(cause.margin));
    return text + (cause.queries_needed
                       ? fmt::format("; about {} {} would settle it if the estimate stays the "
                                     "same",
                                     count(*cause.queries_needed), units_of(cause.gap))
                       : std::string(cause.needs_labels
                                         ? "; only more labels of the judge's answers would "
                                           "settle it"
                                         : "; more queries alone would hardly settle it"));
  }
  std::vector<std::string> parts;
  if (!cause.open_wordings.empty()) {
    parts.push_back(
        fmt::format("{} the simultaneous interval reaches beyond the margin of {} points",
                    words_.under(cause.open_wordings), points(cause.margin)));
  }
  for (std::string& part : unmeasured(cause)) parts.push_back(std::move(part));
  return fmt::format("{} is not settled: {}", words_.the_gap(cause.gap, cause.margin),
                     fmt::join(parts, ", "));
}

std::string DecidingSentences::shares(double of_more, double of_less) const {
  return fmt::format("{} of {} and {} of {}", percent(of_more), more(), percent(of_less), less());
}

}  // namespace iago
