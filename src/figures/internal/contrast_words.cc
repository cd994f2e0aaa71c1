#include "figures/internal/contrast_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "figures/cause_sentence.h"
#include "figures/figure_text.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kMostArmName = 40;       // of an arm
constexpr std::size_t kMostWordingName = 300;  // a wording's name may have many parts
constexpr std::size_t kNamedWordings = 3;      // wordings that a sentence names

}  // namespace

ContrastWords::ContrastWords(const Summary& summary, std::size_t place)
    : summary_(summary), contrast_(summary.contrasts.at(place)) {
  for (const WordingSummary& wording : summary.wordings) {
    if (!wording.is_in_mean || wording.arm(contrast_.more) == nullptr ||
        wording.arm(contrast_.less) == nullptr) {
      continue;
    }
    wordings_.push_back(printable(wording.wording.name, kMostWordingName));
  }
}

std::string ContrastWords::more() const { return printable(contrast_.more, kMostArmName); }
std::string ContrastWords::less() const { return printable(contrast_.less, kMostArmName); }

std::string ContrastWords::arm(ArmOfContrast which) const {
  return which == ArmOfContrast::more ? more() : less();
}

std::string ContrastWords::where(const NotMeasured& cause, std::string_view both) const {
  return cause.arm ? fmt::format("the arm {}", arm(*cause.arm)) : std::string(both);
}

std::string ContrastWords::the_gap(const ShownGap& gap) const {
  const std::string over = wordings_.size() > 1
                               ? fmt::format("the mean gap over {} wordings", wordings_.size())
                               : std::string("the gap");
  return fmt::format("{} ({})", over, gap_text(gap));
}

std::string ContrastWords::under(const std::vector<std::size_t>& places) const {
  std::vector<std::string> with, without = wordings_;
  for (std::size_t i = places.size(); i-- > 0;) {
    with.insert(with.begin(), wordings_.at(places[i]));
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(places[i]));
  }
  const std::string text = fmt::format("under {} of {} wordings", with.size(), wordings_.size());
  if (without.empty()) return text;
  if (with.size() > kNamedWordings && without.size() <= kNamedWordings) {
    return fmt::format("{} (all but {})", text, fmt::join(without, ", "));
  }
  const std::size_t more = with.size() > kNamedWordings ? with.size() - kNamedWordings : 0;
  with.resize(with.size() - more);
  const std::string rest = more > 0 ? fmt::format(" and {} more", more) : "";
  return fmt::format("{} ({}{})", text, fmt::join(with, ", "), rest);
}

std::string signed_points(double x) {
  const std::string text = points(x);
  return x > 0 && text != "0.0" ? "+" + text : text;
}

std::string signed_interval(const Interval& interval) {
  return fmt::format("{} to {}", signed_points(interval.lo), signed_points(interval.hi));
}

std::string units_of(const ShownGap& gap) {
  return gap.population == Population::queries_like_these ? "queries" : "clusters";
}

std::string came_out(const ArmTally& tally) {
  struct Kind {
    std::size_t n;
    const char *one, *many;
  };
  const Kind kinds[] = {
      {tally.open, "is open", "are open"},
      {tally.truncated, "was cut off", "were cut off"},
      {tally.empty, "is empty", "are empty"},
      {tally.refused_by_provider, "was refused by the provider", "were refused by the provider"},
      {tally.invalid, "is of an invalid form", "are of an invalid form"},
      {tally.unclear, "is unclear to the judge", "are unclear to the judge"},
      {tally.unjudged(), "is not judged", "are not judged"}};
  const char* nouns = tally.open > 0 ? "trials" : "replies";  // what is open has no reply
  std::vector<std::string> parts;
  for (const Kind& kind : kinds) {
    if (kind.n == 0) continue;
    if (kind.n == tally.trials) {
      if (kind.n == 1) return fmt::format("the only one {}", kind.one);
      return kind.n == 2 ? fmt::format("both {} {}", nouns, kind.many)
                         : fmt::format("all {} {} {}", count(kind.n), nouns, kind.many);
    }
    parts.push_back(fmt::format("{} {}", count(kind.n), kind.n == 1 ? kind.one : kind.many));
  }
  if (parts.empty()) return {};
  const std::string last = parts.back();
  parts.pop_back();
  return fmt::format("of {} {} {}{}{}", count(tally.trials), nouns, fmt::join(parts, ", "),
                     parts.empty() ? "" : " and ", last);
}

}  // namespace iago
