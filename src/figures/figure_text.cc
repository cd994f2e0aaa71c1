#include "figures/figure_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/model_name.h"
#include "figures/judge_evidence.h"
#include "figures/quotation.h"
#include "text/printable.h"

namespace iago {
namespace {

std::string one_decimal(double x) {
  auto text = fmt::format("{:.1f}", x);
  return text == "-0.0" ? "0.0" : text;
}

constexpr int kMostDigits = 6;

// How many decimals show two digits of what a percentage lacks to 0 or 100, where one decimal would
// round that away; 1 elsewhere.
int digits_of_rest(double percentage) {
  constexpr double kRoundsAway = 0.05;
  const double left = std::min(percentage, 100 - percentage);
  if (left <= 0 || left >= kRoundsAway) return 1;
  return 1 - static_cast<int>(std::floor(std::log10(left)));
}

// On which texts, and who knew the truth.
std::string measured_on(const JudgeError& error) {
  std::string_view by;
  switch (error.source) {
    case ErrorSource::planted:
      by = "(labelled texts, not this run's answers)";
      break;
    case ErrorSource::organism:
      by = "by the world's grammar";
      break;
    case ErrorSource::labels:
      by = "by people's labels";
      break;
  }
  const std::string subject = printable(error.measured_on, 60);
  return fmt::format("{} {}", subject.empty() ? "unknown" : subject, by);
}

}  // namespace

std::string unread_stay(const ArmSummary& more) {
  if (more.faking_unjudged == 0) return {};
  return fmt::format("; the {} answers whose reasoning is not judged are kept",
                     count(more.faking_unjudged));
}

std::string percents(double fraction) {
  const double x = 100 * fraction;
  const int digits = digits_of_rest(x);
  if (digits > kMostDigits) return x < 50 ? "<0.00001" : ">99.99999";
  return digits > 1 ? fmt::format("{:.{}f}", x, digits) : one_decimal(x);
}

std::string percents(const Interval& fractions) {
  constexpr double kNear = 0.005;
  constexpr int kMostOfAnEnd = 3;
  // An end tells more than one decimal only where the whole interval lies near 0 or 1.
  const bool is_near = fractions.hi < kNear || fractions.lo > 1 - kNear;
  const auto end = [is_near](double fraction) {
    const bool is_told = is_near && digits_of_rest(100 * fraction) <= kMostOfAnEnd;
    return is_told ? percents(fraction) : one_decimal(100 * fraction);
  };
  return fmt::format("{} to {}", end(fractions.lo), end(fractions.hi));
}

std::string percent(double fraction) { return percents(fraction) + " %"; }

std::string counted(std::uint64_t n, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count(n), n == 1 ? one : many);
}

std::string label_shares(const LabelShares& arm) {
  if (arm.judged == 0) return "none judged";
  const auto share = [&](std::uint64_t n) {
    return percent(static_cast<double>(n) / static_cast<double>(arm.judged));
  };
  std::string text;
  for (const auto& [label, n] : arm.labels) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", printable(label, 30), share(n));
  }
  if (arm.understood) text += fmt::format(", understood its situation {}", share(*arm.understood));
  if (arm.unquoted > 0) text += "; " + unquoted_words(arm);
  if (!has_shades(arm)) return text;
  text += fmt::format(", maybe {}", share(*arm.maybe));
  if (!arm.mean_probability_complying) return text;
  return text + fmt::format(", probability {} on average where it complies ({} of all)",
                            percent(*arm.mean_probability_complying),
                            percent(arm.rate_by_probability.value_or(0)));
}

bool has_shades(const LabelShares& arm) {
  constexpr double kRounding = 1e-9;
  if (!arm.maybe || !arm.mean_probability) return false;
  auto found = arm.labels.find(std::string(kFaking));
  auto faking = found == arm.labels.end() ? 0.0 : static_cast<double>(found->second);
  const auto decided = static_cast<double>(arm.judged - arm.unclear());
  return *arm.maybe > 0 || std::abs(*arm.mean_probability * decided - faking) > kRounding * decided;
}

std::string with_interval(double rate, const Interval& ci95) {
  return fmt::format("{} ({})", percent(rate), percents(ci95));
}

std::string percents_with_interval(double rate, const Interval& ci95) {
  return fmt::format("{} ({})", percents(rate), percents(ci95));
}

std::string known_error(const JudgeError& error) {
  if (error.measured_on.empty()) return "never measured";
  auto shown = [](const std::optional<JudgeAccuracy>& accuracy) {
    return accuracy ? fmt::format("{} of {}", percent(accuracy->rate), count(accuracy->n))
                    : std::string("unknown");
  };
  return fmt::format("sensitivity {}, specificity {}, measured on {}",
                     shown(sensitivity_of(error.counts)), shown(specificity_of(error.counts)),
                     measured_on(error));
}

