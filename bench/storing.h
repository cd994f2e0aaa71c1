// How fast rows reach the disk, and how long the whole analysis of many verdicts takes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "bench/measuring.h"

namespace iago::bench {

// Completions with texts of 3 KB through StoreWriter, beside the same bytes appended to a plain
// file that is synced as often. Writes into `scratch`, which should be on a real disk.
void measure_storing(const std::filesystem::path& scratch, std::size_t rows, int rounds,
                     std::vector<Figure>& figures);

// A run with half as many completions as `verdicts`, judged by two judges: from opening its file to
// the finished summary, tests and intervals included.
void measure_analysis(const std::filesystem::path& scratch, std::size_t verdicts,
                      std::vector<Figure>& figures);

}  // namespace iago::bench
