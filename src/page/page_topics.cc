// The page's table of what judges beside the two found, topic by topic.
#include <fmt/format.h>

#include "figures/figure_text.h"
#include "page/internal/page_parts.h"
#include "text/printable.h"

namespace iago {
namespace {

void add_cells(const OtherJudge& other, const SharesByArm& shares, const std::string& path,
               Fields& row) {
  // One cell for each arm of the whole, so that the columns stand below each other.
  for (const LabelShares& column : other.all.arms) {
    auto& cell = row.add("arm");
    for (const LabelShares& arm : shares.arms) {
      if (arm.arm != column.arm || !arm.rate) continue;
      auto& rate = cell.add("rate");
      set_rate(rate, fmt::format("{}.arms.{}.rate", path, arm.arm), arm.rate->rate, arm.rate->ci95);
      rate.set("exact_n", std::to_string(arm.rate->n)).set("n", count(arm.rate->n));
    }
  }
  if (const auto& difference = shares.difference) {
    auto& cell = row.add("difference");
    set_figure(cell, path + ".difference", difference->points, points(difference->points));
    cell.set("exact_lo", exact_digits(difference->ci95.lo));
    cell.set("exact_hi", exact_digits(difference->ci95.hi));
    cell.set("shown_lo", points(difference->ci95.lo)).set("shown_hi", points(difference->ci95.hi));
  }
}

void add_table(const OtherJudge& other, std::size_t place, Fields& judge) {
  auto& table = judge.add("table");
  for (const LabelShares& arm : other.all.arms) table.add("arm").set("name", short_name(arm.arm));
  auto path = fmt::format("other_judges.{}", place);
  for (std::size_t i = 0; i < other.topics.size(); ++i) {
    auto& row = table.add("row").set("topic", short_name(other.topics[i].topic)).set("class", "");
    add_cells(other, other.topics[i].shares, fmt::format("{}.topics.{}", path, i), row);
  }
  if (other.topics.size() == 1) return;
  auto& row = table.add("row").set("topic", "all").set("class", "whole");
  add_cells(other, other.all, path, row);
}

bool has_rate(const OtherJudge& other) {
  for (const LabelShares& arm : other.all.arms) {
    if (arm.rate) return true;
  }
  return false;
}

std::string difference_rule(const Summary& summary) {
  for (const OtherJudge& other : summary.other_judges) {
    if (const auto& difference = other.all.difference) {
      return fmt::format("the difference is {} minus {}, in points", short_name(difference->arm),
                         short_name(difference->minus));
    }
  }
  return "there are no two arms to compare";
}

}  // namespace

void add_found(const PageData& data, Fields& page) {
  const auto& summary = data.summary;
  if (summary.other_judges.empty()) return;
  auto& section = page.add("found").set("difference", difference_rule(summary));
  section.set("title",
              summary.judges.contrast && summary.judges.contrast->kind == JudgeKind::compliance
                  ? "What the other judges found"
                  : "What the judges found");
  for (std::size_t i = 0; i < summary.other_judges.size(); ++i) {
    const OtherJudge& other = summary.other_judges[i];
    auto& judge = section.add("judge").set("heading", topic_heading(other));
    if (has_rate(other)) add_table(other, i, judge);
  }
}

}  // namespace iago
