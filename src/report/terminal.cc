#include "report/terminal.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "report/figures.h"
#include "report/printable.h"
#include "report/text_table.h"

namespace iago {
namespace {

constexpr std::size_t kNarrowest = 40, kTitleWidth = 22;

// Where the gap is not what the study is about, what the other judges found is its result.
std::vector<std::pair<std::string, report::Rows>> result_tables(const Summary& summary) {
  std::vector<std::pair<std::string, report::Rows>> tables;
  if (summary.judges.compliance) return tables;
  for (const OtherJudge& other : summary.other_judges) {
    auto rows = report::topic_table(other);
    if (rows.size() > 1) tables.emplace_back(report::topic_heading(other), std::move(rows));
  }
  return tables;
}

}  // namespace

std::string terminal_table(const Summary& summary, const TerminalOptions& options) {
  report::Painter paint(options.colour);
  auto width = std::max(options.width, kNarrowest);
  auto rows = report::arm_table(summary);
  auto out = report::wrapped(report::heading(summary), width, 0, 2) + "\n\n";
  if (rows.size() > 1) {
    out += report::fitted(rows, width, paint) + "\n";
  }
  for (const auto& [title, found] : result_tables(summary)) {
    out += report::wrapped(title + ":", width, 0, 2) + "\n" + report::fitted(found, width, paint) +
           "\n";
  }
  for (const auto& note : report::notes(summary)) {
    out += paint.dim(report::padded(note.title, kTitleWidth, false)) +
           report::wrapped(note.text, width, kTitleWidth, kTitleWidth) + "\n";
  }
  auto sentence = printable(finding_sentence(summary), 2000);
  auto text = report::wrapped(sentence, width, 0, 0);
  auto colon = text.find(':');
  out += "\n" + paint.verdict(summary.finding.verdict, text.substr(0, colon)) + text.substr(colon) +
         "\n";
  if (!options.folder.empty()) {
    out += fmt::format("\nfiles: {}\n", printable(options.folder.string(), 1000));
  }
  return out;
}

std::string markdown_table(const Summary& summary) {
  auto rows = report::arm_table(summary);
  auto out = fmt::format("# Run {}\n\n{}\n\n**{}**\n\n", markdown_text(summary.run.id),
                         markdown_text(report::heading(summary), 500),
                         markdown_text(finding_sentence(summary), 2000));
  out += report::markdown_rows(rows) + "\n";
  for (const auto& [title, found] : result_tables(summary)) {
    out += markdown_text(title, 500) + ":\n\n" + report::markdown_rows(found) + "\n";
  }
  for (const auto& note : report::notes(summary)) {
    out += fmt::format("- {}: {}\n", markdown_text(note.title), markdown_text(note.text, 500));
  }
  return out;
}

}  // namespace iago
