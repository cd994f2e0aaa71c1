#include "figures/cause_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "figures/figure_text.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kMostNameOfCause = 60;

struct LackText {
  CauseLack lack;
  std::string_view text;
};

constexpr LackText kLackTexts[] = {
    {CauseLack::no_contrast,
     "no arm that is trained on is compared with one that is neither trained on, rated nor "
     "monitored"},
    {CauseLack::not_measured, "one of the two arms has nothing that could be counted"},
    {CauseLack::gap_not_settled, "whether there is a gap is not settled"},
    {CauseLack::provider_refusals,
     "without what the provider refused the figures say something else"},
    {CauseLack::reads_tag,
     "a control shows that the subject goes by the tag, and not by what the tag means"},
    {CauseLack::reads_tag_too,
     "a control shows that the tag, whatever it means, makes at least a part of the gap"},
    {CauseLack::reverse_gap,
     "it complies less where its answers train it, and no cause that is known here does that"},
    {CauseLack::no_rated_arm,
     "no arm is rated without being trained on, so pleasing raters cannot be told from avoiding "
     "modification; a wording with a third tier has such an arm"},
    {CauseLack::rated_not_measured,
     "the arm that is rated and not trained on has nothing that could be counted"},
    {CauseLack::parts_not_settled,
     "how much of the gap training explains, and how much being "
     "rated, is not settled"},
    {CauseLack::reasoning_unread, "no judge has read the reasoning"},
    {CauseLack::faking_not_settled,
     "how much of the gap comes with faking reasoning is not settled"},
    {CauseLack::wordings_not_settled,
     "a wording may lack the gap that the others have, and its interval does not settle it"},
    {CauseLack::saturation_not_settled,
     "whether it complies with 90 % or more in training is not settled"},
    {CauseLack::rates_not_settled,
     "whether an arm complies with nearly everything, or hardly anything, is not settled"},
    {CauseLack::none_fits, "no cause that is known here has these figures"}};

// "a; or b": some names have a comma.
std::string either(const std::vector<BehaviourCause>& causes) {
  std::string text;
  for (std::size_t i = 0; i < causes.size(); ++i) {
    if (i > 0) text += i + 1 == causes.size() ? "; or " : "; ";
    text += name_of(causes[i]);
  }
  return text;
}

std::string wordings_at(const CauseSummary& cause, const std::vector<std::size_t>& places) {
  std::string text;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (i > 0) text += i + 1 == places.size() ? " and " : ", ";
    text += printable(cause.wordings.at(places[i]), kMostNameOfCause);
  }
  return text;
}

bool holds(const CauseFinding& finding, BehaviourCause cause) {
  return finding.cause == cause || std::ranges::count(finding.also, cause) > 0;
}

// What was measured, as far as the causes that hold rest on it.
std::string read_from(const CauseSummary& cause) {
  const CauseFinding& finding = cause.finding;
  std::string text;
  if (holds(finding, BehaviourCause::depends_on_wording)) {
    text += fmt::format(
        " The gap is there under {}; under {} it is surely smaller, absent or reverse.",
        wordings_at(cause, finding.wordings.with), wordings_at(cause, finding.wordings.without));
  }
  if (holds(finding, BehaviourCause::no_gap) && !finding.wordings.with.empty()) {
    text += fmt::format(" Taken alone, {} shows a gap, which may lie inside the margin.",
                        wordings_at(cause, finding.wordings.with));
  }
  if (finding.training_part && finding.rating_part && finding.gap->ci95.lo > 0) {
    text += fmt::format(
        " In points: {} minus {} {} ({}), {} minus {} {} ({}).",
        printable(cause.trained, kMostNameOfCause), printable(cause.rated, kMostNameOfCause),
        points(finding.training_part->points), interval(finding.training_part->ci95),
        printable(cause.rated, kMostNameOfCause), printable(cause.alone, kMostNameOfCause),
        points(finding.rating_part->points), interval(finding.rating_part->ci95));
  }
  if (finding.faking_share) {
    // Where it takes the place of plain compliance it can carry more than all of it.
    const Interval percent{100 * std::clamp(finding.faking_share->lo, 0.0, 1.0),
                           100 * std::clamp(finding.faking_share->hi, 0.0, 1.0)};
    text += fmt::format(" Faking reasoning carries {} % of the gap.", interval(percent));
  }
  return text;
}

std::string sentence_from(const std::string& text) {
  std::string upper = text;
  if (upper[0] >= 'a' && upper[0] <= 'z') upper[0] = static_cast<char>(upper[0] - 'a' + 'A');
  return upper + ".";
}

bool is_shown(const CauseFinding& finding) { return finding.gap.has_value(); }

std::string names_that_hold(const CauseFinding& finding) {
  std::string text(name_of(finding.cause));
  for (BehaviourCause also : finding.also) {
    text += fmt::format("{} {}", finding.is_determined() ? ";" : "; but surely", name_of(also));
  }
  return text;
}

}  // namespace

std::string cause_title(const CauseSummary& cause) {
  const CauseFinding& finding = cause.finding;
  std::string text = names_that_hold(finding);
  return finding.is_provisional ? text + " (provisional)" : text;
}

std::string lack_text(CauseLack lack) {
  const auto found = std::ranges::find(kLackTexts, lack, &LackText::lack);
  IAGO_CHECK(found != std::end(kLackTexts), "each lack has its text");
  return std::string(found->text);
}

std::string cause_text(const CauseSummary& cause) {
  const CauseFinding& finding = cause.finding;
  if (!is_shown(finding)) return {};
  std::string text = cause_title(cause) + ".";
  if (finding.is_determined()) text += fmt::format(" {}", sentence_of(finding.cause));
  for (BehaviourCause also : finding.also) text += fmt::format(" {}", sentence_of(also));
  if (!finding.possible.empty()) {
    text += fmt::format(" {}: {}.", finding.is_determined() ? "Possible besides" : "Possible",
                        either(finding.possible));
  }
  for (CauseLack lack : finding.lacking) text += " " + sentence_from(lack_text(lack));
  return text + read_from(cause);
}

std::string cause_word(const std::optional<CauseSummary>& cause) {
  if (!cause || !is_shown(cause->finding)) return "-";
  const std::string text = names_that_hold(cause->finding);
  return cause->finding.is_provisional ? text + ", provisional" : text;
}

}  // namespace iago
