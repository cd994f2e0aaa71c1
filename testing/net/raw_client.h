// A client that writes and reads bytes on a loopback socket, so that tests can be as rude as the
// real ones. For test files only. Every wait ends within ten seconds.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cctype>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace iago {

struct RawResponse {
  int status = 0;      // 0: the connection ended without an answer
  std::string head;    // status line and headers, lower case
  std::string body;    // without chunk frames
  bool whole = false;  // false: the connection ended within it
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

  // False once the other side has closed.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  bool post(std::string_view path, std::string_view body, std::string_view headers = {}) {
    return send("POST " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" +
                std::string(headers) + "Content-Length: " + std::to_string(body.size()) +
                "\r\n\r\n" + std::string(body));
  }
  bool get(std::string_view path, std::string_view headers = {}) {
    return send("GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" +
                std::string(headers) + "\r\n");
  }

  // Reads until `mark` has come; false if the connection ended first.
  bool read_until(std::string_view mark) {
    while (buffer_.find(mark) == std::string::npos) {
      if (!read_some()) return false;
    }
    return true;
  }
  const std::string& buffer() const { return buffer_; }

  // True if the other side closes, perhaps after more bytes.
  bool closed_by_server() {
    while (read_some()) {
    }
    return !timed_out_;
  }

  RawResponse read_response() {
    RawResponse response;
    if (!read_until("\r\n\r\n")) return response;
    response.head = take(buffer_.find("\r\n\r\n") + 4);
    for (char& letter : response.head) {
      letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    }
    response.status = std::atoi(response.head.c_str() + std::string_view("http/1.1 ").size());
    response.whole = response.status < 200 || response.status == 204;
    if (response.whole) return response;
    const auto length = response.head.find("content-length: ");
    if (length != std::string::npos) {
      const auto size = static_cast<std::size_t>(std::atol(response.head.c_str() + length + 16));
      while (buffer_.size() < size && read_some()) {
      }
      response.whole = buffer_.size() >= size;
      response.body = take(std::min(size, buffer_.size()));
    } else if (response.head.find("transfer-encoding: chunked") != std::string::npos) {
      read_chunks(response);
    } else {
      response.whole = closed_by_server();
      response.body = take(buffer_.size());
    }
    return response;
  }

 private:
  std::string take(std::size_t count) {
    std::string taken = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return taken;
  }
  void read_chunks(RawResponse& response) {
    while (read_until("\r\n")) {
      const auto size = static_cast<std::size_t>(std::strtoul(buffer_.c_str(), nullptr, 16));
      take(buffer_.find("\r\n") + 2);
      while (buffer_.size() < size + 2) {
        if (!read_some()) return;
      }
      response.body += take(size);
      take(2);
      response.whole = size == 0;
      if (response.whole) return;
    }
  }
  bool read_some() {
    pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
    timed_out_ = ::poll(&waiting, 1, 10'000) <= 0;
    if (timed_out_) {
      ADD_FAILURE() << "nothing came within ten seconds, after: " << buffer_;
      return false;
    }
    char bytes[16384];
    const ssize_t count = ::recv(socket_, bytes, sizeof bytes, 0);
    if (count <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }

  int socket_ = -1;
  bool connected_ = false, timed_out_ = false;
  std::string buffer_;
};

// Waits until `condition` holds; false after ten seconds.
template <typename Condition>
bool soon(const Condition& condition) {
  for (int i = 0; i < 2000; ++i) {
    if (condition()) return true;
    ::usleep(5000);
  }
  return condition();
}

}  // namespace iago
