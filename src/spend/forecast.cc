#include "spend/forecast.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "base/error.h"
#include "base/model_name.h"
#include "figures/usage.h"
#include "reuse/reuse.h"
#include "trial/request.h"

namespace iago {
namespace {

constexpr double kBytesPerToken = 4;  // of English prose, about; only for estimates
constexpr double kSurely = 0.6;       // of such an estimate: no usual text has fewer tokens
constexpr double kMillion = 1e6;

void add(Spent& sum, const TokenUsage& counts, const std::optional<TokenPrice>& price) {
  sum.usage += counts;
  if (!price) sum.unpriced_tokens += counts.prompt + counts.generated;
  if (!price) return;
  sum.cost += price->cost(counts);
  sum.saved_by_cache += price->saved_by_cache(counts);
}

std::vector<std::size_t> trials_left(const Plan& plan, const std::filesystem::path& folder) {
  std::unordered_set<std::string> completed;
  if (std::filesystem::exists(folder / "run.db")) {
    completed = Store(folder / "run.db").completed_trials();
  }
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < plan.trials.size(); ++i) {
    if (!completed.contains(plan.trials[i].id)) left.push_back(i);
  }
  return left;
}

// Of the trials left, those that no completion of the runs `reuse` stands for.
std::vector<std::size_t> trials_to_ask(const Plan& plan, std::vector<std::size_t> left,
                                       const std::filesystem::path& folder,
                                       const std::vector<std::filesystem::path>& reuse) {
  if (reuse.empty()) return left;
  std::optional<Store> here;
  if (std::filesystem::exists(folder / "run.db")) here.emplace(folder / "run.db");
  return reuse_completions(plan, std::move(left), open_runs(reuse, folder), here ? &*here : nullptr,
                           [](std::size_t, const CompletionRow&) { return true; })
      .left;
}

}  // namespace

ModelEstimate estimate_requests(const std::string& model, std::size_t requests, double prompt_bytes,
                                int max_tokens, const PriceTable& prices) {
  return {.model = model,
          .requests = requests,
          .prompt_tokens = static_cast<std::uint64_t>(std::ceil(prompt_bytes / kBytesPerToken)),
          .most_generated = requests * static_cast<std::uint64_t>(max_tokens),
          .price = prices.of(model)};
}

double ModelEstimate::sure_tokens() const {
  if (!judge.empty()) return 0;
  return kSurely * static_cast<double>(prompt_tokens) + static_cast<double>(requests);
}

std::optional<double> ModelEstimate::sure_cost() const {
  if (!price) return std::nullopt;
  if (!judge.empty()) return 0.0;
  return kSurely * *least_cost() + static_cast<double>(requests) * price->output / kMillion;
}

std::optional<double> ModelEstimate::least_cost() const {
  if (!price) return std::nullopt;
  if (is_of_complying) return 0.0;
  return static_cast<double>(prompt_tokens) * std::min(price->input, price->cache_read) / kMillion;
}

std::optional<double> ModelEstimate::most_cost() const {
  if (!price) return std::nullopt;
  return (static_cast<double>(prompt_tokens) * std::max(price->input, price->cache_write) +
          static_cast<double>(most_generated) * price->output) /
         kMillion;
}

ModelEstimate estimate_subject(const Plan& plan, const Sampling& sampling,
                               const std::vector<std::size_t>& left, const std::string& model,
                               const PriceTable& prices) {
  double bytes = 0;
  for (std::size_t index : left) {
    const Prompt& prompt = plan.prompt_of(plan.trials[index]).prompt;
    bytes += static_cast<double>(prompt.prefill.size());
    for (const Message& message : prompt.messages) {
      bytes += static_cast<double>(message.text.size());
    }
  }
  return estimate_requests(model, left.size(), bytes, sampling.max_tokens, prices);
}

std::vector<ModelEstimate> estimate_judges(const std::vector<JudgeDemand>& demands,
                                           std::uint64_t completions, const Sampling& sampling,
                                           const PriceTable& prices, bool all_reasoning) {
  std::vector<ModelEstimate> estimates;
  for (const JudgeDemand& demand : demands) {
    const std::uint64_t requests = completions * static_cast<std::uint64_t>(demand.votes);
    const double each = static_cast<double>(demand.rubric_bytes) / kBytesPerToken +
                        static_cast<double>(sampling.max_tokens);
    estimates.push_back(
        {.model = demand.model,
         .judge = demand.judge,
         .requests = requests,
         .prompt_tokens = static_cast<std::uint64_t>(static_cast<double>(requests) * each),
         .most_generated = requests * static_cast<std::uint64_t>(demand.max_tokens),
         .price = prices.of(demand.model),
         .is_of_complying = demand.is_of_reasoning && !all_reasoning});
  }
  return estimates;
}

std::vector<ModelEstimate> estimate_new_study(const LoadedStudy& loaded, const PlanOutline& outline,
                                              const std::filesystem::path& data,
                                              const PriceTable& prices) {
  const Study& study = loaded.study;
  std::vector<ModelEstimate> estimates = {estimate_requests(
      outline.subject.name, outline.trials, static_cast<double>(outline.prompt_bytes),
      study.sampling.max_tokens, prices)};
  for (ModelEstimate& judge :
       estimate_judges(judge_demands(study.judges, data, study.judge_model), outline.trials,
                       study.sampling, prices, study.all_reasoning)) {
    estimates.push_back(std::move(judge));
  }
  return estimates;
}

