#include "net/curl_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <future>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "base/error.h"
#include "net/http_server.h"
#include "net/url.h"
#include "testing/net/raw_server.h"
#include "testing/net/tls_server.h"

namespace iago {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

HttpRequest post(const std::string& url, const std::string& body = "{}") {
  HttpRequest request;
  request.url = url;
  request.headers = {{"x-api-key", "sk-private"}};
  request.body = body;
  return request;
}

HttpResponse ask(HttpTransport& transport, HttpRequest request, std::stop_token stop = {},
                 HttpTransport::OnData on_data = {}) {
  std::promise<HttpResponse> promise;
  auto response = promise.get_future();
  transport.submit(std::move(request), stop, std::move(on_data),
                   [&](HttpResponse answer) { promise.set_value(std::move(answer)); });
  return response.get();
}

HttpFault fault_of(const HttpResponse& response) {
  EXPECT_TRUE(response.failure) << "status " << response.status;
  return response.failure ? response.failure->fault : HttpFault::invalid;
}

TEST(CurlTransport, PostsAndReadsAndKeepsItsConnection) {
  RawServer server([](const std::string& request) {
    return raw_response(request.substr(request.find("\r\n\r\n") + 4), "X-Name:  a b \r\n");
  });
  CurlTransport transport;
  for (int i = 0; i < 3; ++i) {
    HttpResponse response = ask(transport, post(server.url(), "hello"));
    ASSERT_FALSE(response.failure) << response.failure->message;
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "hello");
    EXPECT_EQ(find_header(response.headers, "x-NAME"), "a b");
    EXPECT_FALSE(find_header(response.headers, "x-other"));
  }
  EXPECT_EQ(server.connections(), 1);
  EXPECT_THAT(server.requests().at(0), HasSubstr("POST /v1 HTTP/1.1\r\n"));
  EXPECT_THAT(server.requests().at(0), HasSubstr("x-api-key: sk-private\r\n"));
  EXPECT_THAT(server.requests().at(0), testing::Not(HasSubstr("Expect")));
}

TEST(CurlTransport, CarriesManyRequestsAtOnce) {
  constexpr int kRequests = 300;
  RawServer server([](const std::string& request) {
    return raw_response(request.substr(request.find("\r\n\r\n") + 4));
  });
  std::mutex mutex;
  std::multiset<std::string> bodies;
  {
    CurlTransport transport;
    std::promise<void> all;
    for (int i = 0; i < kRequests; ++i) {
      transport.submit(post(server.url(), std::to_string(i)), {}, {}, [&](HttpResponse response) {
        std::lock_guard lock(mutex);
        bodies.insert(response.failure ? response.failure->message : response.body);
        if (bodies.size() == kRequests) all.set_value();
      });
    }
    ASSERT_EQ(all.get_future().wait_for(60s), std::future_status::ready);
  }
  for (int i = 0; i < kRequests; ++i) EXPECT_EQ(bodies.count(std::to_string(i)), 1u) << i;
}

TEST(CurlTransport, DecodesGzip) {
  const std::string packed(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\x56\x2a\x49\xad\x28\x51"
      "\xb2\x52\x2a\x48\x4c\xce\x4e\x4d\x51\xaa\x05\x00\xe4\x72\xbe\xed\x11"
      "\x00\x00\x00",
      37);
  RawServer server(
      [&](const std::string&) { return raw_response(packed, "Content-Encoding: gzip\r\n"); });
  CurlTransport transport;
  HttpResponse response = ask(transport, post(server.url()));
  EXPECT_FALSE(response.failure) << response.failure->message;
  EXPECT_EQ(response.body, R"({"text":"packed"})");
  RawServer broken(
      [&](const std::string&) { return raw_response("no gzip", "Content-Encoding: gzip\r\n"); });
  EXPECT_EQ(fault_of(ask(transport, post(broken.url()))), HttpFault::malformed);
}

