// The comparison for terminals and as Markdown.
#include <fmt/format.h>

#include <algorithm>

#include "figures/comparison_figures.h"
#include "figures/figure_text.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kNarrowestList = 40, kListTitleWidth = 18;
constexpr std::size_t kShownPairs = 28;  // of eight runs; Markdown, JSON and the page have all
constexpr std::size_t kMostText = 2000;

std::string pairs_left(const Comparison& comparison) {
  if (comparison.differences.size() <= kShownPairs) return {};
  return fmt::format("the first {} of {} pairs; --format md has all\n", kShownPairs,
                     count(comparison.differences.size()));
}

}  // namespace

std::string terminal_table(const Comparison& comparison, const TerminalOptions& options) {
  Painter paint(options.colour);
  const auto width = std::max(options.width, kNarrowestList);
  auto out = wrapped(comparison_heading(comparison), width, 0, 2) + "\n\n";
  out += fitted(rate_rows(comparison), width, paint) + "\n";
  out += fitted(test_rows(comparison), width, paint) + "\n";
  const Rows causes = cause_rows(comparison);
  if (!causes.empty()) out += fitted(causes, width, paint) + "\n";
  if (!comparison.differences.empty()) {
    out += fitted(difference_rows(comparison, kShownPairs), width, paint);
    out += pairs_left(comparison) + "\n";
  }
  for (const auto& note : notes(comparison)) {
    out += paint.dim(padded(note.title, kListTitleWidth, false)) +
           wrapped(printable(note.text, kMostText), width, kListTitleWidth, kListTitleWidth) + "\n";
  }
  if (out.substr(out.size() - 2) != "\n\n") out += "\n";
  const auto names = labels(comparison);
  out += wrapped(conclusion(comparison), width, 0, 0) + "\n\n";
  for (std::size_t i = 0; i < names.size(); ++i) {
    out +=
        fmt::format("{}: {}\n", names[i], printable(comparison.runs[i].folder.string(), kMostText));
  }
  return out;
}

std::string markdown_table(const Comparison& comparison) {
  auto out = fmt::format("# Comparison\n\n{}\n\n**{}**\n\n",
                         markdown_text(comparison_heading(comparison), kMostText),
                         markdown_text(conclusion(comparison), kMostText));
  out += markdown_rows(rate_rows(comparison)) + "\n";
  out += markdown_rows(test_rows(comparison)) + "\n";
  const Rows causes = cause_rows(comparison);
  if (!causes.empty()) out += markdown_rows(causes) + "\n";
  if (!comparison.differences.empty()) {
    out += markdown_rows(difference_rows(comparison, comparison.differences.size())) + "\n";
  }
  for (const auto& note : notes(comparison)) {
    out +=
        fmt::format("- {}: {}\n", markdown_text(note.title), markdown_text(note.text, kMostText));
  }
  return out;
}

}  // namespace iago
