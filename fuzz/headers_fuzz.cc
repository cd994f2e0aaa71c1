// What a server says of its limits and of waiting, and the base URL of an endpoint: whatever the
// bytes, figures within their bounds, nothing, or an iago::Error.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "net/rate_headers.h"
#include "net/retry.h"
#include "net/url.h"

namespace {

constexpr std::chrono::hours kDay{24};
constexpr std::chrono::nanoseconds kNow{1'795'000'000'000'000'000};

// "name: value" in every line.
void read_headers(std::string_view text) {
  iago::HttpHeaders headers;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    std::size_t colon = line.find(": ");
    if (colon == line.npos) continue;
    headers.push_back({std::string(line.substr(0, colon)), std::string(line.substr(colon + 2))});
  }
  if (auto wait = iago::retry_after(headers, kNow)) {
    IAGO_CHECK(wait->count() >= 0 && *wait <= kDay, "a wait of at most a day");
  }
  for (const iago::RateReport& report : iago::read_rate_headers(headers, kNow)) {
    IAGO_CHECK(report.limit > 0 && report.limit <= 1e15, "a limit");
    IAGO_CHECK(report.remaining >= 0 && report.remaining <= report.limit, "what remains of it");
    IAGO_CHECK(!report.reset || (report.reset->count() >= 0 && *report.reset <= kDay), "a reset");
  }
}

void read_url(std::string_view text) {
  iago::BaseUrl url = iago::parse_base_url(text);
  IAGO_CHECK(!url.host.empty() && !url.text.ends_with('/'), url.text);
  IAGO_CHECK(iago::parse_base_url(url.text).text == url.text, url.text);
}

}  // namespace

// The first byte chooses the reader.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    data[0] % 2 == 0 ? read_headers(text) : read_url(text);
  } catch (const iago::Error& error) {
    IAGO_CHECK(!std::string_view(error.what()).empty(), "an error without a message");
  }
  return 0;
}
