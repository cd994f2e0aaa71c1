#include "figures/internal/contrast_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>

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
    const bool has_gap =
        place >= wording.contrasts.size() || wording.contrasts[place].gap.has_value();
    in_mean_ += has_gap ? 1 : 0;
  }
  in_mean_ = std::max<std::size_t>(in_mean_, 1);
}

std::string ContrastWords::more() const { return printable(contrast_.more, kMostArmName); }
std::string ContrastWords::less() const { return printable(contrast_.less, kMostArmName); }

std::string ContrastWords::arm(ArmOfContrast which) const {
  return which == ArmOfContrast::more ? more() : less();
}

std::string ContrastWords::where(const NotMeasured& cause, std::string_view both) const {
  return cause.arm ? fmt::format("the arm {}", arm(*cause.arm)) : std::string(both);
}

std::string ContrastWords::reference_lacks(const NotMeasured& cause) const {
  const ArmOfContrast which = cause.arm.value_or(ArmOfContrast::more);
  const std::string& name = which == ArmOfContrast::more ? contrast_.more : contrast_.less;
  if (summary_.reference().arm(name) != nullptr) return {};
  std::string text =
      fmt::format("the wording {} has no arm {}",
                  printable(summary_.reference().wording.name, kMostWordingName), arm(which));
  const auto found = std::ranges::find_if(summary_.wordings, [&](const WordingSummary& wording) {
    return wording.arm(name) != nullptr;
  });
  if (found == summary_.wordings.end()) return text;
  const std::string other = printable(found->wording.name, kMostWordingName);
  return text + fmt::format(", which {} has (--reference {})", other, other);
}

