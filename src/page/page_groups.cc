// The page's groups of queries: a forest plot and a table of each group's gap.
#include <fmt/format.h>

#include "figures/figure_text.h"
#include "figures/groups.h"
#include "figures/notes.h"
#include "page/internal/forest.h"
#include "page/internal/page_parts.h"

namespace iago {
namespace {

std::string label_of(const Summary& summary, const GroupGap& group) {
  return fmt::format("{}: {} points, simultaneous 95 % interval {}",
                     group_name(summary, group.group), points(group.gap.points),
                     interval(group.simultaneous95));
}

// What follows "the gap".
std::string heading_of(const SetFigures& sets) {
  if (sets.groups) return "by " + short_name(sets.groups->by);
  return sets.clusters ? "over clusters of queries" : "in some of the queries";
}

void add_forest(const Summary& summary, const GroupComparison& compared, Fields& section) {
  std::vector<Interval> shown;
  for (const GroupGap& group : compared.groups) shown.push_back(group.simultaneous95);
  const ForestAxis axis(shown, summary.margin_points);
  auto& plot = section.add("forest");
  for (std::size_t i = 0; i < compared.groups.size(); ++i) {
    const GroupGap& group = compared.groups[i];
    add_forest_row({.name = short_name(summary.sets.groups->names[group.group]),
                    .label = label_of(summary, group),
                    .path = fmt::format("groups.groups.{}.", i),
                    .points = group.gap.points,
                    .ci95 = group.simultaneous95,
                    .margin = summary.margin_points,
                    .interval = "ci95_simultaneous"},
                   axis, plot);
  }
  add_forest_ticks(axis, plot);
}

}  // namespace

// Clusters without groups, and queries that carry a gap, have their notes alone.
void add_groups(const PageData& data, Fields& page) {
  const Summary& summary = data.summary;
  const auto notes = set_notes(summary);
  if (!summary.sets.compared && notes.empty()) return;
  auto& section = page.add("groups");
  section.set("heading", heading_of(summary.sets));
  if (const auto& compared = summary.sets.compared) {
    section.add("lead").set("contrast", short_name(summary.contrasts.front().name()));
    add_forest(summary, *compared, section);
    add_table(group_table(summary, compared->groups.size()), section.add("table"));
  }
  for (const Note& note : notes) {
    section.add("note").set("title", note.title).set("text", unbroken(note.text));
  }
}

}  // namespace iago