TEST(CurlTransport, PassesOnTheBodyOfASuccessPieceByPieceAndGathersThatOfAnError) {
  std::string status = "200 OK";
  RawServer server([&](const std::string&) { return raw_response("abc", "", status); });
  CurlTransport transport;
  std::string heard;
  auto listen = [&](std::string_view data) { heard += data; };
  EXPECT_EQ(ask(transport, post(server.url()), {}, listen).body, "");
  EXPECT_EQ(heard, "abc");
  status = "503 Busy";
  HttpResponse refused = ask(transport, post(server.url()), {}, listen);
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.body, "abc");
  EXPECT_EQ(heard, "abc");
}

TEST(CurlTransport, TellsOfAConnectionThatBreaksInTheBody) {
  for (auto then : {RawReply::Then::close, RawReply::Then::reset}) {
    RawServer server([&](const std::string&) {
      return RawReply{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", then};
    });
    CurlTransport transport;
    HttpResponse response = ask(transport, post(server.url() + "?key=hidden"));
    EXPECT_EQ(fault_of(response), HttpFault::reset);
    EXPECT_THAT(response.failure->message, HasSubstr(server.url()));
    EXPECT_THAT(response.failure->message, testing::Not(HasSubstr("hidden")));
  }
}

TEST(CurlTransport, GivesUpASilentServer) {
  RawServer server([](const std::string&) {
    return RawReply{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", RawReply::Then::hold};
  });
  CurlTransport transport;
  HttpRequest request = post(server.url());
  request.timeouts.silence = 200ms;
  HttpResponse response = ask(transport, request);
  EXPECT_EQ(fault_of(response), HttpFault::timeout);
  EXPECT_THAT(response.failure->message, HasSubstr("silence for 0.2 s"));
  request.timeouts = {.total = 200ms};
  EXPECT_THAT(ask(transport, request).failure->message, HasSubstr("no whole response in 0.2 s"));
}

TEST(CurlTransport, TakesNoReplyForSilenceThatWaitedWhileAnotherWasRead) {
  std::atomic<bool> reading = true;
  RawServer server([&](const std::string&) {
    while (!reading) std::this_thread::sleep_for(1ms);
    return raw_response("said");
  });
  RawServer other([](const std::string&) { return raw_response("long"); });
  CurlTransport transport;
  HttpRequest quick = post(server.url());
  quick.timeouts.silence = 1s;
  // Leaves a connection: while one is made, curl's timers look at the socket by themselves.
  EXPECT_EQ(ask(transport, quick).body, "said");
  reading = false;
  std::promise<HttpResponse> promise;
  transport.submit(quick, {}, {}, [&](HttpResponse answer) { promise.set_value(answer); });
  ask(transport, post(other.url()), {}, [&](std::string_view) {
    reading = true;
    std::this_thread::sleep_for(1500ms);
  });
  HttpResponse response = promise.get_future().get();
  EXPECT_FALSE(response.failure) << response.failure->message;
  EXPECT_EQ(response.body, "said");
}

TEST(CurlTransport, DoesNotFollowARedirect) {
  RawServer other([](const std::string&) { return raw_response("stolen"); });
  RawServer server([&](const std::string&) {
    return raw_response("", "Location: " + other.url() + "\r\n", "307 Temporary Redirect");
  });
  CurlTransport transport;
  HttpResponse response = ask(transport, post(server.url()));
  EXPECT_FALSE(response.failure);
  EXPECT_EQ(response.status, 307);
  EXPECT_EQ(find_header(response.headers, "location"), other.url());
  EXPECT_EQ(other.connections(), 0);
}

TEST(CurlTransport, GoesThroughTheProxyOfTheEnvironmentUnlessTheHostIsThisMachine) {
  RawServer proxy([](const std::string&) { return raw_response("by proxy"); });
  RawServer server([](const std::string&) { return raw_response("direct"); });
  ::setenv("http_proxy", proxy.url("").c_str(), 1);
  {
    CurlTransport transport;
    EXPECT_EQ(ask(transport, post("http://model.invalid/v1")).body, "by proxy");
    EXPECT_EQ(ask(transport, post(server.url())).body, "direct");
  }
  ::unsetenv("http_proxy");
  CurlTransport transport({.proxy = proxy.url("")});
  EXPECT_EQ(ask(transport, post("http://model.invalid/v1")).body, "by proxy");
  EXPECT_EQ(ask(transport, post(server.url())).body, "direct");
  EXPECT_THAT(proxy.requests().at(0), HasSubstr("POST http://model.invalid/v1 "));
}

TEST(CurlTransport, TunnelsToTlsThroughTheProxyOfTheEnvironmentAndShowsItNoKey) {
  TlsServer server("20200101000000Z", "20991231000000Z");
  if (!server.running()) GTEST_SKIP() << "the openssl program serves no certificate here";
  RawServer proxy([&](const std::string&) {
    return RawReply{"HTTP/1.1 200 Connected\r\n\r\n", RawReply::Then::tunnel, server.port()};
  });
  ::setenv("https_proxy", proxy.url("").c_str(), 1);
  CurlTransport transport({.ca_file = server.ca_file()});
  HttpRequest get = post("https://model.invalid/v1");
  get.method = "GET";
  HttpResponse response = ask(transport, get);
  ::unsetenv("https_proxy");
  EXPECT_EQ(response.status, 200) << (response.failure ? response.failure->message : "");
  ASSERT_EQ(proxy.requests().size(), 1u);
  EXPECT_THAT(proxy.requests()[0], HasSubstr("CONNECT model.invalid:443 "));
  EXPECT_THAT(proxy.requests()[0], testing::Not(HasSubstr("sk-private")));
}

TEST(CurlTransport, RefusesAnExpiredCertificateAndTakesAValidOne) {
  TlsServer expired("20200101000000Z", "20200201000000Z");
  if (!expired.running()) GTEST_SKIP() << "the openssl program serves no certificate here";
  CurlTransport to_expired({.ca_file = expired.ca_file()});
  HttpResponse refused = ask(to_expired, post(expired.url()));
  EXPECT_EQ(fault_of(refused), HttpFault::untrusted);
  EXPECT_THAT(refused.failure->message, HasSubstr("expired"));
  TlsServer valid("20200101000000Z", "20991231000000Z");
  ASSERT_TRUE(valid.running());
  CurlTransport to_valid({.ca_file = valid.ca_file()});
  HttpRequest get = post(valid.url());
  get.method = "GET";
  HttpResponse taken = ask(to_valid, get);
  EXPECT_EQ(taken.status, 200) << (taken.failure ? taken.failure->message : "");
  CurlTransport without;
  EXPECT_EQ(fault_of(ask(without, post(valid.url()))), HttpFault::untrusted);
}

TEST(CurlTransport, TellsASideThatSpeaksNoTlsFromAHandshakeThatBroke) {
  HttpServer plain({}, [](ServedRequest, std::shared_ptr<HttpResponder>) {});
  CurlTransport transport;
  HttpResponse refused =
      ask(transport, post("https://127.0.0.1:" + std::to_string(plain.port()) + "/v1"));
  EXPECT_EQ(fault_of(refused), HttpFault::untrusted) << refused.failure->message;
  for (int i = 0; i < 5; ++i) {
    auto gone = std::make_unique<RawServer>([](const std::string&) { return RawReply{}; });
    std::promise<HttpResponse> promise;
    transport.submit(post("https://127.0.0.1:" + std::to_string(gone->port()) + "/v1"), {}, {},
                     [&](HttpResponse answer) { promise.set_value(std::move(answer)); });
    while (gone->connections() == 0) std::this_thread::sleep_for(1ms);
    gone.reset();
    HttpResponse broken = promise.get_future().get();
    EXPECT_EQ(fault_of(broken), HttpFault::reset) << broken.failure->message;
  }
}

TEST(CurlTransport, BoundsHeaderAndBody) {
  RawServer server([](const std::string& request) {
    bool header = request.find("POST /header") != std::string::npos;
    return raw_response(std::string(header ? 1 : 5000, 'x'),
                        header ? "X-Long: " + std::string(5000, 'x') + "\r\n" : "");
  });
  CurlTransport transport({.max_header_bytes = 4000});
  HttpRequest request = post(server.url("/body"));
  request.max_response_bytes = 4999;
  EXPECT_EQ(fault_of(ask(transport, request)), HttpFault::too_large);
  request.max_response_bytes = 5000;
  EXPECT_EQ(ask(transport, request).body.size(), 5000u);
  EXPECT_EQ(fault_of(ask(transport, post(server.url("/header")))), HttpFault::too_large);
}

// A response without an end.
RawReply endless(const std::string& piece) {
  return {"HTTP/1.1 200 OK\r\n\r\n" + piece, RawReply::Then::repeat, 0, piece};
}

std::size_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) << 10;
}

