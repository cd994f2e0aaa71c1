#include "net/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <deque>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "net/host_header.h"
#include "net/url.h"
#include "testing/net/raw_client.h"

namespace iago {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

// Says back what it was asked.
void echo(ServedRequest request, std::shared_ptr<HttpResponder> answer) {
  answer->respond(200, {{"content-type", "text/plain"}},
                  request.method + " " + std::string(request.path()) + " " + request.body);
}

// Keeps the answers for the test to give.
class Desk {
 public:
  HttpServer::Handler handler() {
    return [this](ServedRequest, std::shared_ptr<HttpResponder> answer) {
      std::lock_guard lock(mutex_);
      answers_.push_back(std::move(answer));
    };
  }
  // The answer to the next request; null if none comes.
  std::shared_ptr<HttpResponder> next() {
    std::shared_ptr<HttpResponder> answer;
    soon([&] {
      std::lock_guard lock(mutex_);
      if (answers_.empty()) return false;
      answer = std::move(answers_.front());
      answers_.pop_front();
      return true;
    });
    return answer;
  }

 private:
  std::mutex mutex_;
  std::deque<std::shared_ptr<HttpResponder>> answers_;
};

TEST(HttpServer, AnswersRequestAfterRequestOnOneConnection) {
  HttpServer server({}, echo);
  RawClient client(server.port());
  client.post("/a?x=1", "one");
  RawResponse first = client.read_response();
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.body, "POST /a one");
  EXPECT_THAT(first.head, HasSubstr("content-type: text/plain"));
  client.get("/b");
  EXPECT_EQ(client.read_response().body, "GET /b ");
  EXPECT_EQ(server.connections(), 1u);
  client.close();
  EXPECT_TRUE(soon([&] { return server.connections() == 0; }));
}

TEST(HttpServer, AnswersRequestsThatWereSentAheadInTheirOrder) {
  Desk desk;
  HttpServer server({}, desk.handler());
  RawClient client(server.port());
  client.post("/", "a");
  client.post("/", "b");
  client.get("/");
  for (std::string body : {"first", "second", "third"}) {
    auto answer = desk.next();
    ASSERT_NE(answer, nullptr);
    answer->respond(200, {}, body);
    EXPECT_EQ(client.read_response().body, body);
  }
}

TEST(HttpServer, ClosesWhenTheClientAsksForIt) {
  HttpServer server({}, echo);
  RawClient client(server.port());
  client.get("/", "Connection: close\r\n");
  EXPECT_EQ(client.read_response().status, 200);
  EXPECT_TRUE(client.closed_by_server());
}

TEST(HttpServer, FindsHeadersWhateverTheirCase) {
  std::string seen;
  HttpServer server({}, [&](ServedRequest request, std::shared_ptr<HttpResponder> answer) {
    seen = std::string(request.header("X-One")) + "|" + std::string(request.header("x-none"));
    answer->respond(200, {}, "");
  });
  RawClient client(server.port());
  client.get("/", "x-ONE: value\r\n");
  EXPECT_EQ(client.read_response().status, 200);
  EXPECT_EQ(seen, "value|");
}

TEST(HttpServer, SendsAStreamPieceByPieceFromAnotherThread) {
  Desk desk;
  HttpServer server({}, desk.handler());
  RawClient client(server.port());
  client.get("/");
  auto answer = desk.next();
  ASSERT_NE(answer, nullptr);
  answer->begin_stream(200, {{"content-type", "text/event-stream"}});
  answer->write("one ");
  EXPECT_TRUE(client.read_until("one ")) << "a piece does not wait for the next one";
  std::thread writer([&] {
    for (int i = 0; i < 100; ++i) answer->write("x");
    answer->write(" end");
    answer->end();
  });
  RawResponse response = client.read_response();
  writer.join();
  EXPECT_TRUE(response.whole);
  EXPECT_EQ(response.body, "one " + std::string(100, 'x') + " end");
  client.get("/");
  auto second = desk.next();
  ASSERT_NE(second, nullptr);
  second->respond(204, {}, "");
  EXPECT_EQ(client.read_response().status, 204) << "the connection lives on";
}