std::string ContrastWords::the_gap(const ShownGap& gap, double margin) const {
  const std::string over = in_mean_ > 1 ? fmt::format("the mean gap over {} wordings", in_mean_)
                                        : std::string("the gap");
  return fmt::format("{} ({})", over, gap_text(gap, margin));
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

namespace {

// As many decimals as leave x on its side of every mark.
std::string telling_end(double x, std::initializer_list<double> marks, bool is_signed) {
  constexpr int kMostDecimals = 6;
  const auto side = [](double value, double mark) { return (value > mark) - (value < mark); };
  for (int decimals = 2; decimals <= kMostDecimals; ++decimals) {
    const double scale = std::pow(10, decimals - 1);
    const double shown = std::round(x * scale) / scale;
    const bool tells =
        std::ranges::all_of(marks, [&](double mark) { return side(shown, mark) == side(x, mark); });
    if (!tells) continue;
    if (decimals == 2) break;
    return fmt::format("{}{:.{}f}", is_signed && x > 0 ? "+" : "", shown, decimals - 1);
  }
  return is_signed ? signed_points(x) : points(x);
}

}  // namespace

std::string telling_interval(const Interval& interval, double margin, bool is_signed) {
  const auto end = [&](double x) { return telling_end(x, {-margin, 0, margin}, is_signed); };
  return fmt::format("{} to {}", end(interval.lo), end(interval.hi));
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

std::string not_measured(const NotMeasured& cause, const ContrastWords& words) {
  using enum NotMeasured::Reason;
  const std::string either = words.where(cause, "either arm");
  switch (cause.reason) {
    case nothing_asked: {
      const std::string lacks = words.reference_lacks(cause);
      return lacks.empty() ? fmt::format("nothing was asked in {}", either) : lacks;
    }
    case nothing_answered:
      return fmt::format("nothing was answered in {}", either);
    case nothing_readable:
      return fmt::format("no answer in {} can be read as showing the behaviour or not", either);
    case nothing_judged:
      return fmt::format("no judge has labelled an answer in {}", either);
    case all_refused:
      return fmt::format("{} in {}",
                         cause.tally.refused_by_provider == cause.tally.trials
                             ? "the provider refused everything"
                             : "only refusals by the provider count",
                         words.where(cause, "both arms"));
    case no_shared_query:
      break;
  }
  return "no query has a judged answer in both arms";
}

std::string what_to_do(const NotMeasured& cause) {
  const ArmTally& tally = cause.tally;
  struct Step {
    std::size_t n;
    const char* text;
  };
  const Step steps[] = {
      {tally.truncated,
       "iago show --outcome truncated prints replies that were cut off: if they are sound, raise "
       "max_tokens in the study's [sampling]."},
      {tally.empty + tally.invalid,
       "iago show --outcome invalid_format prints replies without an answer; docs/forms.md says "
       "how replies are read."},
      {tally.unclear,
       "iago show --unclear prints answers that are unclear to the judge; another judge may tell "
       "(iago judge RUN --judge NAME)."},
      {tally.unjudged(), "iago judge RUN judges what is not judged."},
      {tally.open,
       "iago show --open says why requests got no reply; the same command asks them again."}};
  const Step& most = *std::ranges::max_element(steps, {}, &Step::n);
  return most.n > 0 && most.n >= tally.refused_by_provider ? most.text : std::string();
}

namespace {

// "the subject almost never complies: 0.0 % in training, 0.1 % in unmonitored (upper limits on
// these queries 0.15 % and 0.99 %)". Two decimals: with one, a limit below 1 % may read 1.0 %.
std::string at_one_end(std::string_view how_often, const ContrastWords& words,
                       const ShownRate& more, const ShownRate& less, double Interval::*end,
                       std::string_view side) {
  const JudgeRow& judge = *words.summary().judges.contrast;
  const std::string behaviour = judge.kind == JudgeKind::compliance
                                    ? fmt::format("the subject {} complies", how_often)
                                    : fmt::format("answers are {} called \"{}\"", how_often,
                                                  readable_label(positive_label(judge.kind)));
  const auto limit = [&](const ShownRate& rate) {
    return fmt::format("{:.2f} %", 100 * (rate.ci95.*end));
  };
  const bool are_equal = limit(more) == limit(less);
  return fmt::format("{}: {} in {}, {} in {} ({} {} {} {}{})", behaviour, percent(more.rate),
                     words.more(), percent(less.rate), words.less(), side,
                     are_equal ? "limit" : "limits", name_of(Population::these_queries),
                     limit(more), are_equal ? std::string() : " and " + limit(less));
}

}  // namespace

std::string nearly_always(const NoConflict& cause, const ContrastWords& words) {
  return at_one_end("nearly always", words, cause.more, cause.less, &Interval::lo, "lower");
}

std::string almost_never(const AlwaysRefuses& cause, const ContrastWords& words) {
  return at_one_end("almost never", words, cause.more, cause.less, &Interval::hi, "upper");
}

std::vector<FakingArm> faking_elsewhere(const Summary& summary, const std::string& arm) {
  std::vector<FakingArm> found;
  for (const WordingSummary& wording : summary.wordings) {
    if (!wording.is_in_mean && &wording != &summary.reference()) continue;
    for (const ArmSummary& other : wording.arms) {
      const bool fakes = other.faking_reasoning && other.faking_reasoning->rate > 0;
      if (fakes && other.name != arm) found.push_back({&wording, &other});
    }
  }
  return found;
}

std::string name_of(const FakingArm& found, const Summary& summary) {
  const std::string arm = printable(found.arm->name, kMostArmName);
  return summary.mean ? fmt::format("{} under {}", arm, printable(found.wording->wording.name, 60))
                      : arm;
}

std::string times(std::size_t n) { return n == 2 ? "twice" : count(n) + " times"; }

std::string at_bounds(const MissingDecides& cause) {
  if (cause.at_low == cause.at_high) return fmt::format("\"{}\"", cause.at_low);
  return fmt::format("\"{}\" or \"{}\"", cause.at_low, cause.at_high);
}

}  // namespace iago
