// The page's contrasts and wordings: a table of each, and a forest plot of the wordings.
#include <fmt/format.h>

#include "figures/figure_text.h"
#include "figures/notes.h"
#include "figures/published.h"
#include "page/internal/forest.h"
#include "page/internal/page_parts.h"

namespace iago {
namespace {

std::string label_of(const WordingSummary& wording, const GapEstimate& gap) {
  auto label = fmt::format("{} ({}): {} points, 95 % interval {}", short_name(wording.wording.name),
                           name_of(wording.wording.role), points(gap.points), interval(gap.ci95));
  if (const auto& published = wording.wording.published) {
    label += fmt::format("; published: {} points, standard error {}", points(published->gap_points),
                         points(published->gap_se));
  }
  return label;
}

void add_forest(const Summary& summary, Fields& section) {
  std::vector<Interval> shown;
  for (const WordingSummary& wording : summary.wordings) {
    const auto& gap = wording.contrasts.front().gap;
    if (!gap) continue;
    shown.push_back(gap->ci95);
    const auto& published = wording.wording.published;
    if (published) shown.push_back({published->gap_points, published->gap_points});
  }
  if (shown.empty()) return;
  const ForestAxis axis(shown, summary.margin_points);
  auto& plot = section.add("forest");
  for (std::size_t i = 0; i < summary.wordings.size(); ++i) {
    const WordingSummary& wording = summary.wordings[i];
    const auto& gap = wording.contrasts.front().gap;
    if (!gap) continue;
    auto& row = add_forest_row(
        {short_name(wording.wording.name), label_of(wording, *gap),
         fmt::format("wordings.{}.contrasts.0.", i), gap->points, gap->ci95, summary.margin_points},
        axis, plot);
    if (const auto& published = wording.wording.published) {
      row.add("published").set("x", coordinate(axis.x(published->gap_points)));
    }
  }
  add_forest_ticks(axis, plot);
}

void add_wordings(const Summary& summary, Fields& page) {
  auto& section = page.add("wordings");
  section.set("contrast", short_name(summary.contrasts.front().name()));
  section.set("reference", short_name(summary.reference().wording.name));
  add_forest(summary, section);
  add_table(wording_table(summary), section);
  for (const Note& note : wording_notes(summary)) {
    section.add("note").set("title", note.title).set("text", unbroken(note.text));
  }
}

// What a contrast counts: "the subject complies".
std::string behaviour_text(const Summary& summary) {
  const auto& judge = summary.judges.contrast;
  if (!judge || judge->kind == JudgeKind::compliance) return "the subject complies";
  return fmt::format("answers are called \"{}\"", counted_label(summary));
}

}  // namespace

void add_table(const std::vector<std::vector<std::string>>& rows, Fields& section) {
  for (const auto& heading : rows[0]) section.add("heading").set("text", heading);
  for (std::size_t r = 1; r < rows.size(); ++r) {
    auto& line = section.add("line").set("name", rows[r][0]);
    for (std::size_t i = 1; i < rows[r].size(); ++i) line.add("cell").set("text", rows[r][i]);
  }
}

void add_contrasts_and_wordings(const PageData& data, Fields& page) {
  const Summary& summary = data.summary;
  if (summary.contrasts.size() > 1) {
    auto& section = page.add("contrasts").set("behaviour", behaviour_text(summary));
    add_table(contrast_table(summary), section);
  }
  if (summary.wordings.size() > 1 && !summary.contrasts.empty()) add_wordings(summary, page);
  const auto published = published_table(summary);
  if (published.empty()) return;
  add_table(published, page.add("published").set("heading_text", published_heading(summary)));
}

}  // namespace iago
