// A summary's tables for a paper, in LaTeX with the package booktabs. Pure; text comes in escaped.
#pragma once

#include <string>
#include <string_view>

#include "figures/summary.h"

namespace iago {

// The tables of markdown_table(), each in a table environment of its own.
std::string latex_tables(const Summary& summary);

// The text so that LaTeX shows it as it is, on one line.
std::string latex_text(std::string_view text);

}  // namespace iago
