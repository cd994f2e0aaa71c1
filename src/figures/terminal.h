// The summary for people: a table of the arms, the gap, the verdict in plain words, where the files
// are. Pure: a summary in, text out. Text of studies and models is made harmless first
// (text/printable.h).
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "figures/summary.h"

namespace iago {

enum class Colour { off, on };

struct TerminalOptions {
  Colour colour = Colour::off;  // the caller decides (a terminal, NO_COLOR)
  // Columns, at least 40 (less is taken as 40). Sentences are wrapped; the table becomes a list of
  // one figure a line where it does not fit.
  std::size_t width = 80;
  std::filesystem::path folder;  // of the run, shown at the end; empty: not shown
};

// Ends with a newline.
std::string terminal_table(const Summary& summary, const TerminalOptions& options = {});

// The same as Markdown, for a lab book or a pull request.
std::string markdown_table(const Summary& summary);

}  // namespace iago