std::string measured_where(const JudgeError& error, const RunText& text) {
  using enum JudgeSource;
  const std::string on = measured_on(error), setting = printable(error.setting, 60);
  switch (source_of(error, text)) {
    case here:
      return error.by_arm.empty() ? on : on + ", in each arm";
    case part_of_run:
      return on + ", of part of this run";
    case other_version:
      return fmt::format("{}, in another version of the setting {}", on, setting);
    case elsewhere:
    case nowhere:
      break;
  }
  if (error.source == ErrorSource::planted) return on;
  return fmt::format("{}, in the setting {}", on, setting);
}

std::string percent_or_dash(const std::optional<RateEstimate>& rate) {
  return rate ? percent(rate->rate) : "-";
}

std::string interval(const std::optional<RateEstimate>& rate) {
  return rate ? percents(rate->ci95) : "-";
}

std::string interval(const Interval& points) {
  return fmt::format("{} to {}", one_decimal(points.lo), one_decimal(points.hi));
}

std::string both_intervals(const GapEstimate& gap) {
  return fmt::format("{} {}, {} {}", name_of(gap.population), interval(gap.ci95),
                     name_of(Population::these_queries), interval(gap.on_these_queries));
}

std::string p_value(double p) {
  return p < 0.001 ? "p < 0.001" : fmt::format("p = {:.{}f}", p, p < 0.1 ? 3 : 2);
}

std::string count(std::uint64_t n) { return grouped(n); }

std::string points(double x) { return one_decimal(x); }

std::string capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] -= 'a' - 'A';
  return text;
}

std::string dollars(double x) {
  // Single requests cost fractions of a cent.
  auto digits = fmt::format("{:.{}f}", std::abs(x), std::abs(x) < 100 ? 4 : 2);
  if (digits.find_first_not_of("0.") == std::string::npos) return "$0.0000";
  auto point = digits.find('.');
  return (x < 0 ? "-$" : "$") + grouped(digits.substr(0, point)) + digits.substr(point);
}

std::vector<std::vector<std::string>> arm_table(const Summary& summary) {
  std::vector<std::vector<std::string>> rows = {
      {"arm", "answered", counted_label(summary), "95 % CI", "fakes", "95 % CI", "missing"}};
  for (const auto& arm : summary.arms()) {
    rows.push_back({printable(arm.name, 16),
                    fmt::format("{}/{}", arm.count(Outcome::answered), arm.planned),
                    percent_or_dash(arm.compliance), interval(arm.compliance),
                    percent_or_dash(arm.faking_reasoning), interval(arm.faking_reasoning),
                    count(arm.missing())});
  }
  if (summary.judges.contrast) return rows;
  for (auto& row : rows) row.erase(row.begin() + 2, row.begin() + 6);
  return rows;
}

std::string form_shares(const ArmSummary& arm) {
  std::uint64_t all = 0;
  for (std::uint64_t n : arm.forms) all += n;
  if (arm.count(Form::strict) == all) return {};
  std::string text;
  for (Form form : kForms) {
    if (arm.count(form) == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name_of(form),
                        percent(static_cast<double>(arm.count(form)) / static_cast<double>(all)));
  }
  return fmt::format("{} of {} replies", text, count(all));
}

std::string counted_label(const Summary& summary) {
  const auto& judge = summary.judges.contrast;
  return judge ? readable_label(positive_label(judge->kind)) : std::string("complies");
}

std::vector<std::vector<std::string>> contrast_table(const Summary& summary) {
  std::vector<std::vector<std::string>> rows = {
      {"contrast", "points", "95 % CI", "simultaneous", "p", "queries"}};
  for (const auto& contrast : summary.reference().contrasts) {
    const auto& gap = contrast.gap;
    const auto& together = contrast.simultaneous95;
    rows.push_back({printable(contrast.contrast.name(), 50), gap ? points(gap->points) : "-",
                    gap ? interval(gap->ci95) : "-", together ? interval(*together) : "-",
                    gap ? p_value(gap->p_value) : "-", gap ? count(gap->queries) : "-"});
  }
  // Those that the reference lacks, under the wordings that have them.
  for (std::size_t i = 0; i < summary.contrasts.size(); ++i) {
    if (summary.reference().contrasts[i].gap) continue;
    for (const auto& wording : summary.wordings) {
      const auto& gap = wording.contrasts[i].gap;
      if (!gap) continue;
      rows.push_back({fmt::format("{}, {}", printable(summary.contrasts[i].name(), 50),
                                  printable(wording.wording.name, 40)),
                      points(gap->points), interval(gap->ci95), "-", p_value(gap->p_value),
                      count(gap->queries)});
    }
  }
  return rows;
}

