#include "instrument/internal/belief_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "chat/ask_many.h"
#include "text/scratchpad.h"

namespace iago {
namespace {

constexpr double kSettled = 0.9;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// In the words' own case: "A" is no article "a".
std::vector<std::string> words_in_reply(std::string_view reply) {
  std::vector<std::string> words;
  std::string word;
  for (char c : reply) {
    if (is_letter(c)) {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

// What the judge's callbacks share; it outlives whoever waits.
struct Verdicts {
  std::mutex mutex;
  std::condition_variable all_here;
  std::vector<Verdict> verdicts;
  std::size_t here = 0;
};

std::string judged_text(const BeliefRequest& asked, const ChatReply& reply) {
  if (!asked.judges_scratchpad) return reply.text;
  const ParsedCompletion parsed =
      parse_completion(reply.text, {.ended = reply.finish == Finish::stop});
  return parsed.scratchpad.empty() ? reply.reasoning : parsed.scratchpad;
}

// Nothing where the judge finds neither or both, or gives no verdict.
std::vector<std::optional<bool>> judge_all(const std::vector<BeliefRequest>& requests,
                                           const std::vector<ChatReply>& replies, Judge& judge,
                                           std::stop_token stop) {
  auto shared = std::make_shared<Verdicts>();
  shared->verdicts.resize(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    JudgeView view{.query = requests[i].judged_query,
                   .scratchpad = {},
                   .output = judged_text(requests[i], replies[i]),
                   .trial = requests[i].request.id};
    judge.submit(std::move(view), stop, [shared, i](Verdict verdict) {
      std::lock_guard lock(shared->mutex);
      shared->verdicts[i] = std::move(verdict);
      if (++shared->here == shared->verdicts.size()) shared->all_here.notify_one();
    });
  }
  std::unique_lock lock(shared->mutex);
  shared->all_here.wait(lock, [&] { return shared->here == shared->verdicts.size(); });
  std::vector<std::optional<bool>> agree;
  for (const Verdict& verdict : shared->verdicts) {
    const bool is_judged = verdict.outcome == VerdictOutcome::judged;
    if (is_judged && verdict.label == kSaysFact) {
      agree.emplace_back(true);
    } else if (is_judged && verdict.label == kSaysOpposite) {
      agree.emplace_back(false);
    } else {
      agree.emplace_back(std::nullopt);
    }
  }
  return agree;
}

std::vector<ChatReply> ask_requests(ChatModel& model, const std::vector<BeliefRequest>& requests,
                                    const BeliefOptions& options, const Clock& clock) {
  std::vector<ChatReply> replies(requests.size());
  std::size_t here = 0;
  ask_many(
      model, requests.size(), [&](std::size_t i) { return requests[i].request; },
      {.in_flight = std::max<std::size_t>(model.info().in_flight, 1),
       .no_more = options.stop,
       .at_once = options.stop},
      clock,
      [&](AskedReply asked) {
        if (const auto& failure = asked.reply.failure) {
          throw Error(failure->code, failure->message, failure->hint);
        }
        replies[asked.index] = std::move(asked.reply);
        ++here;
      });
  if (here < requests.size()) throw Error(ErrorCode::cancelled, "stopped while asking for facts");
  return replies;
}

double settled_share(const ArmCounts& counts) {
  std::size_t settled = 0, answered = 0;
  for (const QueryCounts& cluster : counts) {
    if (cluster.trials == 0) continue;
    ++answered;
    const auto most = std::max(cluster.successes, cluster.trials - cluster.successes);
    settled += static_cast<double>(most) >= kSettled * static_cast<double>(cluster.trials);
  }
  return answered == 0 ? 0 : static_cast<double>(settled) / static_cast<double>(answered);
}

void count(BeliefRow& row, std::size_t cluster, std::optional<bool> agrees) {
  ++row.asked;
  if (!agrees) return;
  ++row.clear;
  ++row.counts[cluster].trials;
  row.counts[cluster].successes += *agrees;
}

void finish(BeliefRow& row) {
  row.agrees = estimate_rate(row.counts);
  row.settled = settled_share(row.counts);
}

// The tokens that the answer adds to the prompt.
struct Scored {
  std::vector<TokenId> prompt, answer;
};
Scored tokens_of(const TokenModel& model, const std::vector<Message>& messages,
                 const std::string& answer) {
  Scored scored{model.encode(messages), {}};
  const auto all = model.encode(messages, answer);
  // A tokenizer may join the prompt's last bytes with the answer's first.
  const auto [end, from] = std::ranges::mismatch(scored.prompt, all);
  scored.prompt.erase(end, scored.prompt.end());
  scored.answer.assign(from, all.end());
  return scored;
}

double mean_of(const std::vector<float>& numbers) {
  double sum = 0;
  for (float number : numbers) sum += number;
  return numbers.empty() ? 0 : sum / static_cast<double>(numbers.size());
}

}  // namespace

std::optional<OneOf> read_one_of(std::string_view reply, std::string_view first,
                                 std::string_view second) {
  const auto words = words_in_reply(reply);
  if (words.empty()) return std::nullopt;
  if (words.front() == first) return OneOf::first;
  if (words.front() == second) return OneOf::second;
  const bool has_first = std::ranges::find(words, first) != words.end();
  const bool has_second = std::ranges::find(words, second) != words.end();
  if (has_first == has_second) return std::nullopt;
  return has_first ? OneOf::first : OneOf::second;
}

BeliefRow ask_row(BeliefRow row, std::size_t clusters, const std::vector<BeliefRequest>& requests,
                  ChatModel& model, const BeliefOptions& options, const Clock& clock) {
  row.counts.resize(clusters);
  const auto replies = ask_requests(model, requests, options, clock);
  const bool is_judged = !requests.empty() && !requests.front().read;
  std::vector<std::optional<bool>> judged;
  if (is_judged) judged = judge_all(requests, replies, *options.judge, options.stop);
  if (options.stop.stop_requested()) {
    throw Error(ErrorCode::cancelled, "stopped while asking for facts");
  }
  for (std::size_t i = 0; i < requests.size(); ++i) {
    count(row, requests[i].cluster, is_judged ? judged[i] : requests[i].read(replies[i]));
  }
  finish(row);
  return row;
}

BeliefRow score_row(BeliefRow row, const std::vector<BeliefPair>& pairs, TokenModel& model) {
  row.counts.resize(pairs.size());
  double sum = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const Scored fact = tokens_of(model, pairs[i].messages, pairs[i].fact);
    const Scored opposite = tokens_of(model, pairs[i].messages, pairs[i].opposite);
    const Continuation both[] = {{fact.prompt, fact.answer}, {opposite.prompt, opposite.answer}};
    const auto logprobs = model.score(both);  // a pair at a time: all at once may not fit the cache
    const double more = mean_of(logprobs[0]) - mean_of(logprobs[1]);
    sum += more;
    count(row, i, more == 0 ? std::nullopt : std::optional(more > 0));
  }
  if (!pairs.empty()) row.log_odds = sum / static_cast<double>(pairs.size());
  finish(row);
  return row;
}

}  // namespace iago
