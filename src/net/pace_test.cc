#include "net/pace.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <queue>

#include "base/random.h"

namespace iago {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

// A server in simulated time. `serve` is told of each arrival and says when and how it ends.
struct Served {
  nanoseconds ends;
  PaceOutcome outcome = PaceOutcome::answered;
  HttpHeaders headers;
};

struct Tally {
  int answered = 0, refused = 0;
  std::size_t limit = 0;
  double mean_in_flight = 0;  // over the last half
};

// Runs an endless supply of requests through a Pace for `length`. Refused requests come back at
// once: the worst that a caller can do.
template <typename Server>
Tally simulate(Server& server, ConcurrencyOptions options, nanoseconds length, RequestCost cost) {
  struct Event {
    nanoseconds at;
    std::shared_ptr<std::pair<Served, Pace::Ticket>> what;
    bool operator>(const Event& other) const { return at > other.at; }
  };
  ManualClock clock;
  Pace pace(options, clock);
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events;
  Tally tally;
  double area = 0;
  nanoseconds measured = 0ns;
  while (clock.steady() < length) {
    nanoseconds wait = nanoseconds::max();
    while (true) {
      Pace::Permission answer = pace.ask(cost);
      if (!answer.ticket) {
        wait = answer.wait;
        break;
      }
      Served served = server.serve(clock.steady(), pace.in_flight());
      events.push({served.ends, std::make_shared<std::pair<Served, Pace::Ticket>>(std::move(served),
                                                                                  *answer.ticket)});
    }
    nanoseconds next = events.empty() ? nanoseconds::max() : events.top().at;
    if (wait != nanoseconds::max()) next = std::min(next, clock.steady() + wait);
    nanoseconds step = std::max(next - clock.steady(), nanoseconds(0));
    if (clock.steady() > length / 2) {
      area += static_cast<double>(pace.in_flight()) * static_cast<double>(step.count());
      measured += step;
    }
    clock.advance(step);
    while (!events.empty() && events.top().at <= clock.steady()) {
      auto [served, ticket] = *events.top().what;
      events.pop();
      bool answered = served.outcome == PaceOutcome::answered;
      pace.ended(ticket, served.outcome, served.headers, answered ? 50 : 0);
      ++(answered ? tally.answered : tally.refused);
    }
  }
  tally.limit = pace.limit();
  tally.mean_in_flight = area / std::max<double>(1, static_cast<double>(measured.count()));
  return tally;
}

// N places; who finds none free waits in line.
class SlotServer {
 public:
  SlotServer(std::size_t slots, double variation)
      : free_at_(slots, 0ns), random_(1, "slots"), variation_(variation) {}
  Served serve(nanoseconds now, std::size_t) {
    auto slot = std::ranges::min_element(free_at_);
    double factor = std::exp(variation_ * random_.normal());
    auto length = nanoseconds(static_cast<std::int64_t>(2e9 * factor));
    *slot = std::max(*slot, now) + length;
    return {*slot};
  }

 private:
  std::vector<nanoseconds> free_at_;
  Random random_;
  double variation_;
};

// The same, but once it refuses for a moment: the first request from `refuses_at` on.
class StumblingServer {
 public:
  StumblingServer(std::size_t slots, nanoseconds refuses_at)
      : slots_(slots, 0.5), refuses_at_(refuses_at) {}
  Served serve(nanoseconds now, std::size_t in_flight) {
    if (now < refuses_at_) return slots_.serve(now, in_flight);
    refuses_at_ = nanoseconds::max();
    return {now + 20ms, PaceOutcome::overloaded};
  }

