// What the benchmarks share: stop watches, the middle of several tries, a Markdown table.
//
// Computing on one thread is timed in seconds of the processor (CpuWatch): on a quiet machine they
// are seconds, and on a busy one what others took is left out. Whatever waits for a disk or runs in
// another process is timed by the clock (StopWatch).
//
// The machine's speed wanders by tens of per cent within minutes. So whatever is compared is
// measured in turns within one round, ratios are formed within the round, and the median over
// rounds is printed.
#pragma once

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace iago::bench {

class StopWatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Seconds that the processor spent on this process, all its threads together.
class CpuWatch {
 public:
  double seconds() const { return now() - start_; }

 private:
  static double now() {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }
  double start_ = now();
};

// The upper one of two middle values. At least one value.
inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Rows of equal length, the first the header.
inline void print_table(const std::vector<std::vector<std::string>>& rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    fmt::print("| {} |\n", fmt::join(rows[i], " | "));
    if (i > 0) continue;
    for (std::size_t column = 0; column < rows[i].size(); ++column) fmt::print("|---");
    fmt::print("|\n");
  }
  std::fflush(stdout);
}

// 12345.6, which is not negative, as "12,346".
inline std::string grouped(double value) {
  const std::string digits = fmt::format("{:.0f}", value);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

inline std::string percent(double share) { return fmt::format("{:.0f} %", 100 * share); }

// One line of the final table: a figure beside what the machine allows and what is asked for.
struct Figure {
  std::string name, measured, floor, share, asked, met;
};

inline std::string yes_or_no(bool met) { return met ? "yes" : "NO"; }

}  // namespace iago::bench