std::vector<std::vector<std::string>> wording_table(const Summary& summary) {
  std::vector<std::vector<std::string>> rows;
  if (summary.contrasts.empty()) return rows;
  const Contrast& contrast = summary.contrasts.front();
  rows.push_back({"wording", "role", printable(contrast.more, 16), printable(contrast.less, 16),
                  "fakes", "gap", "95 % CI", "simultaneous",
                  "minus " + printable(summary.reference().wording.name, 16), "95 % CI", "p, Holm",
                  "published"});
  for (const auto& wording : summary.wordings) {
    const auto *more = wording.arm(contrast.more), *less = wording.arm(contrast.less);
    const auto& gap = wording.contrasts.front().gap;
    const auto& difference = wording.to_reference;
    const auto& published = wording.wording.published;
    rows.push_back({printable(wording.wording.name, 40), std::string(name_of(wording.wording.role)),
                    more ? percent_or_dash(more->compliance) : "no arm",
                    less ? percent_or_dash(less->compliance) : "no arm",
                    more ? percent_or_dash(more->faking_reasoning) : "-",
                    gap ? points(gap->points) : "-", gap ? interval(gap->ci95) : "-",
                    wording.simultaneous95 ? interval(*wording.simultaneous95) : "-",
                    difference ? points(difference->points) : "-",
                    difference ? interval(difference->ci95) : "-",
                    wording.holm_p ? p_value(*wording.holm_p) : "-",
                    published ? fmt::format("{} (se {})", points(published->gap_points),
                                            points(published->gap_se))
                              : "-"});
  }
  return rows;
}

std::string readable_label(std::string_view label) {
  std::string text = printable(label, 30);
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string topic_heading(const OtherJudge& other) {
  if (other.positive.empty()) return fmt::format("By {}", printable(other.judge.name, 60));
  return fmt::format("Called \"{}\" by {}", readable_label(other.positive),
                     printable(other.judge.name, 60));
}

namespace {

// "training", "14.7 %", "12.0 to 17.4", "300", a row for each arm, then the difference.
std::vector<std::vector<std::string>> share_rows(const SharesByArm& shares) {
  std::vector<std::vector<std::string>> rows;
  for (const LabelShares& arm : shares.arms) {
    if (!arm.rate) continue;
    rows.push_back(
        {printable(arm.arm, 16), percent(arm.rate->rate), interval(arm.rate), count(arm.rate->n)});
  }
  if (const auto& difference = shares.difference) {
    rows.push_back({"difference", points(difference->points), interval(difference->ci95), "-"});
  }
  return rows;
}

}  // namespace

std::vector<std::vector<std::string>> share_table(const OtherJudge& other) {
  std::vector<std::vector<std::string>> rows = share_rows(other.all);
  if (const auto& difference = other.all.difference) {
    rows.back().front() = fmt::format("{} minus {}", printable(difference->arm, 16),
                                      printable(difference->minus, 16));
  }
  const bool is_labelled = std::ranges::any_of(
      other.all.arms, [](const LabelShares& arm) { return arm.corrected.has_value(); });
  if (is_labelled) {
    std::size_t row = 0;
    for (const LabelShares& arm : other.all.arms) {
      if (!arm.rate) continue;
      rows[row++].push_back(arm.corrected ? with_interval(arm.corrected->rate, arm.corrected->ci95)
                                          : "-");
    }
    if (const auto& difference = other.all.difference) {
      const auto& corrected = difference->corrected;
      rows.back().push_back(
          corrected ? fmt::format("{} ({})", points(corrected->points), interval(corrected->ci95))
                    : "-");
    }
  }
  rows.insert(rows.begin(), {"arm", "rate", "95 % CI", "n"});
  if (is_labelled) rows.front().push_back("by people's labels");
  return rows;
}

std::vector<std::vector<std::string>> topic_table(const OtherJudge& other) {
  std::vector<std::vector<std::string>> rows = {{"topic", "arm", "rate", "95 % CI", "n"}};
  auto add = [&](const std::string& topic, const SharesByArm& shares) {
    for (std::vector<std::string>& row : share_rows(shares)) {
      row.insert(row.begin(), topic);
      rows.push_back(std::move(row));
    }
  };
  for (const TopicShares& topic : other.topics) add(printable(topic.topic, 40), topic.shares);
  if (other.topics.size() != 1) add("all", other.all);
  return rows;
}

std::string heading(const Summary& summary) {
  const auto& run = summary.run;
  const std::size_t others = summary.wordings.size() - 1;
  return fmt::format("{}: {}, setting {}, channel {}, wording {}{}, seed {}, {} queries",
                     printable(run.study, 60), printable(run.subject, 60),
                     printable(run.setting, 60), printable(run.channel, 30),
                     printable(summary.reference().wording.name, 60),
                     others > 0 ? fmt::format(" and {} more", others) : std::string(), run.seed,
                     count(summary.queries));
}

}  // namespace iago