std::vector<ModelEstimate> estimate_study(const LoadedStudy& loaded, const Plan& plan,
                                          const std::filesystem::path& folder,
                                          const std::vector<std::filesystem::path>& reuse,
                                          const std::filesystem::path& data,
                                          const PriceTable& prices) {
  const Study& study = loaded.study;
  const std::vector<std::size_t> left = trials_left(plan, folder);
  std::vector<ModelEstimate> estimates = {estimate_subject(
      plan, study.sampling, trials_to_ask(plan, left, folder, reuse), plan.subject.name, prices)};
  for (ModelEstimate& judge :
       estimate_judges(judge_demands(study.judges, data, study.judge_model), left.size(),
                       study.sampling, prices, study.all_reasoning)) {
    estimates.push_back(std::move(judge));
  }
  return estimates;
}

std::optional<double> seconds_left(const Plan& plan, const std::filesystem::path& folder) {
  if (!std::filesystem::exists(folder / "run.db")) return std::nullopt;
  Store store(folder / "run.db");
  double seconds = 0;
  for (const SessionRow& session : store.sessions()) seconds += session.sampling_s;
  const auto stored = static_cast<double>(store.completion_count());
  if (seconds <= 0 || stored <= 0) return std::nullopt;
  return static_cast<double>(trials_left(plan, folder).size()) * seconds / stored;
}

Spent spent_in(const std::filesystem::path& folder, const PriceTable& prices) {
  Spent spent;
  if (!std::filesystem::exists(folder / "run.db")) return spent;
  for (const ModelUsage& usage : usage_of(Store(folder / "run.db"))) {
    add(spent, usage.tokens, prices.of(usage.model));
  }
  return spent;
}

Spent spent_on_judges_in(const std::filesystem::path& folder, const PriceTable& prices) {
  Spent spent;
  if (!std::filesystem::exists(folder / "run.db")) return spent;
  for (const ModelUsage& usage : usage_of(Store(folder / "run.db"))) {
    if (usage.judge.empty() || !is_endpoint(usage.model)) continue;
    add(spent, usage.tokens, prices.of(usage.model));
  }
  return spent;
}

std::uint64_t completed_in(const std::filesystem::path& folder) {
  if (!std::filesystem::exists(folder / "run.db")) return 0;
  return Store(folder / "run.db").completion_count();
}

double seconds_worked(const std::filesystem::path& folder) {
  double seconds = 0;
  if (!std::filesystem::exists(folder / "run.db")) return seconds;
  for (const SessionRow& session : Store(folder / "run.db").sessions()) seconds += session.wall_s;
  return seconds;
}

void record_prices(const Store& store, const PriceTable& prices, StoreWriter& writer) {
  std::vector<PriceRow> rows;
  const auto add = [&](std::string_view model) {
    const auto price = is_endpoint(model) ? prices.of(model) : std::nullopt;
    if (price) rows.push_back({std::string(model), *price, prices.date()});
  };
  add(store.run().subject);
  for (const JudgeRow& judge : store.judges()) add(model_in_judge_name(judge.name));
  if (!rows.empty()) writer.record_prices(rows);
}

void refuse_what_cannot_fit(const std::vector<ModelEstimate>& estimates, const BudgetLimits& limits,
                            const Spent& before, const PriceTable& prices,
                            const WhatIsAsked& what) {
  double cost = 0, tokens = 0;  // that are surely used; where nothing is left to ask, none
  for (const ModelEstimate& estimate : estimates) {
    if (limits.max_cost && !estimate.price) {
      throw Error(
          ErrorCode::invalid,
          fmt::format("--max-cost: {} has no price for {}", prices.source(), estimate.model),
          "add the model to a copy of the table and give that to --prices, or use --max-tokens "
          "instead");
    }
    tokens += estimate.sure_tokens();
    cost += estimate.sure_cost().value_or(0);
  }
  if (limits.max_cost && cost > 0 && before.cost + cost > *limits.max_cost) {
    throw Error(ErrorCode::invalid,
                fmt::format("{} cannot fit: its prompts and one token of each reply cost at least "
                            "${:.2f} (including ${:.2f} spent before), the limit is ${:.2f}",
                            what.name, before.cost + cost, before.cost, *limits.max_cost),
                what.hint);
  }
  const double tokens_in_all = static_cast<double>(before.tokens()) + tokens;
  if (limits.max_tokens && tokens > 0 && tokens_in_all > static_cast<double>(*limits.max_tokens)) {
    throw Error(ErrorCode::invalid,
                fmt::format("{} cannot fit: its prompts and one token of each reply take at least "
                            "{:.0f} tokens (including {} spent before), the limit is {}",
                            what.name, tokens_in_all, before.tokens(), *limits.max_tokens),
                what.hint);
  }
}

}  // namespace iago
