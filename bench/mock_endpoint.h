// An endpoint to measure clients against: it answers every request with the same chat completion
// after a fixed delay. A process of its own, so that its work counts for no client.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace iago::bench {

struct MockOptions {
  std::chrono::milliseconds delay{50};  // from the request's last byte to the reply's first
  std::size_t reply_bytes = 3072;       // of the reply's text
};

// What clients ask: the same for all of them.
std::string system_prompt();  // 2 KB
std::string user_prompt();

class MockEndpoint {
 public:
  // Listens when it returns. Call it while this process has one thread. Error disconnected.
  explicit MockEndpoint(const MockOptions& options);
  ~MockEndpoint();  // ends the process
  MockEndpoint(const MockEndpoint&) = delete;
  MockEndpoint& operator=(const MockEndpoint&) = delete;

  std::uint16_t port() const { return port_; }
  std::string base_url() const;
  // That the endpoint's process has used so far.
  double cpu_seconds() const;

 private:
  pid_t pid_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace iago::bench
