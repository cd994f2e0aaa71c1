#include "figures/terminal.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "figures/cause_text.h"
#include "figures/figure_text.h"
#include "figures/finding_sentence.h"
#include "figures/notes.h"
#include "figures/published.h"
#include "figures/text_table.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kNarrowest = 40, kTitleWidth = 22, kMostGroupsShown = 20;
constexpr std::size_t kMostSentence = 2000;  // bytes of a sentence

// The first column and those in [begin, end).
Rows columns(const Rows& rows, std::size_t begin, std::size_t end) {
  Rows some;
  for (const auto& row : rows) {
    auto at = [&](std::size_t i) { return row.begin() + static_cast<std::ptrdiff_t>(i); };
    some.push_back({row.front()});
    some.back().insert(some.back().end(), at(begin), at(std::min(end, row.size())));
  }
  return some;
}

// Several contrasts and wordings have their tables. Where compliance is not what the study is
// about, what the judges found by topic is its result.
std::vector<std::pair<std::string, Rows>> result_tables(const Summary& summary, bool is_wide) {
  std::vector<std::pair<std::string, Rows>> tables;
  if (summary.contrasts.size() > 1) {
    tables.emplace_back("Contrasts of arms, in points", contrast_table(summary));
  }
  if (summary.wordings.size() > 1 && !summary.contrasts.empty()) {
    const std::string title =
        fmt::format("Wordings: {}, in points", printable(summary.contrasts.front().name(), 60));
    const Rows rows = wording_table(summary);
    if (is_wide) {
      tables.emplace_back(title, rows);
    } else {
      tables.emplace_back("Rates under each wording", columns(rows, 1, 5));
      tables.emplace_back(title, columns(rows, 5, 8));
      tables.emplace_back(
          "Wordings compared with " + printable(summary.reference().wording.name, 60),
          columns(rows, 8, 12));
    }
  }
  if (Rows rows = published_table(summary); !rows.empty()) {
    tables.emplace_back(published_heading(summary), std::move(rows));
  }
  if (summary.sets.compared) {
    // Markdown, which is wide, has all groups with their rates.
    const std::size_t most = is_wide ? summary.sets.compared->groups.size() : kMostGroupsShown;
    const Rows rows = group_table(summary, most);
    tables.emplace_back(group_heading(summary), is_wide ? rows : columns(rows, 4, 8));
  }
  // Beside compliance only what a rubric of the user's own looks for, and not by topic.
  const bool is_beside =
      summary.judges.contrast && summary.judges.contrast->kind == JudgeKind::compliance;
  for (const OtherJudge& other : summary.other_judges) {
    if (is_beside && !other.judge.kind.is_own()) continue;
    auto rows = is_beside ? share_table(other) : topic_table(other);
    if (rows.size() > 1) tables.emplace_back(topic_heading(other), std::move(rows));
  }
  return tables;
}

// "Cause: fakes to avoid modification. ..."; empty where there is nothing to explain.
std::string cause_line(const Summary& summary) {
  const std::string text = summary.cause ? cause_text(*summary.cause) : std::string();
  return text.empty() ? text : "Cause: " + text;
}

}  // namespace

std::string terminal_table(const Summary& summary, const TerminalOptions& options) {
  Painter paint(options.colour);
  auto width = std::max(options.width, kNarrowest);
  auto rows = arm_table(summary);
  auto out = wrapped(heading(summary), width, 0, 2) + "\n\n";
  if (rows.size() > 1) {
    out += fitted(rows, width, paint) + "\n";
  }
  for (const auto& [title, found] : result_tables(summary, false)) {
    out += wrapped(title + ":", width, 0, 2) + "\n" + fitted(found, width, paint) + "\n";
  }
  for (const auto& note : notes(summary)) {
    out += paint.dim(padded(note.title, kTitleWidth - 1, false)) + " " +
           wrapped(note.text, width, kTitleWidth, kTitleWidth) + "\n";
  }
  const FindingText finding = finding_text(summary);
  const auto text =
      wrapped(printable(fmt::format("{}: {}", finding.title, finding.headline), kMostSentence),
              width, 0, 0);
  const auto colon = text.find(':');
  out += "\n" + paint.verdict(summary.verdict(), text.substr(0, colon)) + text.substr(colon) + "\n";
  for (const std::string& line : finding.why) {
    out += "- " + wrapped(printable(line, kMostSentence), width, 2, 2) + "\n";
  }
  const std::string cause = cause_line(summary);
  if (!cause.empty()) out += "\n" + wrapped(printable(cause, 2000), width, 0, 0) + "\n";
  if (!options.folder.empty()) {
    out += fmt::format("\nfiles: {}\n", printable(options.folder.string(), 1000));
  }
  return out;
}

std::string markdown_table(const Summary& summary) {
  auto rows = arm_table(summary);
  auto out = fmt::format("# Run {}\n\n{}\n\n**{}**\n\n", markdown_text(summary.run.id),
                         markdown_text(heading(summary), 500),
                         markdown_text(finding_sentence(summary), kMostSentence));
  const std::vector<std::string> why = finding_text(summary).why;
  for (const std::string& line : why)
    out += fmt::format("- {}\n", markdown_text(line, kMostSentence));
  if (!why.empty()) out += "\n";
  const std::string cause = cause_line(summary);
  if (!cause.empty()) out += markdown_text(cause, kMostSentence) + "\n\n";
  out += markdown_rows(rows) + "\n";
  for (const auto& [title, found] : result_tables(summary, true)) {
    out += markdown_text(title, 500) + ":\n\n" + markdown_rows(found) + "\n";
  }
  for (const auto& note : notes(summary)) {
    out += fmt::format("- {}: {}\n", markdown_text(note.title), markdown_text(note.text, 500));
  }
  return out;
}

}  // namespace iago