 private:
  SlotServer slots_;
  nanoseconds refuses_at_;
};

// Early the search is under way, late it is over: 200 places are found within 100 s.
TEST(Pace, FindsAllPlacesAgainAfterOneRefusal) {
  for (nanoseconds refuses_at : {0s, 10s, 150s}) {
    StumblingServer server(200, refuses_at);
    Tally tally = simulate(server, {.first = 4}, 400s, {});
    EXPECT_EQ(tally.refused, 1);
    EXPECT_GT(tally.mean_in_flight, 120) << refuses_at.count();
    EXPECT_LT(tally.mean_in_flight, 400) << refuses_at.count();
  }
}

// Refuses whatever comes beyond its places, and tells no limit.
struct StrictServer {
  std::size_t places;
  Served serve(nanoseconds now, std::size_t in_flight) const {
    if (in_flight > places) return {now + 20ms, PaceOutcome::overloaded};
    return {now + 2s};
  }
};

TEST(Pace, StaysJustBelowWhatAServerRefuses) {
  StrictServer server{.places = 100};
  Tally tally = simulate(server, {}, 1200s, {});
  EXPECT_GT(tally.answered, 0.75 * 100 * 600);
  EXPECT_LT(tally.refused, 0.2 * tally.answered);
}

class SlotsFound : public testing::TestWithParam<std::tuple<std::size_t, double>> {};

TEST_P(SlotsFound, WithinAFactorOfTwo) {
  auto [slots, variation] = GetParam();
  SlotServer server(slots, variation);
  // Long enough for some hundred answers per place.
  Tally tally = simulate(server, {.first = 4}, 600s, {});
  double found = tally.mean_in_flight / static_cast<double>(slots);
  EXPECT_GT(found, 0.5);
  EXPECT_LT(found, 2.0);
}

INSTANTIATE_TEST_SUITE_P(Pace, SlotsFound,
                         testing::Combine(testing::Values(8, 20, 64, 200, 500),
                                          testing::Values(0.0, 0.5)));

// Answers more in all the more it has at once, up to 100, each by itself more slowly.
struct BatchingServer {
  Served serve(nanoseconds now, std::size_t in_flight) {
    double batch = static_cast<double>(std::min<std::size_t>(in_flight, 100));
    double seconds = (1 + 0.02 * batch) * std::max(1.0, static_cast<double>(in_flight) / 100);
    return {now + nanoseconds(static_cast<std::int64_t>(seconds * 1e9))};
  }
};

TEST(Pace, IsNotTimidWithAServerThatBatches) {
  BatchingServer server;
  Tally tally = simulate(server, {.first = 4}, 1200s, {});
  EXPECT_GT(tally.mean_in_flight, 50);
  EXPECT_LT(tally.mean_in_flight, 200);
}

std::string go_duration(double seconds) { return fmt::format("{:.3f}s", seconds); }

// Allows `per_minute` requests, an allowance of that size filling steadily.
class RateServer {
 public:
  enum class Says { headers, nothing };
  RateServer(double per_minute, nanoseconds latency, Says says)
      : per_minute_(per_minute), level_(per_minute), latency_(latency), says_(says) {}
  Served serve(nanoseconds now, std::size_t) {
    level_ = std::min(per_minute_,
                      level_ + per_minute_ / 60 * std::chrono::duration<double>(now - at_).count());
    at_ = now;
    bool taken = level_ >= 1;
    if (taken) level_ -= 1;
    Served served{now + (taken ? latency_ : 20ms),
                  taken ? PaceOutcome::answered : PaceOutcome::refused};
    if (says_ == Says::headers) {
      double left = std::floor(level_);
      served.headers = {
          {"x-ratelimit-limit-requests", fmt::format("{:.0f}", per_minute_)},
          {"x-ratelimit-remaining-requests", fmt::format("{:.0f}", left)},
          {"x-ratelimit-reset-requests", go_duration((per_minute_ - level_) / (per_minute_ / 60))}};
    }
    return served;
  }

