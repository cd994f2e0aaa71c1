// Work that falls into independent rows, on all processors.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace iago::bench {

// use(row) for each row, on one thread per processor, in no fixed order. Returns when all are done.
// An exception of `use` ends the program.
template <typename Row, typename Use>
void for_each_in_parallel(std::vector<Row>& rows, const Use& use) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> threads(std::max(1u, std::thread::hardware_concurrency()));
  for (std::jthread& thread : threads) {
    thread = std::jthread([&] {
      for (std::size_t i = next++; i < rows.size(); i = next++) use(rows[i]);
    });
  }
  threads.clear();  // joined
}

}  // namespace iago::bench