TEST(CurlTransport, BoundsTheBodiesUnderWayTogether) {
  constexpr std::size_t kAllowance = std::size_t{4} << 20;
  constexpr int kRequests = 128;
  RawServer server([](const std::string&) { return endless(std::string(16 << 10, 'x')); });
  auto bodies = std::make_shared<BodyAllowance>(kAllowance);
  [[maybe_unused]] const std::size_t before = peak_memory();
  std::atomic<int> ended = 0, crowded = 0;
  std::atomic<std::size_t> most = 0;
  {
    CurlTransport transport({.bodies = bodies});
    for (int i = 0; i < kRequests; ++i) {
      HttpRequest request = post(server.url());
      request.max_response_bytes = std::size_t{8} << 20;
      transport.submit(request, {}, nullptr, [&](HttpResponse response) {
        const HttpFault fault = fault_of(response);
        EXPECT_TRUE(fault == HttpFault::crowded || fault == HttpFault::too_large);
        crowded += fault == HttpFault::crowded;
        most = std::max<std::size_t>(most, bodies->taken());
        ++ended;
      });
    }
    for (int i = 0; i < 6000 && ended < kRequests; ++i) std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(ended, kRequests);
  EXPECT_GT(crowded, 0);
  EXPECT_LE(most, kAllowance + kRequests * BodyRoom::kAlways);
  EXPECT_EQ(bodies->taken(), 0u) << "all was given back";
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they keep what was freed
  EXPECT_LT(peak_memory() - before, std::size_t{96} << 20);
#endif
}

TEST(CurlTransport, TakesSmallBodiesWhileLargeOnesTakeAllTheRoom) {
  RawServer server([](const std::string& request) {
    if (request.find("POST /small") != std::string::npos) return raw_response("small");
    return endless(std::string(16 << 10, 'x'));
  });
  CurlTransport transport({.bodies = std::make_shared<BodyAllowance>(1 << 20)});
  std::stop_source stop;
  std::atomic<int> ended = 0;
  for (int i = 0; i < 8; ++i) {
    transport.submit(post(server.url("/large")), stop.get_token(), nullptr,
                     [&](HttpResponse) { ++ended; });
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ask(transport, post(server.url("/small"))).body, "small");
  while (ended < 7) std::this_thread::sleep_for(1ms);
  stop.request_stop();
}

TEST(CurlTransport, CountsOfAStreamWhatItsReaderHolds) {
  RawServer server([](const std::string&) { return endless(std::string(16 << 10, 'x')); });
  auto bodies = std::make_shared<BodyAllowance>(1 << 20);
  CurlTransport transport({.bodies = bodies});
  HttpRequest request = post(server.url());
  request.max_response_bytes = 4 << 20;
  std::size_t came = 0;
  const auto count = [&](std::string_view bytes) { came += bytes.size(); };
  request.held_bytes = [] { return std::size_t{1000}; };
  EXPECT_EQ(fault_of(ask(transport, request, {}, count)), HttpFault::too_large);
  EXPECT_GT(came, std::size_t{3} << 20) << "more than the allowance: it was read as it came";
  request.held_bytes = [&] { return came; };
  came = 0;
  EXPECT_EQ(fault_of(ask(transport, request, {}, count)), HttpFault::crowded);
  EXPECT_LE(came, std::size_t{2} << 20);
}

TEST(CurlTransport, SaysThatNoMoreFilesCanBeOpened) {
  RawServer server([](const std::string&) { return raw_response("here"); });
  CurlTransport transport;
  EXPECT_EQ(ask(transport, post(server.url())).body, "here");  // all that it opens for itself
  std::vector<int> taken;
  rlimit before{}, few{};
  getrlimit(RLIMIT_NOFILE, &before);
  few = before;
  few.rlim_cur = 64;
  setrlimit(RLIMIT_NOFILE, &few);
  for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) taken.push_back(fd);
  // Another host of this machine, for which it has no connection to use again.
  HttpResponse response =
      ask(transport, post("http://127.0.0.2:" + std::to_string(server.port()) + "/v1"));
  for (int fd : taken) ::close(fd);
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(fault_of(response), HttpFault::no_files);
  EXPECT_THAT(response.failure->message, HasSubstr("64 files"));
  EXPECT_THAT(response.failure->message, HasSubstr("ulimit -n"));
}

