// Metrics: what the server has done so far, in Prometheus' text format (version 0.0.4). Routes are
// a fixed list, so that no client can make new series.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "chat/chat_model.h"

namespace iago {

enum class Route { chat_completions, models, health, metrics, other };
inline constexpr std::size_t kRoutes = 5;
std::string_view path_of(Route route);  // "/v1/models"; "other" for all the rest

// What is so at the moment of asking.
struct Gauges {
  std::size_t connections = 0, in_flight = 0, running = 0, waiting = 0;
};

// Thread-safe.
class Metrics {
 public:
  // The status of a request whose client went before it was answered (nginx's number).
  static constexpr int kClientGone = 499;

  void count_request(Route route, int status, double seconds);
  void count_tokens(const TokenUsage& usage);
  std::string text(const Gauges& now) const;

 private:
  // Upper bounds in seconds; one more bucket has none.
  static constexpr std::array<double, 12> kBounds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                     0.5,   1,    2.5,   5,    10,  60};
  struct Histogram {
    std::array<std::uint64_t, kBounds.size() + 1> buckets{};
    double sum = 0;
  };

  mutable std::mutex mutex_;
  std::map<std::pair<Route, int>, std::uint64_t> requests_;
  std::array<Histogram, kRoutes> seconds_;
  TokenUsage tokens_;
};

}  // namespace iago
