// A server of raw bytes on a loopback port, for tests of what only real sockets show. For test
// files only.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"

namespace iago {

// What a connection does with one request.
struct RawReply {
  // hold: say nothing more until the server ends; tunnel: pass on bytes from and to another port;
  // repeat: send `again` until the other side has had enough.
  enum class Then { keep, close, reset, hold, tunnel, repeat };
  std::string bytes;
  Then then = Then::keep;
  int tunnel_to = 0;
  std::string again = {};
};

// A whole response with its length.
inline RawReply raw_response(const std::string& body, const std::string& headers = "",
                             const std::string& status = "200 OK") {
  return {"HTTP/1.1 " + status + "\r\n" + headers +
          "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body};
}

class RawServer {
 public:
  // Called with the head and body of each request, from the thread of its connection.
  using Handler = std::function<RawReply(const std::string& request)>;
  // What `requests` gives: a long test does without its requests.
  enum class Keep { requests, nothing };

  explicit RawServer(Handler handler, Keep keep = Keep::requests)
      : handler_(std::move(handler)), keep_(keep) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    IAGO_CHECK(::bind(listener_, generic, size) == 0 && ::listen(listener_, 4096) == 0 &&
                   ::getsockname(listener_, generic, &size) == 0,
               "no loopback port for the test");
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~RawServer() {
    closing_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    {
      std::lock_guard lock(mutex_);
      for (int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    for (auto& [id, thread] : threads_) thread.join();
  }

  int port() const { return port_; }
  std::string url(const std::string& path = "/v1") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  int connections() const { return connections_; }
  std::vector<std::string> requests() {
    std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void accept_all() {
    while (!closing_) {
      int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      ++connections_;
      std::lock_guard lock(mutex_);
      open_.push_back(fd);
      join_ended();
      std::thread thread([this, fd] { serve(fd); });
      threads_.emplace(thread.get_id(), std::move(thread));
    }
  }

  // With mutex_ held, which those threads have let go of for good.
  void join_ended() {
    for (std::thread::id id : ended_) {
      threads_.at(id).join();
      threads_.erase(id);
    }
    ended_.clear();
  }

  // Reads until the buffer holds a whole request and takes it out; empty at the end.
  static std::string read_request(int fd, std::string& buffer) {
    char piece[4096];
    while (true) {
      auto head = buffer.find("\r\n\r\n");
      if (head != std::string::npos) {
        std::size_t size = head + 4 + body_size(buffer.substr(0, head));
        if (buffer.size() >= size) {
          std::string request = buffer.substr(0, size);
          buffer.erase(0, size);
          return request;
        }
      }
      auto got = ::recv(fd, piece, sizeof piece, 0);
      if (got <= 0) return {};
      buffer.append(piece, static_cast<std::size_t>(got));
    }
  }

  static std::size_t body_size(std::string head) {
    std::ranges::transform(head, head.begin(), [](unsigned char c) { return std::tolower(c); });
    auto at = head.find("content-length:");
    return at == std::string::npos ? 0 : std::stoul(head.substr(at + 15));
  }

  void serve(int fd) {
    std::string buffer;
    for (std::string request = read_request(fd, buffer); !request.empty();
         request = read_request(fd, buffer)) {
      if (keep_ == Keep::requests) {
        std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      RawReply answer = handler_(request);
      send_all(fd, answer.bytes);
      if (answer.then == RawReply::Then::hold) {
        char ignored;
        while (::recv(fd, &ignored, 1, 0) > 0) {
        }
      }
      while (answer.then == RawReply::Then::repeat && send_all(fd, answer.again)) {
      }
      if (answer.then == RawReply::Then::tunnel) tunnel(fd, answer.tunnel_to);
      if (answer.then == RawReply::Then::reset) {
        linger hard{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
      }
      if (answer.then != RawReply::Then::keep) break;
    }
    std::lock_guard lock(mutex_);
    std::erase(open_, fd);
    ::close(fd);
    ended_.push_back(std::this_thread::get_id());
  }

  static sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  // Until one of the sides closes.
  static void tunnel(int fd, int port) {
    int other = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(port);
    bool open = ::connect(other, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    pollfd sides[] = {{fd, POLLIN, 0}, {other, POLLIN, 0}};
    char piece[4096];
    while (open && ::poll(sides, 2, -1) > 0) {
      for (int from : {0, 1}) {
        if (sides[from].revents == 0) continue;
        auto got = ::recv(sides[from].fd, piece, sizeof piece, 0);
        open = open && got > 0;
        if (got > 0) send_all(sides[1 - from].fd, {piece, static_cast<std::size_t>(got)});
      }
    }
    ::close(other);
  }

  static bool send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
      auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  Handler handler_;
  const Keep keep_;
  int listener_ = -1, port_ = 0;
  std::atomic<bool> closing_ = false;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::string> requests_;
  std::map<std::thread::id, std::thread> threads_;
  std::vector<std::thread::id> ended_;  // of threads_, not yet joined
  std::thread acceptor_;
};

}  // namespace iago
