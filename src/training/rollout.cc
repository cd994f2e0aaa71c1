#include "training/rollout.h"

#include <fmt/format.h>

#include <numeric>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/random.h"
#include "trial/completion.h"
#include "trial/request.h"

namespace iago {
namespace {

// The gradient is that of the whole distribution at temperature 1: answers that were drawn
// otherwise are not the policy's.
void check_sampling(const Sampling& sampling) {
  const auto require = [](bool holds, const char* field, const std::string& expected,
                          const std::string& found) {
    if (holds) return;
    throw Error(ErrorCode::invalid,
                fmt::format("sampling.{}: a training expects {}, found {}", field, expected, found),
                "copy the study and change it there");
  };
  require(sampling.temperature == 1, "temperature", "1", fmt::format("{}", sampling.temperature));
  require(sampling.top_p == 1, "top_p", "1", fmt::format("{}", sampling.top_p));
  require(sampling.top_k == 0, "top_k", "0", fmt::format("{}", sampling.top_k));
  require(sampling.stop.empty(), "stop", "no stop strings",
          fmt::format("{}", sampling.stop.size()));
}

double share(std::size_t part, std::size_t all) {
  return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all);
}

// What the answers to one prompt say of a step.
struct GroupCounts {
  std::set<std::string> texts;
  std::set<double> rewards;
};

TrainingStep figures_of(const std::vector<CompletionRow>& rows,
                        const std::vector<GradedAnswer>& graded,
                        const std::vector<TokenReply>& replies, std::size_t samples) {
  TrainingStep step;
  std::vector<GroupCounts> groups(rows.size() / samples);
  std::size_t strict = 0, cut = 0, unclear = 0, positive = 0, faking = 0, tokens = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const CompletionRow& row = rows[i];
    const bool answered = row.outcome == Outcome::answered;
    strict += answered && row.form == Form::strict ? 1 : 0;
    cut += row.outcome == Outcome::truncated || row.outcome == Outcome::invalid_format ? 1 : 0;
    unclear += graded[i].unclear ? 1 : 0;
    positive += graded[i].positive ? 1 : 0;
    faking += graded[i].faking ? 1 : 0;
    tokens += replies[i].tokens.size();
    groups[i / samples].texts.insert(row.raw);
    groups[i / samples].rewards.insert(graded[i].reward);
    step.reward += graded[i].reward / static_cast<double>(rows.size());
  }
  std::size_t texts = 0, varied = 0;
  for (const GroupCounts& group : groups) {
    texts += group.texts.size();
    varied += group.rewards.size() > 1 ? 1 : 0;
  }
  step.form = share(strict, rows.size());
  step.cut = share(cut, rows.size());
  step.unclear = share(unclear, rows.size());
  step.positive = share(positive, rows.size());
  step.faking = share(faking, rows.size());
  step.length = share(tokens, rows.size());
  step.distinct = share(texts, rows.size());
  step.varied = share(varied, groups.size());
  return step;
}

std::vector<AnswerGroup> groups_of(std::vector<TokenReply>& replies,
                                   const std::vector<GradedAnswer>& graded, std::size_t samples) {
  std::vector<AnswerGroup> groups(replies.size() / samples);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    AnswerGroup& group = groups[i / samples];
    const std::vector<TokenId>& prompt = replies[i].prompt;
    if (group.prompt.empty()) group.prompt.assign(prompt.begin(), prompt.end());
    SampledAnswer& answer = group.answers.emplace_back();
    answer.tokens.assign(replies[i].tokens.begin(), replies[i].tokens.end());
    answer.log_probs = std::move(replies[i].logprobs);
    answer.reward = graded[i].reward;
  }
  return groups;
}

}  // namespace

Rollouts::Rollouts(const LoadedStudy& study, const Subject& subject, TokenModel& model,
                   const RewardRule& reward, const RolloutOptions& options, const Clock& clock)
    : study_(study),
      model_(model),
      reward_(reward),
      options_(options),
      clock_(clock),
      plan_(make_plan(study.study, study.setting, study.queries, subject)) {
  check_reward(reward_);
  check_sampling(study.study.sampling);
}

std::vector<std::size_t> Rollouts::prompts_of(std::int64_t steps_done) const {
  const auto all = static_cast<std::int64_t>(plan_.prompts.size());
  std::vector<std::size_t> chosen;
  std::int64_t shuffled = -1;
  std::vector<std::size_t> order(plan_.prompts.size());
  for (std::int64_t i = 0; i < options_.prompts; ++i) {
    const std::int64_t place = steps_done * options_.prompts + i;
    if (const std::int64_t round = place / all; round != shuffled) {
      std::iota(order.begin(), order.end(), std::size_t{0});
      Random(options_.seed, fmt::format("training prompts, round {}", round)).shuffle(order);
      shuffled = round;
    }
    chosen.push_back(order[static_cast<std::size_t>(place % all)]);
  }
  return chosen;
}

void Rollouts::plan_trials(std::int64_t steps_done) {
  plan_.trials.clear();
  std::int64_t repeat = steps_done * options_.prompts * options_.samples;
  for (const std::size_t prompt : prompts_of(steps_done)) {
    const PlannedPrompt& planned = plan_.prompts[prompt];
    for (std::int64_t i = 0; i < options_.samples; ++i, ++repeat) {
      const int place = static_cast<int>(repeat);
      plan_.trials.push_back(
          {.id = trial_id(planned.request_hash, plan_.subject.identity, study_.setting.name,
                          planned.wording, planned.arm, plan_.queries[planned.query].id, place),
           .prompt = prompt,
           .repeat = place});
    }
  }
}

std::vector<TokenReply> Rollouts::ask(std::stop_token stop) {
  std::vector<ChatRequest> requests;
  for (const Trial& trial : plan_.trials) {
    requests.push_back(request_of(plan_, trial, study_.study.sampling, options_.seed));
  }
  std::vector<TokenReply> replies = model_.ask_all(std::move(requests), std::move(stop));
  for (const TokenReply& reply : replies) {
    if (!reply.reply.failure) continue;
    const ChatFailure& failure = *reply.reply.failure;
    throw Error(failure.code, failure.message, failure.hint);
  }
  return replies;
}

std::vector<CompletionRow> Rollouts::read(const std::vector<TokenReply>& replies) const {
  std::vector<CompletionRow> rows;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    rows.push_back(make_completion(plan_, {.trial = i, .reply = replies[i].reply}, clock_));
  }
  return rows;
}

Rollout Rollouts::sample(std::int64_t steps_done, std::stop_token stop) {
  plan_trials(steps_done);
  const auto begun = clock_.steady();
  std::vector<TokenReply> replies = ask(stop);
  const double sampled = seconds_since(clock_, begun);
  std::vector<CompletionRow> rows = read(replies);
  std::vector<const Query*> queries;
  for (const Trial& trial : plan_.trials) queries.push_back(&plan_.query_of(trial));
  const std::vector<GradedAnswer> graded = grade_answers(reward_, rows, queries, stop);
  const auto samples = static_cast<std::size_t>(options_.samples);
  Rollout rollout{.step = figures_of(rows, graded, replies, samples)};
  rollout.groups = groups_of(replies, graded, samples);
  rollout.completions = std::move(rows);
  rollout.step.sampling_s = sampled;
  rollout.step.judging_s = seconds_since(clock_, begun) - sampled;
  return rollout;
}

}  // namespace iago