TEST(HttpServer, StreamsToOldClientsWithoutChunks) {
  Desk desk;
  HttpServer server({}, desk.handler());
  RawClient client(server.port());
  client.send("GET / HTTP/1.0\r\n\r\n");
  auto answer = desk.next();
  ASSERT_NE(answer, nullptr);
  answer->begin_stream(200, {});
  answer->write("plain");
  answer->end();
  RawResponse response = client.read_response();
  EXPECT_EQ(response.body, "plain");
}

TEST(HttpServer, TurnsAnAbandonedAnswerIntoAnError) {
  Desk desk;
  HttpServer server({}, desk.handler());
  RawClient client(server.port());
  client.get("/");
  desk.next().reset();
  EXPECT_EQ(client.read_response().status, 500);
  client.get("/");
  auto stream = desk.next();
  ASSERT_NE(stream, nullptr);
  stream->begin_stream(200, {});
  stream->write("half");
  stream.reset();
  EXPECT_FALSE(client.read_response().whole);
}

TEST(HttpServer, TellsTheHandlerOfAClientThatGoes) {
  Desk desk;
  HttpServer server({}, desk.handler());
  for (bool streaming : {false, true}) {
    RawClient client(server.port());
    client.get("/");
    auto answer = desk.next();
    ASSERT_NE(answer, nullptr);
    if (streaming) answer->begin_stream(200, {});
    EXPECT_FALSE(answer->gone().stop_requested());
    client.close();
    EXPECT_TRUE(soon([&] { return answer->gone().stop_requested(); })) << streaming;
    if (streaming) {
      answer->write("to nobody");
      answer->end();
    } else {
      answer->respond(200, {}, "to nobody");
    }
  }
  EXPECT_TRUE(soon([&] { return server.connections() == 0; }));
}

TEST(HttpServer, CutsOffAStreamThatItsClientDoesNotRead) {
  Desk desk;
  HttpServer server({.max_backlog_bytes = 1 << 20}, desk.handler());
  RawClient client(server.port());
  client.get("/");
  auto answer = desk.next();
  ASSERT_NE(answer, nullptr);
  answer->begin_stream(200, {});
  const std::string piece(1 << 16, 'x');
  for (int i = 0; i < 2000; ++i) answer->write(piece);
  EXPECT_TRUE(soon([&] { return answer->gone().stop_requested(); }))
      << "125 MiB were kept for a client that reads nothing";
}

TEST(HttpServer, CutsOffAClientThatTakesNothingForTooLong) {
  Desk desk;
  HttpServer server({.write_timeout = milliseconds(200)}, desk.handler());
  RawClient client(server.port());
  client.get("/");
  auto answer = desk.next();
  ASSERT_NE(answer, nullptr);
  answer->respond(200, {}, std::string(32 << 20, 'x'));  // more than sockets hold
  EXPECT_TRUE(soon([&] { return answer->gone().stop_requested(); }));
  EXPECT_TRUE(soon([&] { return server.connections() == 0; }));
}

