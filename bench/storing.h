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

// The analysis of one stored run, as every run does it at its end. Times in seconds of the
// processor, memory in MB above what the process had before.
struct Analysis {
  std::size_t verdicts = 0;
  double file_mb = 0, rows_per_s = 0;
  double summary_s = 0, summary_mb = 0;  // from opening the file to the summary, tests included
  double page_s = 0, page_mb = 0;        // report.html, from the store and the summary
  double page_size_mb = 0;
  double reading_s = 0;  // the file's bytes alone, read once
  double points = 0, lo = 0, hi = 0, p_value = 0, p_value_error = 0;  // of the gap
};

// Runs with a quarter of so many verdicts, half of them and all, two on each completion, with
// unequal repeats, so that the sign-flip test has to draw (stats/sign_flip.h). Each is written by
// one process and analysed by another, whose memory is its own: call it while this process has one
// thread and has not computed yet.
std::vector<Analysis> analyse_stored_runs(const std::filesystem::path& scratch,
                                          std::size_t verdicts);
void report_analyses(const std::vector<Analysis>& analyses, std::vector<Figure>& figures);

}  // namespace iago::bench
