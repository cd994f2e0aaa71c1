// A server of models on its bad days, for tests. It speaks OpenAI's chat completions and
// Anthropic's messages on a loopback port, and whatever is asked may meet a fault (fault.h) before
// it is answered.
//
// What it answers in the end is a function of the request's content (system prompt, messages,
// seed), so a run against it without faults is the oracle of a run with them. (One thing is decided
// when a content first comes, and kept: whether the answer has ten megabytes.) Which faults a
// content meets is drawn from a seed, the content's number and the attempt's: the same whenever the
// same test runs.
//
// Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "fault.h"

namespace iago {

struct Weather {
  std::uint64_t seed = 1;
  double chance = 0;      // of a fault, for each request that comes
  int most_in_a_row = 4;  // failures of one content, until it is answered
  int most_broken_in_a_row = 2;
};

class FaultyServer {
 public:
  // Of one request content.
  struct Served {
    int asked = 0;     // requests that came in whole
    int answered = 0;  // sent in whole, whether or not anybody was left to read it
    int failed = 0;    // the others
  };

  explicit FaultyServer(std::string key);

  // From here on this weather, and counts from zero. What the contents are answered stays.
  void begin(const Weather& weather);

  std::string base_url() const { return server_.url("/v1"); }
  std::uint64_t asked() const { return asked_; }  // requests, in all weathers
  // Of the contents that came in this weather, by the notes in their replies.
  std::map<std::string, Served> served() const;
  std::array<int, kFaultCount> injected() const;
  int wrong_keys() const;  // requests without the key, or with another
  // The reply to the content of that note; IAGO_CHECK: it has come.
  ModelReply reply_to(const std::string& note) const;

 private:
  struct Received;
  struct Content {
    std::size_t number = 0;  // in the order of their first coming
    ModelReply reply;        // short
    bool is_long = false;
    int in_a_row = 0, broken_in_a_row = 0;
    Served served;
  };

  RawReply answer(const std::string& request);
  Content& take(const Received& received);
  std::optional<Fault> draw_fault(const Content& content, const Received& received, bool as_events,
                                  Random& random) const;
  void count(Content& content, std::optional<Fault> fault);
  ModelReply whole_reply(const Content& content) const;

  const std::string key_;
  std::atomic<std::uint64_t> asked_ = 0;
  mutable std::mutex mutex_;  // of the following, but for the server
  Weather weather_;
  std::map<std::string, Content> contents_;  // by note
  std::array<int, kFaultCount> injected_{};
  int wrong_keys_ = 0;
  std::size_t long_ones_ = 0;
  std::string last_note_, last_id_;  // of the request before
  RawServer server_;                 // last: it uses all of the above
};

}  // namespace iago
