#include "serve/internal/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace iago {
namespace {

class Page {
 public:
  void begin(std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(std::back_inserter(text_), "# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
  }
  template <typename Number>
  void value(std::string_view series, Number number) {
    fmt::format_to(std::back_inserter(text_), "{} {}\n", series, number);
  }
  template <typename Number>
  void single(std::string_view name, std::string_view type, std::string_view help, Number number) {
    begin(name, type, help);
    value(name, number);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

std::string_view path_of(Route route) {
  constexpr std::array<std::string_view, kRoutes> kPaths = {"/v1/chat/completions", "/v1/models",
                                                            "/health", "/metrics", "other"};
  return kPaths[static_cast<std::size_t>(route)];
}

void Metrics::count_request(Route route, int status, double seconds) {
  const auto bucket = std::ranges::lower_bound(kBounds, seconds) - kBounds.begin();
  std::lock_guard lock(mutex_);
  ++requests_[{route, status}];
  Histogram& histogram = seconds_[static_cast<std::size_t>(route)];
  ++histogram.buckets[static_cast<std::size_t>(bucket)];
  histogram.sum += seconds;
}

void Metrics::count_tokens(const TokenUsage& usage) {
  std::lock_guard lock(mutex_);
  tokens_.prompt += usage.prompt;
  tokens_.cached_prompt += usage.cached_prompt;
  tokens_.generated += usage.generated;
}

std::string Metrics::text(const Gauges& now) const {
  Page page;
  page.single("iago_connections", "gauge", "Open connections.", now.connections);
  page.single("iago_requests_in_flight", "gauge", "Chat requests not yet answered.", now.in_flight);
  page.single("iago_choices_running", "gauge", "Choices that the model is answering.", now.running);
  page.single("iago_choices_waiting", "gauge", "Choices that wait for the model.", now.waiting);
  std::lock_guard lock(mutex_);
  page.single("iago_prompt_tokens_total", "counter", "Tokens of prompts, once per choice.",
              tokens_.prompt);
  page.single("iago_cached_prompt_tokens_total", "counter",
              "Prompt tokens that a shared prefix had already computed.", tokens_.cached_prompt);
  page.single("iago_generated_tokens_total", "counter", "Tokens of replies.", tokens_.generated);
  page.begin("iago_requests_total", "counter",
             "Requests by route and status; 499 means that the client left before its answer.");
  for (const auto& [key, count] : requests_) {
    page.value(fmt::format("iago_requests_total{{route=\"{}\",status=\"{}\"}}", path_of(key.first),
                           key.second),
               count);
  }
  page.begin("iago_request_seconds", "histogram",
             "Seconds from a request's last byte to its answer.");
  for (std::size_t route = 0; route < kRoutes; ++route) {
    const std::string_view path = path_of(static_cast<Route>(route));
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i <= kBounds.size(); ++i) {
      sum += seconds_[route].buckets[i];
      const std::string bound = i < kBounds.size() ? fmt::to_string(kBounds[i]) : "+Inf";
      page.value(fmt::format("iago_request_seconds_bucket{{route=\"{}\",le=\"{}\"}}", path, bound),
                 sum);
    }
    page.value(fmt::format("iago_request_seconds_sum{{route=\"{}\"}}", path), seconds_[route].sum);
    page.value(fmt::format("iago_request_seconds_count{{route=\"{}\"}}", path), sum);
  }
  return page.take();
}

}  // namespace iago
