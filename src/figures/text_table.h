// Tables and paragraphs for terminals and Markdown. Pure. A column is one character; text comes in
// printable (text/printable.h).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "figures/terminal.h"

namespace iago {

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
  std::string painted(std::string_view code, const std::string& text) const;
  bool on_;
};

// The heading and the rows below it, all of the same length; the first column is left-aligned.
using Rows = std::vector<std::vector<std::string>>;

std::string padded(const std::string& text, std::size_t width, bool right);

// Breaks at spaces; a word longer than the line stands alone. `first` columns of the first line are
// taken; lines after it are indented.
std::string wrapped(std::string_view text, std::size_t width, std::size_t first,
                    std::size_t indent);

// One line a row, or, where that does not fit the width, one line a figure.
std::string fitted(const Rows& rows, std::size_t width, const Painter& paint);

// A Markdown table; the cells are made harmless, and all but the first column are right-aligned.
std::string markdown_rows(const Rows& rows);
// The same of cells that stand as they are, every column left-aligned.
std::string plain_markdown_rows(const Rows& rows);

}  // namespace iago
