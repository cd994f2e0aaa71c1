#include "figures/published.h"

#include <fmt/format.h>

#include <algorithm>

#include "figures/figure_text.h"
#include "stats/clustered.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr double kNormal95 = 1.959963984540054;  // quantile of the standard normal at 97.5 %

// All in points.
PublishedDifference difference(double own, const Interval& of_own, double published, double se) {
  const Interval of_published{published - kNormal95 * se, published + kNormal95 * se};
  return {own - published, mover_interval(own, of_own, published, of_published, 0, kPoints)};
}

std::optional<PublishedDifference> difference(const std::optional<RateEstimate>& own,
                                              double published, double se) {
  if (!own) return std::nullopt;
  return difference(kPoints * own->rate, {kPoints * own->ci95.lo, kPoints * own->ci95.hi},
                    kPoints * published, kPoints * se);
}

// A figure of a wording, as its row shows it. Rates are in per cent, the gap in points.
struct Compared {
  std::string name;
  std::optional<double> own;
  double published = 0, se = 0;
  std::optional<PublishedDifference> difference;
};

Compared compared(std::string name, const std::optional<RateEstimate>& own, double published,
                  double se, const std::optional<PublishedDifference>& difference) {
  return {.name = std::move(name),
          .own = own ? std::optional(kPoints * own->rate) : std::nullopt,
          .published = kPoints * published,
          .se = kPoints * se,
          .difference = difference};
}

void add_rows(const Summary& summary, const WordingSummary& wording,
              std::vector<std::vector<std::string>>& rows) {
  const Contrast& contrast = summary.contrasts.front();
  const auto found = minus_published(wording, contrast);
  if (!found) return;
  const PublishedRow& row = *wording.wording.published;
  const auto *more = wording.arm(contrast.more), *less = wording.arm(contrast.less);
  const auto& gap = wording.contrasts.front().gap;
  std::vector<Compared> figures;
  if (&wording == &summary.reference()) {
    figures.push_back(compared("in " + printable(contrast.more, 16),
                               more ? more->compliance : std::nullopt, row.more, row.more_se,
                               found->more));
    figures.push_back(compared("in " + printable(contrast.less, 16),
                               less ? less->compliance : std::nullopt, row.less, row.less_se,
                               found->less));
  }
  figures.push_back({.name = "gap",
                     .own = gap ? std::optional(gap->points) : std::nullopt,
                     .published = row.gap_points,
                     .se = row.gap_se,
                     .difference = found->gap});
  figures.push_back(compared("fakes", more ? more->faking_reasoning : std::nullopt,
                             row.faking_reasoning, row.faking_reasoning_se,
                             found->faking_reasoning));
  for (const Compared& one : figures) {
    rows.push_back({printable(wording.wording.name, 40), one.name, one.own ? points(*one.own) : "-",
                    fmt::format("{} (se {})", points(one.published), points(one.se)),
                    one.difference ? points(one.difference->points) : "-",
                    one.difference ? interval(one.difference->ci95) : "-"});
  }
}

}  // namespace

std::optional<PublishedDifferences> minus_published(const WordingSummary& wording,
                                                    const Contrast& contrast) {
  const auto& row = wording.wording.published;
  if (!row) return std::nullopt;
  PublishedDifferences found;
  if (const ArmSummary* more = wording.arm(contrast.more)) {
    found.more = difference(more->compliance, row->more, row->more_se);
    found.faking_reasoning =
        difference(more->faking_reasoning, row->faking_reasoning, row->faking_reasoning_se);
  }
  if (const ArmSummary* less = wording.arm(contrast.less)) {
    found.less = difference(less->compliance, row->less, row->less_se);
  }
  if (const auto& gap = wording.contrasts.front().gap) {
    found.gap = difference(gap->points, gap->ci95, row->gap_points, row->gap_se);
  }
  return found;
}

std::vector<std::vector<std::string>> published_table(const Summary& summary) {
  std::vector<std::vector<std::string>> rows;
  if (summary.contrasts.empty()) return rows;
  for (const WordingSummary& wording : summary.wordings) {
    if (rows.empty() && wording.wording.published) {
      rows.push_back(
          {"wording", counted_label(summary), "this run", "published", "difference", "95 % CI"});
    }
    add_rows(summary, wording, rows);
  }
  return rows;
}

std::string published_heading(const Summary& summary) {
  const auto found = std::ranges::find_if(summary.wordings, [](const WordingSummary& one) {
    return one.wording.published.has_value();
  });
  return fmt::format("Beside {}", found == summary.wordings.end()
                                      ? std::string("what was published")
                                      : printable(found->wording.published->source, 120));
}

}  // namespace iago
