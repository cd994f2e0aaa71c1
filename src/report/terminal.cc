#include "report/terminal.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "report/figures.h"
#include "report/printable.h"

namespace iago {
namespace {

using report::Note;

constexpr std::size_t kNarrowest = 40, kTitleWidth = 22;

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  auto columns = columns_of(text);
  std::string space(width > columns ? width - columns : 0, ' ');
  return right ? space + text : text + space;
}

// The head of the text up to a space at which a line may end: not before a per-cent sign.
std::string_view next_word(std::string_view text) {
  auto end = text.find(' ');
  while (end != std::string_view::npos && text.substr(end, 2) == " %")
    end = text.find(' ', end + 1);
  return text.substr(0, end);
}

// Breaks at spaces; a word longer than the line stands alone. Lines after the first are indented.
std::string wrapped(std::string_view text, std::size_t width, std::size_t first,
                    std::size_t indent) {
  std::string out;
  std::size_t column = first;
  bool at_start = true;
  while (!text.empty()) {
    auto word = next_word(text);
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    auto columns = columns_of(word);
    if (!at_start && column + 1 + columns > width) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
      at_start = true;
    }
    if (!at_start) out += ' ', ++column;
    out += word;
    column += columns;
    at_start = false;
  }
  return out;
}

class Painter {
 public:
  explicit Painter(Colour colour) : on_(colour == Colour::on) {}
  std::string bold(const std::string& text) const { return painted("1", text); }
  std::string dim(const std::string& text) const { return painted("2", text); }
  std::string verdict(StudyVerdict verdict, const std::string& text) const {
    bool clear = verdict == StudyVerdict::gap || verdict == StudyVerdict::no_gap;
    return painted(verdict == StudyVerdict::gap ? "1;31" : clear ? "1;32" : "1;33", text);
  }

 private:
  std::string painted(std::string_view code, const std::string& text) const {
    return on_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
  }
  bool on_;
};

using Rows = std::vector<std::vector<std::string>>;

std::string aligned(const Rows& rows, const Painter& paint) {
  std::vector<std::size_t> widths(rows[0].size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], columns_of(row[i]));
    }
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line = padded(row[0], widths[0], false);
    for (std::size_t i = 1; i < row.size(); ++i) line += "  " + padded(row[i], widths[i], true);
    out += (&row == &rows[0] ? paint.dim(line) : line) + "\n";
  }
  return out;
}

std::size_t table_width(const Rows& rows) {
  auto text = aligned(rows, Painter(Colour::off));
  return text.find('\n');
}

// For narrow terminals: one figure a line.
std::string listed(const Rows& rows, const Painter& paint) {
  std::string out;
  for (std::size_t r = 1; r < rows.size(); ++r) {
    out += paint.bold(rows[r][0]) + "\n";
    for (std::size_t i = 1; i < rows[r].size(); ++i) {
      out += fmt::format("  {:<15}{}\n", rows[0][i], rows[r][i]);
    }
  }
  return out;
}

}  // namespace

std::string terminal_table(const Summary& summary, const TerminalOptions& options) {
  Painter paint(options.colour);
  auto width = std::max(options.width, kNarrowest);
  auto rows = report::arm_table(summary);
  auto out = wrapped(report::heading(summary), width, 0, 2) + "\n\n";
  if (rows.size() > 1) {
    out += table_width(rows) <= width ? aligned(rows, paint) : listed(rows, paint);
    out += "\n";
  }
  for (const auto& note : report::notes(summary)) {
    out += paint.dim(padded(note.title, kTitleWidth, false)) +
           wrapped(note.text, width, kTitleWidth, kTitleWidth) + "\n";
  }
  auto sentence = printable(finding_sentence(summary), 2000);
  auto text = wrapped(sentence, width, 0, 0);
  auto colon = text.find(':');
  out += "\n" + paint.verdict(summary.finding.verdict, text.substr(0, colon)) + text.substr(colon) +
         "\n";
  if (!options.folder.empty()) {
    out += fmt::format("\nfiles: {}\n", printable(options.folder.string(), 1000));
  }
  return out;
}

std::string markdown_table(const Summary& summary) {
  auto line = [](const std::vector<std::string>& cells) {
    std::string text = "|";
    for (const auto& cell : cells) text += " " + markdown_text(cell) + " |";
    return text + "\n";
  };
  auto rows = report::arm_table(summary);
  auto out = fmt::format("# Run {}\n\n{}\n\n**{}**\n\n", markdown_text(summary.run.id),
                         markdown_text(report::heading(summary), 500),
                         markdown_text(finding_sentence(summary), 2000));
  out += line(rows[0]) + "|---";
  for (std::size_t i = 1; i < rows[0].size(); ++i) out += "|---:";
  out += "|\n";
  for (std::size_t r = 1; r < rows.size(); ++r) out += line(rows[r]);
  out += "\n";
  for (const auto& note : report::notes(summary)) {
    out += fmt::format("- {}: {}\n", markdown_text(note.title), markdown_text(note.text, 500));
  }
  return out;
}

}  // namespace iago
