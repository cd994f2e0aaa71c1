#include "figures/check_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/clock.h"
#include "figures/figure_text.h"
#include "figures/text_table.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kNarrowestCheck = 40, kMostWhy = 1000;
constexpr std::size_t kWidestTitle = 28, kStateWidth = 10, kDetailIndent = 4;

std::string painted(LinkState state, const std::string& text, const Painter& paint) {
  if (state == LinkState::works) return paint.verdict(StudyVerdict::no_gap, text);
  if (state == LinkState::broken) return paint.verdict(StudyVerdict::gap, text);
  return paint.verdict(StudyVerdict::inconclusive, text);
}

std::string judges_text(const std::vector<CheckedJudge>& judges) {
  std::vector<std::string> names;
  for (const CheckedJudge& judge : judges) names.push_back(printable(judge.name, 120));
  return names.empty() ? "no judge" : fmt::format("{}", fmt::join(names, ", "));
}

std::string counts_line(const std::vector<CheckCount>& counts) {
  std::vector<std::string> texts;
  for (const CheckCount& count : counts) {
    if (count.of > 0) texts.push_back(count_text(count));
  }
  return fmt::format("{}", fmt::join(texts, "; "));
}

// The link's state and why, and below it the counts and what to do.
std::string link_text(const CheckedLink& link, std::size_t title, std::size_t width,
                      const Painter& paint) {
  const std::string name = padded(title_of(link), title, false);
  const std::size_t begin = std::max(name.size(), title) + 2 + kStateWidth + 2;
  std::string text =
      name + "  " +
      painted(link.state, padded(std::string(readable(link.state)), kStateWidth, false), paint) +
      "  " + wrapped(printable(link.why, kMostWhy), width, begin, kDetailIndent) + "\n";
  const auto add = [&](const std::string& detail) {
    if (detail.empty()) return;
    text += std::string(kDetailIndent, ' ') +
            paint.dim(wrapped(detail, width, kDetailIndent, kDetailIndent)) + "\n";
  };
  add(counts_line(link.counts));
  if (!link.hint.empty()) add("-> " + printable(link.hint, kMostWhy));
  return text;
}

std::string stage_price(const CheckStage& stage) {
  if (!stage.least_cost || !stage.most_cost) return "price unknown";
  return *stage.most_cost == 0
             ? "free"
             : fmt::format("{} to {}", dollars(*stage.least_cost), dollars(*stage.most_cost));
}

}  // namespace

std::string_view readable(LinkState state) {
  return state == LinkState::not_tested ? "not tested" : name_of(state);
}

std::string title_of(const CheckedLink& link) {
  const std::string name(name_of(link.link));
  return link.judge.empty() ? name : name + " " + printable(link.judge, 120);
}

std::string count_text(const CheckCount& count) {
  std::string text = fmt::format("{} {} of {}", printable(count.name, 80), grouped(count.count),
                                 grouped(count.of));
  if (count.of == 0) return text;
  const double share = static_cast<double>(count.count) / static_cast<double>(count.of);
  return text + ", " + with_interval(share, count.ci95());
}

namespace {

// Of the judges that count, those that the check did not try.
std::vector<std::string> judges_not_checked(const Summary& summary, const CheckReport& check) {
  std::vector<std::string> names;
  for (const auto& judge : {summary.judges.contrast, summary.judges.faking_reasoning}) {
    if (!judge) continue;
    const bool is_there = std::ranges::any_of(check.links, [&](const CheckedLink& link) {
      return link.link == CheckLink::judge && link.judge_hash == judge->hash;
    });
    if (!is_there) names.push_back(printable(judge->name, 120));
  }
  return names;
}

bool counts_in(const CheckedLink& link, const Summary& summary) {
  if (link.link != CheckLink::judge) return true;
  const auto& choice = summary.judges;
  return (choice.contrast && choice.contrast->hash == link.judge_hash) ||
         (choice.faking_reasoning && choice.faking_reasoning->hash == link.judge_hash);
}

}  // namespace

std::string check_sentence(const Summary& summary) {
  if (!summary.check) {
    return "none was made of this subject in this setting; iago check tries each link between "
           "the prompt and the figures";
  }
  std::string text;
  for (const CheckedLink& link : summary.check->links) {
    if (!counts_in(link, summary)) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", title_of(link), readable(link.state));
  }
  const auto missing = judges_not_checked(summary, *summary.check);
  if (!missing.empty()) text += fmt::format("; not checked: {}", fmt::join(missing, ", "));
  return text + fmt::format(" ({}; about prompted faking alone)",
                            iso8601(summary.check->created).substr(0, 10));
}

std::string_view what_a_check_shows() {
  return "A check shows that prompted faking is seen on this path. It never shows that natural "
         "faking would be.";
}

std::string to_text(const CheckReport& report, Colour colour, std::size_t width) {
  const Painter paint(colour);
  width = std::max(width, kNarrowestCheck);
  std::string text =
      wrapped(
          fmt::format("Check of {}: study {}, setting {}, channel {}; judges: {}",
                      printable(report.model), printable(report.study), printable(report.setting),
                      printable(report.channel), judges_text(report.judges)),
          width, 0, 2) +
      "\n\n";
  std::size_t title = 0;
  for (const CheckedLink& link : report.links) title = std::max(title, title_of(link).size());
  title = std::min(title, kWidestTitle);
  for (const CheckedLink& link : report.links) text += link_text(link, title, width, paint);
  if (!report.is_complete) {
    text += "\n" +
            wrapped("Not all of it was asked: run the same command again to resume.", width, 0, 0) +
            "\n";
  }
  return text + "\n" + wrapped(what_a_check_shows(), width, 0, 0) + "\n";
}

std::string to_text(const CheckPlanFigures& plan) {
  std::string text = fmt::format("check of {}: study {}; judges: {}\n", printable(plan.model),
                                 printable(plan.study),
                                 printable(fmt::format("{}", fmt::join(plan.judges, ", "))));
  text += "asks at the most:\n";
  for (const CheckStage& stage : plan.stages) {
    text += fmt::format(
        "  {}: {} requests to {}, about {} prompt tokens, at most {} generated, {}\n",
        name_of(stage.link), grouped(stage.requests), printable(stage.model),
        grouped(stage.prompt_tokens), grouped(stage.most_generated), stage_price(stage));
  }
  if (plan.replies_stored > 0) {
    text += fmt::format("{} replies are stored and are not asked for again\n",
                        grouped(plan.replies_stored));
  }
  return text + fmt::format("folder: {}\n", printable(plan.folder, 1000));
}

}  // namespace iago