TEST(CurlTransport, SendsNothingOfAnInvalidRequest) {
  RawServer server([](const std::string&) { return raw_response("sent"); });
  CurlTransport transport;
  HttpRequest request = post(server.url());
  request.headers = {{"x-api-key", "a\r\nx-other: b"}};
  HttpResponse response = ask(transport, request);
  EXPECT_EQ(fault_of(response), HttpFault::invalid);
  EXPECT_THAT(response.failure->message, testing::Not(HasSubstr("x-other")));
  EXPECT_EQ(fault_of(ask(transport, post("file:///etc/passwd"))), HttpFault::invalid);
  EXPECT_EQ(fault_of(ask(transport, post("no url at all"))), HttpFault::invalid);
  EXPECT_EQ(server.connections(), 0);
}

TEST(CurlTransport, TellsWhoIsNotThere) {
  int port = 0;
  {
    RawServer gone([](const std::string&) { return RawReply{}; });
    port = gone.port();
  }
  CurlTransport transport;
  const HttpResponse refused = ask(transport, post("http://127.0.0.1:" + std::to_string(port)));
  EXPECT_EQ(fault_of(refused), HttpFault::unreachable);
  EXPECT_THAT(refused.failure->message, HasSubstr("Connection refused"));
  EXPECT_THROW(CurlTransport({.ca_file = "/nowhere/ca.pem"}), Error);
}

