// A server that plays scripted replies on a loopback port, for tests of what a reply means. A
// script is a JSON list of steps, played in the order in which requests come:
//
//   times      how many requests the step answers; left out: all that follow
//   if_field   only requests that have this field; all others get a good reply
//   if_says    only requests whose last message holds this text; the same
//   status, headers, body   the reply; a body that is left out is a good reply
//   events     server-sent events in place of a body, for requests that stream; others get a good
//              reply
//
// After the last step every request gets a good reply: an answer with both tags, in the protocol of
// the request's path. Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "base/json.h"
#include "testing/net/raw_server.h"

namespace iago {

class WirePlayer {
 public:
  explicit WirePlayer(const std::filesystem::path& script);

  std::string url(const std::string& path = "/v1") const { return server_.url(path); }
  std::size_t asked() const { return asked_; }
  // Of the newest request: the value of that header, and its body.
  std::string last_header(const std::string& name) const;
  Json last_body() const;

 private:
  RawReply answer(const std::string& request);

  const Json steps_;
  std::atomic<std::size_t> asked_ = 0;
  mutable std::mutex mutex_;
  std::string last_;
  RawServer server_;  // last: it uses all of the above
};

}  // namespace iago
