// The cells in which organisms are measured: a variant with a query set, each a study of its own
// that runs like any other.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "study/study.h"

namespace iago::lab {

struct Cell {
  std::string_view name, variant, queries;
  bool is_main = false;  // sampled in full; the others a fifth
  bool is_held_out = false;
  bool has_baseline = false;
};

std::span<const Cell> measured_cells();
// Error not_found if there is none of that name.
const Cell& measured_cell(std::string_view name);

// The cell's study of a model, with the repeats that give `samples` completions (a fifth, where the
// cell is not a main one) in each arm. `data` holds settings/, queries/ and studies/.
LoadedStudy load_cell(const Cell& cell, const std::string& model, const std::filesystem::path& data,
                      std::size_t samples);

}  // namespace iago::lab