TEST(CurlTransport, EndsSoonAfterAStopAndWhenItIsDestroyed) {
  RawServer server([](const std::string&) { return RawReply{"", RawReply::Then::hold}; });
  std::vector<HttpFault> faults;
  {
    CurlTransport transport;
    std::stop_source stop;
    std::jthread stopper([&] {
      while (server.requests().empty()) std::this_thread::sleep_for(1ms);
      stop.request_stop();
    });
    EXPECT_EQ(fault_of(ask(transport, post(server.url()), stop.get_token())), HttpFault::cancelled);
    EXPECT_EQ(fault_of(ask(transport, post(server.url()), stop.get_token())), HttpFault::cancelled);
    for (int i = 0; i < 10; ++i) {
      transport.submit(post(server.url()), {}, {},
                       [&](HttpResponse response) { faults.push_back(fault_of(response)); });
    }
  }
  EXPECT_EQ(faults, std::vector<HttpFault>(10, HttpFault::cancelled));
}

TEST(BaseUrl, IsTakenApart) {
  BaseUrl url = parse_base_url("HTTPS://API.Example.com:8443/v1//");
  EXPECT_EQ(url.text, "https://api.example.com:8443/v1");
  EXPECT_EQ(url.host, "api.example.com");
  EXPECT_TRUE(url.tls);
  EXPECT_FALSE(url.loopback);
  for (auto here : {"http://localhost:11434/v1", "http://127.0.0.1", "http://127.8.9.1:80",
                    "http://[::1]:8080/v1", "http://gpu.localhost/"}) {
    EXPECT_TRUE(parse_base_url(here).loopback) << here;
  }
  for (auto elsewhere : {"http://localhost.example.com", "http://127.0.0.1.example.com",
                         "http://10.0.0.1/v1", "http://[::2]:80"}) {
    EXPECT_FALSE(parse_base_url(elsewhere).loopback) << elsewhere;
  }
}

TEST(BaseUrl, IsRejectedWithoutBeingQuoted) {
  for (auto bad : {"", "example.com", "ftp://example.com", "http://", "http://user:pw@example.com",
                   "http://a b/", "http://a?key=pw", "http://a#pw", "http://a:port", "http://[::1",
                   "http://a:123456", "http://a\n"}) {
    try {
      parse_base_url(bad);
      ADD_FAILURE() << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid);
      EXPECT_THAT(error.what(), testing::Not(HasSubstr("pw")));
    }
  }
}

}  // namespace
}  // namespace iago