 private:
  double per_minute_, level_;
  nanoseconds latency_, at_{0};
  Says says_;
};

class RateFound : public testing::TestWithParam<std::tuple<double, int>> {};

// The whole allowance is what the bucket holds at first and what fills in.
TEST_P(RateFound, UsesNineTenthsWithFewRefusals) {
  auto [per_minute, latency_ms] = GetParam();
  RateServer server(per_minute, std::chrono::milliseconds(latency_ms), RateServer::Says::headers);
  // The search begins at 16 in flight, 3,000 a minute of 9 s each need 450.
  Tally tally = simulate(server, {}, 1200s, {});
  double allowed = per_minute * 21;
  EXPECT_GE(tally.answered, 0.9 * allowed);
  EXPECT_LE(tally.refused, 0.02 * allowed + 16);
}

INSTANTIATE_TEST_SUITE_P(Pace, RateFound,
                         testing::Combine(testing::Values(60, 600, 3000),
                                          testing::Values(50, 2000, 9000)));

TEST(Pace, KeepsBelowALimitThatNoHeaderTells) {
  for (double per_minute : {60.0, 600.0}) {
    RateServer server(per_minute, 500ms, RateServer::Says::nothing);
    Tally tally = simulate(server, {}, 1800s, {});
    double allowed = per_minute * 31;
    EXPECT_GE(tally.answered, 0.85 * allowed) << per_minute;
    // The burst at first, and a probe now and then.
    EXPECT_LE(tally.refused, 0.15 * allowed) << per_minute;
  }
}

// Refuses one request in ten whatever the rate.
struct MoodyServer {
  Random random{1, "moods"};
  Served serve(nanoseconds now, std::size_t) {
    return {now + 500ms, random.chance(0.1) ? PaceOutcome::refused : PaceOutcome::answered};
  }
};

TEST(Pace, DoesNotStarveWhereRefusalsHaveNothingToDoWithItsRate) {
  MoodyServer server;
  Tally tally = simulate(server, {}, 1800s, {});
  EXPECT_GT(tally.answered, 1800 * 3);
}

// Answers at once, and refuses now and then.
struct FastServer {
  double refused_part;
  Random random{1, "moods"};
  Served serve(nanoseconds now, std::size_t) {
    return {now + 5ms, random.chance(refused_part) ? PaceOutcome::refused : PaceOutcome::answered};
  }
};

// A refusal among the first answers tells no rate: those came in the tenth part of a second.
TEST(Pace, IsNotSetByARefusalAmongTheFirstAnswers) {
  for (double refused_part : {0.01, 0.05, 0.1}) {
    FastServer server{.refused_part = refused_part};
    Tally tally = simulate(server, {}, 30s, {});
    // 16 at once would be 3,200 a second; each cooldown takes a fifth of them.
    EXPECT_GT(tally.answered, 30 * 1000) << refused_part;
  }
}

TEST(Pace, TakesNoMoreTokensThanAreLeft) {
  for (const std::string kind : {"input", "output"}) {
    ManualClock clock;
    Pace pace({}, clock);
    RequestCost cost{.input_tokens = kind == "input" ? 1000.0 : 1.0,
                     .output_tokens = kind == "output" ? 1000.0 : 1.0};
    auto first = pace.ask(cost);
    ASSERT_TRUE(first.ticket);
    pace.ended(*first.ticket, PaceOutcome::answered,
               {{"anthropic-ratelimit-" + kind + "-tokens-limit", "6000"},
                {"anthropic-ratelimit-" + kind + "-tokens-remaining", "1500"}},
               10);
    auto second = pace.ask(cost);
    ASSERT_TRUE(second.ticket);
    auto third = pace.ask(cost);
    ASSERT_FALSE(third.ticket) << kind;
    // 500 + up to 1,000 more that may have come in are left; the rest fills in at 100 a second.
    EXPECT_LE(third.wait, 10s);
    clock.advance(10s);
    EXPECT_TRUE(pace.ask(cost).ticket);
  }
}

TEST(Pace, TellsTheLimitsThatHeadersStated) {
  ManualClock clock;
  Pace pace({}, clock);
  auto hear = [&](PaceOutcome outcome, HttpHeaders headers) {
    pace.ended(*pace.ask({.input_tokens = 100}).ticket, outcome, headers, 10);
    return pace.rate_limits();
  };
  EXPECT_TRUE(hear(PaceOutcome::answered, {{"x-ratelimit-limit-requests", "-1"}}).empty());
  // Two hundred a day: the reset says how fast it fills. The other resets are too short to tell.
  auto limits = hear(PaceOutcome::answered, {{"x-ratelimit-limit-requests", "200"},
                                             {"x-ratelimit-remaining-requests", "199"},
                                             {"x-ratelimit-reset-requests", "7m12s"},
                                             {"x-ratelimit-limit-tokens", "30000"},
                                             {"x-ratelimit-remaining-tokens", "29900"},
                                             {"x-ratelimit-reset-tokens", "200ms"}});
  ASSERT_EQ(limits.size(), 2u);
  EXPECT_EQ(limits[0].kind, RateKind::requests);
  EXPECT_EQ(limits[0].size, 200);
  EXPECT_NEAR(limits[0].per_minute(), 200.0 / (24 * 60), 1e-9);
  EXPECT_EQ(limits[1].kind, RateKind::tokens);
  EXPECT_EQ(limits[1].size, 30000);
  EXPECT_NEAR(limits[1].per_minute(), 30000, 1e-9);
  // Another kind is added, a raised limit takes the place of the old one, and slowing down after a
  // refusal changes nothing about what was stated.
  limits = hear(PaceOutcome::refused, {{"x-ratelimit-limit-tokens", "60000"},
                                       {"x-ratelimit-remaining-tokens", "0"},
                                       {"anthropic-ratelimit-output-tokens-limit", "8000"},
                                       {"anthropic-ratelimit-output-tokens-remaining", "8000"}});
  ASSERT_EQ(limits.size(), 3u);
  EXPECT_NEAR(limits[1].per_minute(), 60000, 1e-9);
  EXPECT_EQ(limits[2].kind, RateKind::output_tokens);
  EXPECT_NEAR(limits[2].per_minute(), 8000, 1e-9);
}

TEST(Pace, GivesARequestBeyondTheWholeAllowanceAFullOne) {
  ManualClock clock;
  Pace pace({}, clock);
  auto first = pace.ask({.input_tokens = 10});
  pace.ended(*first.ticket, PaceOutcome::answered,
             {{"x-ratelimit-limit-tokens", "1000"}, {"x-ratelimit-remaining-tokens", "0"}}, 10);
  auto answer = pace.ask({.input_tokens = 5000});
  ASSERT_FALSE(answer.ticket);
  EXPECT_LE(answer.wait, 61s);
  clock.advance(61s);
  EXPECT_TRUE(pace.ask({.input_tokens = 5000}).ticket);
}

TEST(Pace, IsNotHeldBackByARetryAfter) {
  ManualClock clock;
  Pace with({.first = 100}, clock), without({.first = 100}, clock);
  for (int i = 0; i < 400; ++i) {
    for (Pace* pace : {&with, &without}) {
      auto answer = pace->ask({});
      if (!answer.ticket) continue;
      HttpHeaders headers;
      if (pace == &with) headers = {{"retry-after", "3600"}};
      bool refused = i % 40 == 0 && i < 200;
      pace->ended(*answer.ticket, refused ? PaceOutcome::overloaded : PaceOutcome::answered,
                  headers, 1);
    }
    clock.advance(100ms);
  }
  EXPECT_EQ(with.limit(), without.limit());
}

// One answer every 10 ms, whatever the limit, while `share` of it is in flight.
void answer_steadily(ConcurrencyLimit& limit, nanoseconds from, int answers, double share) {
  double occupied = 0;
  for (int i = 0; i < answers; ++i) {
    occupied += 0.01 * share * static_cast<double>(limit.limit());
    limit.answered(from += 10ms, occupied, 1);
  }
}

TEST(ConcurrencyLimit, IsCutOncePerCooldownAndGrowsAgain) {
  ConcurrencyLimit limit({.first = 100, .most = 1000});
  limit.overloaded(1s);
  EXPECT_EQ(limit.limit(), 80u);
  for (int i = 0; i < 50; ++i) limit.overloaded(2s);
  EXPECT_EQ(limit.limit(), 80u);
  answer_steadily(limit, 20s, 300, 1.0);
  EXPECT_GT(limit.limit(), 80u);
  EXPECT_LT(limit.limit(), 100u);
  // Where it was, twice as many bring nothing.
  answer_steadily(limit, 30s, 1000, 1.0);
  EXPECT_EQ(limit.limit(), 100u);
}

TEST(ConcurrencyLimit, StaysWithinItsBounds) {
  ConcurrencyLimit limit({.first = 8, .most = 10, .least = 1});
  for (int i = 0; i < 100; ++i) limit.overloaded(i * 60s);
  EXPECT_EQ(limit.limit(), 1u);
  nanoseconds now = 10000s;
  double occupied = 0;
  for (int i = 0; i < 1000; ++i) {  // each takes a second, however many there are
    now += 1000ms / limit.limit();
    limit.answered(now, ++occupied, 1);
  }
  EXPECT_EQ(limit.limit(), 10u);
}

TEST(ConcurrencyLimit, DoesNotGrowWhileSomethingElseHoldsBack) {
  ConcurrencyLimit limit({.first = 16});
  answer_steadily(limit, 0s, 1000, 0.3);
  EXPECT_EQ(limit.limit(), 16u);
}

}  // namespace
}  // namespace iago
