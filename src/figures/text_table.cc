#include "figures/text_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "text/printable.h"

namespace iago {
namespace {

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// The head of the text up to a space at which a line may end: not before a per-cent sign.
std::string_view next_word(std::string_view text) {
  auto end = text.find(' ');
  while (end != std::string_view::npos && text.substr(end, 2) == " %")
    end = text.find(' ', end + 1);
  return text.substr(0, end);
}

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
  return columns_of(std::string_view(text).substr(0, text.find('\n')));
}

// For narrow terminals: one figure a line.
std::string listed(const Rows& rows, const Painter& paint) {
  std::size_t titles = 15;
  for (const auto& title : rows[0]) titles = std::max(titles, columns_of(title) + 2);
  std::string out;
  for (std::size_t r = 1; r < rows.size(); ++r) {
    out += paint.bold(rows[r][0]) + "\n";
    for (std::size_t i = 1; i < rows[r].size(); ++i) {
      out += "  " + padded(rows[0][i], titles, false) + rows[r][i] + "\n";
    }
  }
  return out;
}

std::string markdown_row(const std::vector<std::string>& cells) {
  std::string text = "|";
  for (const auto& cell : cells) text += " " + markdown_text(cell) + " |";
  return text + "\n";
}

}  // namespace

std::string Painter::painted(std::string_view code, const std::string& text) const {
  return on_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  auto columns = columns_of(text);
  std::string space(width > columns ? width - columns : 0, ' ');
  return right ? space + text : text + space;
}

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

std::string fitted(const Rows& rows, std::size_t width, const Painter& paint) {
  return table_width(rows) <= width ? aligned(rows, paint) : listed(rows, paint);
}

std::string markdown_rows(const Rows& rows) {
  std::string out = markdown_row(rows[0]) + "|---";
  for (std::size_t i = 1; i < rows[0].size(); ++i) out += "|---:";
  out += "|\n";
  for (std::size_t r = 1; r < rows.size(); ++r) out += markdown_row(rows[r]);
  return out;
}

std::string plain_markdown_rows(const Rows& rows) {
  std::string out;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    out += fmt::format("| {} |\n", fmt::join(rows[r], " | "));
    if (r > 0) continue;
    for (std::size_t i = 0; i < rows[0].size(); ++i) out += "|---";
    out += "|\n";
  }
  return out;
}

}  // namespace iago