TEST(HttpServer, RefusesABodyBeyondTheLimit) {
  HttpServer server({.max_body_bytes = 1000}, echo);
  RawClient fits(server.port());
  fits.post("/", std::string(1000, 'x'));
  EXPECT_EQ(fits.read_response().status, 200);
  RawClient announced(server.port());
  announced.post("/", std::string(1001, 'x'));
  RawResponse refused = announced.read_response();
  EXPECT_EQ(refused.status, 413);
  EXPECT_THAT(refused.body, HasSubstr("at most 1000 bytes"));
  RawClient chunked(server.port());
  chunked.send("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" +
               std::string(2000, 'x') + "\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.read_response().status, 413);
  RawClient huge(server.port());
  huge.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n");
  EXPECT_EQ(huge.read_response().status, 400);
}

TEST(HttpServer, RefusesHeadersBeyondTheLimit) {
  HttpServer server({.max_header_bytes = 1024}, echo);
  RawClient client(server.port());
  client.get("/", "x-long: " + std::string(2000, 'x') + "\r\n");
  EXPECT_EQ(client.read_response().status, 431);
  RawClient target(server.port());
  target.get("/" + std::string(5000, 'x'));
  EXPECT_EQ(target.read_response().status, 431);
}

TEST(HttpServer, RefusesWhatIsNotHttp) {
  HttpServer server({}, echo);
  for (std::string bytes :
       {std::string("hello there\r\n\r\n"), std::string("\x16\x03\x01\x02\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nbad header\r\n\r\n"),
        std::string("GET / HTTP/9.9\r\n\r\n")}) {
    RawClient client(server.port());
    client.send(bytes);
    EXPECT_EQ(client.read_response().status, 400) << bytes;
    EXPECT_TRUE(client.closed_by_server());
  }
  RawClient good(server.port());
  good.get("/");
  EXPECT_EQ(good.read_response().status, 200);
}

// What a client that is cut off after a refusal has sent behind it must never be read as a request.
struct Odd {
  std::string what, head;
  int status = 400;
};

const std::vector<Odd>& odd_heads() {
  using namespace std::string_literals;
  static const std::string ok = "GET / HTTP/1.1\r\nHost: a\r\n";
  static const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  static const std::vector<Odd> all = {
      {"an unknown coding", post + "Transfer-Encoding: xchunked\r\n\r\n", 501},
      {"a coding that packs", post + "Transfer-Encoding: gzip\r\n\r\n", 501},
      {"the old identity", post + "Transfer-Encoding: identity\r\n\r\n", 501},
      {"chunked, not last", post + "Transfer-Encoding: chunked, identity\r\n\r\n"},
      {"chunked, last", post + "Transfer-Encoding: gzip, chunked\r\n\r\n"},
      {"chunked twice in a line", post + "Transfer-Encoding: chunked, chunked\r\n\r\n"},
      {"chunked in two lines",
       post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"a second coding in a line of its own",
       post + "Transfer-Encoding: chunked\r\ntransfer-encoding: x\r\n\r\n"},
      {"no coding", post + "Transfer-Encoding:\r\n\r\n"},
      {"a parameter", post + "Transfer-Encoding: chunked;q=1\r\n\r\n"},
      {"a tab in the coding's name", post + "Transfer-Encoding: \vchunked\r\n\r\n"},
      {"coding and length", post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"length and coding", post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n"},
      {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"two lengths", post + "Content-Length: 0\r\nContent-Length: 44\r\n\r\n"},
      {"one length twice", post + "Content-Length: 0\r\nContent-Length: 0\r\n\r\n"},
      {"a list of lengths", post + "Content-Length: 0, 0\r\n\r\n"},
      {"a signed length", post + "Content-Length: +0\r\n\r\n"},
      {"a negative length", post + "Content-Length: -1\r\n\r\n"},
      {"a length in hexadecimal", post + "Content-Length: 0x0\r\n\r\n"},
      {"no length", post + "Content-Length:\r\n\r\n"},
      {"two hosts", ok + "Host: a\r\n\r\n"},
      {"two hosts of different letters", ok + "hOST: b\r\n\r\n"},
      {"no host", "GET / HTTP/1.1\r\nX: y\r\n\r\n"},
      {"an empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
      {"a user before the host", "GET / HTTP/1.1\r\nHost: localhost@evil.example\r\n\r\n"},
      {"a user and a password", "GET / HTTP/1.1\r\nHost: u:p@localhost\r\n\r\n"},
      {"a port that is none", "GET / HTTP/1.1\r\nHost: localhost:http\r\n\r\n"},
      {"a port out of range", "GET / HTTP/1.1\r\nHost: localhost:65536\r\n\r\n"},
      {"two ports", "GET / HTTP/1.1\r\nHost: localhost:80:80\r\n\r\n"},
      {"an address without its bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"},
      {"two hosts in a line", "GET / HTTP/1.1\r\nHost: localhost, evil.example\r\n\r\n"},
      {"a path in the host", "GET / HTTP/1.1\r\nHost: localhost/x\r\n\r\n"},
      {"a bad host in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a@b\r\n\r\n"},
      {"a URL of another host", "GET http://evil.example/ HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a URL without a host", "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a URL and no host in HTTP/1.0", "GET http://a/x HTTP/1.0\r\n\r\n"},
      {"a URL of another scheme", "GET https://a/x HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a URL with a user", "GET http://a@evil/ HTTP/1.1\r\nHost: a@evil\r\n\r\n"},
      {"a target without a slash", "GET x HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a tunnel", "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"},
      {"two spaces in the request line", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a tab in the request line", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n"},
      {"HTTP/0.9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n"},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"a space before the colon", ok + "Content-Length : 0\r\n\r\n"},
      {"a space before the coding's colon", ok + "Transfer-Encoding : chunked\r\n\r\n"},
      {"a line that is folded", ok + "X: a\r\n Transfer-Encoding: chunked\r\n\r\n"},
      {"a folded coding", ok + "Transfer-Encoding:\r\n chunked\r\n\r\n"},
      {"a fold before the first header", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
      {"a header without a name", ok + ": x\r\n\r\n"},
      {"a header without a colon", ok + "Transfer-Encoding\r\n\r\n"},
      {"an end of line without its CR", ok + "X: y\nTransfer-Encoding: chunked\r\n\r\n"},
      {"an end of line without its LF", ok + "X: y\rTransfer-Encoding: chunked\r\n\r\n"},
      {"only LF", "GET / HTTP/1.1\nHost: a\n\n\r\n\r\n"},
      {"a NUL in a value", ok + "X: a\0b\r\n\r\n"s},
      {"a NUL in a name", ok + "X\0: a\r\n\r\n"s},
      {"a NUL in the target", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"s},
      {"a byte that is no letter in a name", ok + "Transfer\xc2\xad"
                                                  "Encoding: x\r\n\r\n"},
      {"an underlined name of a coding", ok + "Transfer Encoding: chunked\r\n\r\n"}};
  return all;
}

TEST(HttpServer, RefusesHeadsThatCanBeReadInTwoWaysAndCloses) {
  std::atomic<int> handled = 0;
  HttpServer server({}, [&](ServedRequest request, std::shared_ptr<HttpResponder> answer) {
    ++handled;
    echo(std::move(request), std::move(answer));
  });
  for (const Odd& odd : odd_heads()) {
    RawClient client(server.port());
    client.send(odd.head + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
    const RawResponse refused = client.read_response();
    EXPECT_EQ(refused.status, odd.status) << odd.what << ": " << refused.head;
    EXPECT_TRUE(client.closed_by_server()) << odd.what;
    EXPECT_EQ(client.buffer().find("HTTP/1.1 "), std::string::npos) << odd.what;
  }
  EXPECT_EQ(handled, 0) << "none of them is a request";
}

TEST(HttpServer, TakesEveryHeadThatIsInOrder) {
  HttpServer server({}, echo);
  for (const std::string host : {"a", "localhost", "LOCALHOST:8321", "127.0.0.1:1", "[::1]",
                                 "[::1]:65535", "my_host-1.example.org"}) {
    RawClient client(server.port());
    client.send("GET /x HTTP/1.1\r\nHost:  " + host + " \t\r\n\r\n");
    EXPECT_EQ(client.read_response().body, "GET /x ") << host;
  }
  for (const std::string coding : {"chunked", "CHUNKED", " chunked\t"}) {
    RawClient client(server.port());
    client.send("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: " + coding +
                "\r\n\r\n2;name=value\r\nok\r\n0\r\nX-Trailer: y\r\n\r\n");
    EXPECT_EQ(client.read_response().body, "POST /x ok") << coding;
    client.get("/again");
    EXPECT_EQ(client.read_response().body, "GET /again ") << coding;
  }
  RawClient proxied(server.port());
  proxied.send("GET http://a.example:80/x HTTP/1.1\r\nHost: a.example:80\r\n\r\n");
  EXPECT_EQ(proxied.read_response().body, "GET http://a.example:80/x ");
  RawClient bytes(server.port());
  for (char byte : std::string("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 002\r\n\r\nok")) {
    bytes.send(std::string(1, byte));
  }
  EXPECT_EQ(bytes.read_response().body, "POST /x ok") << "whatever the pieces";
}

TEST(HttpServer, RefusesChunksThatCanBeReadInTwoWays) {
  std::atomic<int> handled = 0;
  HttpServer server({}, [&](ServedRequest request, std::shared_ptr<HttpResponder> answer) {
    ++handled;
    echo(std::move(request), std::move(answer));
  });
  for (const std::string chunks :
       {"0x2\r\nok\r\n0\r\n\r\n", "+2\r\nok\r\n0\r\n\r\n", "-1\r\nok\r\n0\r\n\r\n",
        " 2\r\nok\r\n0\r\n\r\n", "2\nok\n0\n\n", "2\r\nokay\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nok\r\n", "\r\n0\r\n\r\n"}) {
    RawClient client(server.port());
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks +
                "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
    const int status = client.read_response().status;
    EXPECT_TRUE(status == 400 || status == 413) << chunks << status;
    EXPECT_TRUE(client.closed_by_server()) << chunks;
  }
  EXPECT_EQ(handled, 0);
}

TEST(HostHeader, IsReadStrictly) {
  struct Case {
    std::string_view value, host;
    int port;
  };
  for (const Case& c : {Case{"Localhost", "localhost", 0}, Case{"a.b-c_d:80", "a.b-c_d", 80},
                        Case{"127.0.0.1:65535", "127.0.0.1", 65535}, Case{"[::1]", "::1", 0},
                        Case{"[FE80::1]:1", "fe80::1", 1}}) {
    const auto parsed = parse_host(c.value);
    ASSERT_TRUE(parsed) << c.value;
    EXPECT_EQ(parsed->host, c.host);
    EXPECT_EQ(parsed->port.value_or(0), c.port) << c.value;
  }
  using namespace std::string_view_literals;
  for (std::string_view value : {""sv,         ":80"sv,     "a:"sv,
                                 "a:0"sv,      "a:65536"sv, "a:99999999999999999999"sv,
                                 "a:8o"sv,     "a:+8"sv,    "a: 80"sv,
                                 "a b"sv,      "u@a"sv,     "u:p@a"sv,
                                 "a/b"sv,      "a?b"sv,     "a#b"sv,
                                 "::1"sv,      "[::1"sv,    "[::1]8"sv,
                                 "[::1]:"sv,   "[]"sv,      "[127.0.0.1]"sv,
                                 "[::1%lo]"sv, "[::1\0]"sv, "a\0b"sv,
                                 "%6c"sv,      "a,b"sv,     "a\xc3\xa9"sv}) {
    EXPECT_FALSE(parse_host(value)) << value;
  }
  EXPECT_FALSE(parse_host(std::string(254, 'a')));
}

TEST(HttpServer, AsksForABodyThatWaitsToBeAskedFor) {
  HttpServer server({}, echo);
  RawClient client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_response().status, 100);
  client.send("ok");
  EXPECT_EQ(client.read_response().body, "POST / ok");
}

TEST(HttpServer, ClosesOnClientsThatAreSilentOrDawdle) {
  HttpServer server({.idle_timeout = milliseconds(100),
                     .header_timeout = milliseconds(200),
                     .body_timeout = milliseconds(200)},
                    echo);
  RawClient silent(server.port());
  EXPECT_TRUE(silent.closed_by_server());
  RawClient half_a_body(server.port());
  half_a_body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nxx");
  EXPECT_TRUE(half_a_body.closed_by_server());
  // A byte now and then does not help: the limit is of all headers together.
  RawClient dripping(server.port());
  dripping.send("GET / HTTP/1.1\r\n");
  EXPECT_TRUE(soon([&] { return !dripping.send("x: y\r\n"); }));
  EXPECT_TRUE(soon([&] { return server.connections() == 0; }));
}

TEST(HttpServer, TurnsAwayConnectionsBeyondTheLimit) {
  HttpServer server({.max_connections = 2}, echo);
  auto first = std::make_unique<RawClient>(server.port());
  RawClient second(server.port());
  first->get("/");
  second.get("/");
  EXPECT_EQ(first->read_response().status, 200);
  EXPECT_EQ(second.read_response().status, 200);
  RawClient third(server.port());
  RawResponse refused = third.read_response();
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.head, HasSubstr("retry-after: "));
  first.reset();
  third.close();
  EXPECT_TRUE(soon([&] { return server.connections() == 1; }));
  RawClient fourth(server.port());
  fourth.get("/");
  EXPECT_EQ(fourth.read_response().status, 200);
}

TEST(HttpServer, HoldsAThousandConnectionsAtOnce) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit before = limit;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4096);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const std::size_t count = std::min<std::size_t>(1000, limit.rlim_cur / 2 - 100);
  {
    HttpServer server({.threads = 2}, echo);
    std::deque<RawClient> clients;
    for (std::size_t i = 0; i < count; ++i) clients.emplace_back(server.port());
    for (RawClient& client : clients) client.post("/", "x");
    for (RawClient& client : clients) ASSERT_EQ(client.read_response().body, "POST / x");
    EXPECT_EQ(server.connections(), count);
  }
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST(HttpServer, FinishesWhatRunsBeforeItStops) {
  Desk desk;
  HttpServer server({}, desk.handler());
  RawClient running(server.port()), idle(server.port());
  running.get("/");
  auto answer = desk.next();
  ASSERT_NE(answer, nullptr);
  answer->begin_stream(200, {});
  answer->write("begun, ");
  std::thread stopping([&] { server.stop(milliseconds(60'000)); });
  EXPECT_TRUE(idle.closed_by_server()) << "nothing runs there";
  EXPECT_TRUE(soon([&] { return !RawClient(server.port()).connected(); }));
  EXPECT_FALSE(answer->gone().stop_requested());
  answer->write("ended");
  answer->end();
  RawResponse response = running.read_response();
  EXPECT_TRUE(response.whole);
  EXPECT_EQ(response.body, "begun, ended");
  EXPECT_TRUE(running.closed_by_server());
  stopping.join();
}

TEST(HttpServer, CutsOffWhatDoesNotFinishInTime) {
  for (bool at_once : {false, true}) {
    Desk desk;
    HttpServer server({}, desk.handler());
    RawClient client(server.port());
    client.get("/");
    auto answer = desk.next();
    ASSERT_NE(answer, nullptr);
    std::stop_source now;
    if (at_once) now.request_stop();
    server.stop(at_once ? milliseconds(60'000) : milliseconds(20), now.get_token());
    EXPECT_TRUE(answer->gone().stop_requested());
    EXPECT_TRUE(client.closed_by_server());
    answer->respond(200, {}, "after the server");  // must find nothing to break
  }
}

TEST(HttpServer, SaysWhatIsWrongWithItsOptions) {
  auto code_of = [](const HttpServerOptions& options) {
    try {
      HttpServer server(options, echo);
    } catch (const Error& error) {
      return name_of(error.code());
    }
    return std::string_view("none");
  };
  EXPECT_EQ(code_of({.host = "example.invalid"}), "invalid");
  EXPECT_EQ(code_of({.threads = 0}), "invalid");
  EXPECT_EQ(code_of({.idle_timeout = milliseconds(0)}), "invalid");
  HttpServer server({}, echo);
  EXPECT_EQ(code_of({.host = "203.0.113.7"}), "disconnected") << "not an address of this machine";
}

TEST(HttpServer, KnowsWhichAddressesStayOnThisMachine) {
  for (const char* host : {"127.0.0.1", "127.9.9.9", "::1", "localhost"}) {
    EXPECT_TRUE(is_loopback(host)) << host;
  }
  for (const char* host :
       {"0.0.0.0", "::", "10.0.0.1", "example.org", "", "127.0.0.1.example.org"}) {
    EXPECT_FALSE(is_loopback(host)) << host;
  }
}

}  // namespace
}  // namespace iago
