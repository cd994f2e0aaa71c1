#include "net/sse.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/error.h"

namespace iago {
namespace {

// "event|id|data" of each event when the text comes in pieces of `size` bytes.
std::vector<std::string> events_of(std::string_view text, std::size_t size) {
  std::vector<std::string> events;
  auto collect = [&](const SseEvent& e) { events.push_back(e.event + "|" + e.id + "|" + e.data); };
  SseParser parser;
  for (std::size_t at = 0; at < text.size(); at += size) {
    parser.feed(text.substr(at, size), collect);
  }
  parser.finish(collect);
  return events;
}

TEST(SseParser, ReadsTheSameEventsInAnyCut) {
  std::string text =
      "\xef\xbb\xbf: comment\r\ndata: one\r\n\r\nevent: delta\rid: 7\rdata:two\rdata: 2\r\r"
      ":\n\ndata: \xe2\x82\xac \xf0\x9f\x98\x80\nretry: 3\nunknown\n\ndata\n\nevent: nothing\n\n"
      "data: last";
  std::vector<std::string> expected = {"||one", "delta|7|two\n2", "||\xe2\x82\xac \xf0\x9f\x98\x80",
                                       "||", "||last"};
  for (std::size_t size = 1; size <= text.size(); ++size) {
    EXPECT_EQ(events_of(text, size), expected) << "pieces of " << size;
  }
}

TEST(SseParser, KeepsBytesThatAreNotUtf8) {
  EXPECT_EQ(events_of("data: a\xff\x80z\n\n", 2), std::vector<std::string>{"||a\xff\x80z"});
}

TEST(SseParser, RefusesAnEventBeyondItsLimit) {
  SseParser parser(100);
  auto ignore = [](const SseEvent&) {};
  std::string line = "data: " + std::string(50, 'x') + "\n";
  parser.feed(line, ignore);
  parser.feed("\n", ignore);
  for (int i = 0; i < 20; ++i) parser.feed(line + "\n", ignore);  // each by itself is short enough
  parser.feed(line, ignore);
  EXPECT_THROW(parser.feed(line, ignore), Error);
  SseParser endless(100);
  EXPECT_THROW(endless.feed(std::string(101, ':'), ignore), Error);
}

}  // namespace
}  // namespace iago
