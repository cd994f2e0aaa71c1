// The comparison for terminals and as Markdown.
#include <fmt/format.h>

#include <algorithm>

#include "report/comparison_figures.h"
#include "report/printable.h"

namespace iago {
namespace {

constexpr std::size_t kNarrowestList = 40, kListTitleWidth = 16;
constexpr std::size_t kShownPairs = 28;  // of eight runs; Markdown, JSON and the page have all
constexpr std::size_t kMostText = 2000;

std::string pairs_left(const Comparison& comparison) {
  if (comparison.differences.size() <= kShownPairs) return {};
  return fmt::format("the first {} of {} pairs; --format md has all\n", kShownPairs,
                     report::count(comparison.differences.size()));
}

}  // namespace

std::string terminal_table(const Comparison& comparison, const TerminalOptions& options) {
  report::Painter paint(options.colour);
  const auto width = std::max(options.width, kNarrowestList);
  auto out = report::wrapped(report::comparison_heading(comparison), width, 0, 2) + "\n\n";
  out += report::fitted(report::rate_rows(comparison), width, paint) + "\n";
  out += report::fitted(report::test_rows(comparison), width, paint) + "\n";
  if (!comparison.differences.empty()) {
    out += report::fitted(report::difference_rows(comparison, kShownPairs), width, paint);
    out += pairs_left(comparison) + "\n";
  }
  for (const auto& note : report::notes(comparison)) {
    out +=
        paint.dim(report::padded(note.title, kListTitleWidth, false)) +
        report::wrapped(printable(note.text, kMostText), width, kListTitleWidth, kListTitleWidth) +
        "\n";
  }
  if (out.substr(out.size() - 2) != "\n\n") out += "\n";
  const auto names = report::labels(comparison);
  out += report::wrapped(report::conclusion(comparison), width, 0, 0) + "\n\n";
  for (std::size_t i = 0; i < names.size(); ++i) {
    out +=
        fmt::format("{}: {}\n", names[i], printable(comparison.runs[i].folder.string(), kMostText));
  }
  return out;
}

std::string markdown_table(const Comparison& comparison) {
  auto out = fmt::format("# Comparison\n\n{}\n\n**{}**\n\n",
                         markdown_text(report::comparison_heading(comparison), kMostText),
                         markdown_text(report::conclusion(comparison), kMostText));
  out += report::markdown_rows(report::rate_rows(comparison)) + "\n";
  out += report::markdown_rows(report::test_rows(comparison)) + "\n";
  if (!comparison.differences.empty()) {
    out +=
        report::markdown_rows(report::difference_rows(comparison, comparison.differences.size())) +
        "\n";
  }
  for (const auto& note : report::notes(comparison)) {
    out +=
        fmt::format("- {}: {}\n", markdown_text(note.title), markdown_text(note.text, kMostText));
  }
  return out;
}

}  // namespace iago
