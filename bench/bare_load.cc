// The floor: bare sockets and the system calls without which no client can do.
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"
#include "bench/client_load.h"
#include "bench/in_child.h"
#include "bench/measuring.h"

namespace iago::bench {
namespace {

std::string request_bytes() {
  const Json body = {{"model", "mock"},
                     {"messages",
                      {{{"role", "system"}, {"content", system_prompt()}},
                       {{"role", "user"}, {"content", user_prompt()}}}},
                     {"max_tokens", 1024},
                     {"temperature", 1.0}};
  const std::string text = dump_json(body);
  return fmt::format(
      "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: "
      "application/json\r\nContent-Length: {}\r\n\r\n{}",
      text.size(), text);
}

[[noreturn]] void give_up(std::string what) {
  throw Error(ErrorCode::disconnected, "bare sockets: " + std::move(what));
}

class BareLoad {
 public:
  BareLoad(std::uint16_t port, const Load& load) : load_(load), request_(request_bytes()) {
    sockets_.resize(load.concurrency);
    for (Socket& socket : sockets_) open(socket, port);
  }
  ~BareLoad() {
    for (const Socket& socket : sockets_) ::close(socket.fd);
    ::close(epoll_);
  }
  BareLoad(const BareLoad&) = delete;
  BareLoad& operator=(const BareLoad&) = delete;

  void run() {
    for (Socket& socket : sockets_) send(socket);
    std::array<epoll_event, 256> events;
    while (done_ < load_.requests) {
      const int count = ::epoll_wait(epoll_, events.data(), events.size(), 10'000);
      if (count <= 0) give_up("no reply for 10 s");
      for (int i = 0; i < count; ++i) {
        receive(*static_cast<Socket*>(events[static_cast<std::size_t>(i)].data.ptr));
      }
    }
  }

 private:
  struct Socket {
    int fd = -1;
    std::size_t got = 0;  // of the reply
  };

  void open(Socket& socket, std::uint16_t port) {
    socket.fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int on = 1;
    ::setsockopt(socket.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      give_up("cannot connect");
    }
    epoll_event event{.events = EPOLLIN, .data = {.ptr = &socket}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket.fd, &event);
  }

  void send(Socket& socket) {
    if (sent_ == load_.requests) return;
    ++sent_;
    socket.got = 0;
    if (::write(socket.fd, request_.data(), request_.size()) !=
        static_cast<ssize_t>(request_.size())) {
      give_up("a request was not taken at once");
    }
  }

  void receive(Socket& socket) {
    const ssize_t count = ::read(socket.fd, buffer_.data(), buffer_.size());
    if (count <= 0) give_up("a connection ended");
    socket.got += static_cast<std::size_t>(count);
    // All replies are equally long; the first says how long.
    if (reply_bytes_ == 0) learn_length({buffer_.data(), static_cast<std::size_t>(count)});
    if (socket.got < reply_bytes_) return;
    if (socket.got > reply_bytes_) give_up("replies differ in length");
    ++done_;
    send(socket);
  }

  void learn_length(std::string_view head) {
    constexpr std::string_view kName = "ontent-length: ";
    auto at = head.find("ontent-length: ");
    if (at == std::string_view::npos) at = head.find("ontent-Length: ");
    const auto end = head.find("\r\n\r\n");
    if (at == std::string_view::npos || end == std::string_view::npos) give_up("no length");
    reply_bytes_ = end + 4 + std::stoul(std::string(head.substr(at + kName.size(), 8)));
  }

  const Load load_;
  const std::string request_;
  int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<Socket> sockets_;
  std::vector<char> buffer_ = std::vector<char>(64 << 10);
  std::size_t sent_ = 0, done_ = 0, reply_bytes_ = 0;
};

}  // namespace

LoadCost run_bare(const MockEndpoint& endpoint, const Load& load) {
  return in_child([&] {
    const CpuWatch cpu;
    const StopWatch wall;
    BareLoad(endpoint.port(), load).run();
    return LoadCost{cpu.seconds(), wall.seconds()};
  });
}

}  // namespace iago::bench
