// A TLS server with a certificate of chosen dates, by the openssl program. For test files only.
#pragma once

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "base/file.h"
#include "testing/net/raw_server.h"

namespace iago {

class TlsServer {
 public:
  // Dates as openssl has them: 20200101000000Z. Not `running()` where there is no openssl.
  TlsServer(const std::string& from, const std::string& to) {
    folder_ =
        std::filesystem::temp_directory_path() / fmt::format("iago-tls-{}-{}", ::getpid(), from);
    std::filesystem::create_directories(folder_);
    if (std::system("openssl version >/dev/null 2>&1") != 0 || !make_certificate(from, to)) return;
    {
      RawServer free([](const std::string&) { return RawReply{}; });
      port_ = free.port();
    }
    child_ = ::fork();
    if (child_ == 0) serve();
    for (int i = 0; i < 200 && !running_; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      running_ = can_connect();
    }
  }
  ~TlsServer() {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
    std::filesystem::remove_all(folder_);
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  bool running() const { return running_; }
  int port() const { return port_; }
  std::string url() const { return fmt::format("https://127.0.0.1:{}/v1", port_); }
  std::string ca_file() const { return (folder_ / "cert.pem").string(); }

 private:
  bool make_certificate(const std::string& from, const std::string& to) const {
    std::string in = folder_.string();
    write_file(folder_ / "ca.cnf",
               fmt::format("[ca]\ndefault_ca=a\n[a]\ndatabase={0}/index\nserial={0}/serial\n"
                           "new_certs_dir={0}\ndefault_md=sha256\npolicy=p\nx509_extensions=x\n"
                           "[p]\ncommonName=supplied\n[x]\n"
                           "subjectAltName=IP:127.0.0.1,DNS:model.invalid\n"
                           "basicConstraints=CA:TRUE\n",
                           in));
    write_file(folder_ / "index", "");
    write_file(folder_ / "serial", "01\n");
    std::string command = fmt::format(
        "cd {0} && openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        " -keyout key.pem -out csr.pem -subj /CN=localhost >/dev/null 2>&1 &&"
        " openssl ca -batch -selfsign -config ca.cnf -keyfile key.pem -in csr.pem -out cert.pem"
        " -notext -startdate {1} -enddate {2} >/dev/null 2>&1",
        in, from, to);
    return std::system(command.c_str()) == 0;
  }

  [[noreturn]] void serve() const {
    if (std::freopen("/dev/null", "w", stdout) == nullptr) ::_exit(1);
    if (std::freopen("/dev/null", "w", stderr) == nullptr) ::_exit(1);
    std::string port = fmt::format("127.0.0.1:{}", port_), cert = ca_file(),
                key = (folder_ / "key.pem").string();
    ::execlp("openssl", "openssl", "s_server", "-accept", port.c_str(), "-cert", cert.c_str(),
             "-key", key.c_str(), "-www", "-quiet", static_cast<char*>(nullptr));
    ::_exit(1);
  }

  bool can_connect() const {
    int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port_));
    bool connected = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return connected;
  }

  std::filesystem::path folder_;
  int port_ = 0;
  pid_t child_ = -1;
  bool running_ = false;
};

}  // namespace iago
