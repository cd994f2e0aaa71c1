// A summary's figures as plots: SVG files that stand alone, without scripts or fonts of their own.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "figures/summary.h"

namespace iago {

struct Plot {
  std::string file;  // rates.svg
  std::string svg;
};

// The rates of the arms with their intervals over queries like these; the contrasts; and the first
// contrast under each wording, where there are several. None of what has no figure.
std::vector<Plot> plots_of(const Summary& summary);

}  // namespace iago
