// The cost of a study: estimated before it runs, and counted from the store afterwards.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "judge/open_judges.h"
#include "spend/budget.h"
#include "spend/prices.h"
#include "store/store.h"
#include "store/writer.h"
#include "study/plan.h"
#include "study/study.h"

namespace iago {

// The requests to one model: the subject, or a model that judges ask.
struct ModelEstimate {
  std::string model;
  std::string judge = {};  // empty: the subject
  std::uint64_t requests = 0;
  std::uint64_t prompt_tokens = 0;   // about: from the prompts' bytes
  std::uint64_t most_generated = 0;  // if every reply ends at its limit
  std::optional<TokenPrice> price;   // absent: not in the table
  // A judge that is asked only about answers that comply: of the figures above, a part.
  bool is_of_complying = false;

  // The least that is surely used: the prompts, with the fewest tokens that usual text has (and all
  // from the cache, for the price), and one token of each reply. Nothing for judges: the number of
  // answers to judge is not known.
  double sure_tokens() const;
  std::optional<double> sure_cost() const;  // dollars; absent without a price
  // Dollars, at least (every reply empty, the prompts all from the cache where the provider has
  // one) and at most; absent without a price.
  std::optional<double> least_cost() const, most_cost() const;
};

// Of so many requests whose prompts have so many bytes in all, each reply of max_tokens at most.
ModelEstimate estimate_requests(const std::string& model, std::size_t requests, double prompt_bytes,
                                int max_tokens, const PriceTable& prices);

// Of the trials that are left, `left` being indices into plan.trials.
ModelEstimate estimate_subject(const Plan& plan, const Sampling& sampling,
                               const std::vector<std::size_t>& left, const std::string& model,
                               const PriceTable& prices);

// For the judges that ask models, if all of these completions are answered, and comply where
// reasoning is judged of those alone (not `all_reasoning`). A completion is assumed to be as long
// as its limit.
std::vector<ModelEstimate> estimate_judges(const std::vector<JudgeDemand>& demands,
                                           std::uint64_t completions, const Sampling& sampling,
                                           const PriceTable& prices, bool all_reasoning = false);

// All models of a study of which nothing is stored, the subject first.
std::vector<ModelEstimate> estimate_new_study(const LoadedStudy& loaded, const PlanOutline& outline,
                                              const std::filesystem::path& data,
                                              const PriceTable& prices);

// All models of a study, the subject first. Completions that the folder's store or the runs `reuse`
// already have are not counted for the subject; those of `reuse` are counted for the judges. Errors
// of open_runs.
std::vector<ModelEstimate> estimate_study(const LoadedStudy& loaded, const Plan& plan,
                                          const std::filesystem::path& folder,
                                          const std::vector<std::filesystem::path>& reuse,
                                          const std::filesystem::path& data,
                                          const PriceTable& prices);

// Seconds that the trials left will take at the pace of the run's earlier sessions; absent if there
// were none.
std::optional<double> seconds_left(const Plan& plan, const std::filesystem::path& folder);

// The amount that the run spent on its subject and its judges, from its store. Completions taken
// from other runs cost nothing. Zero if there is no store.
Spent spent_in(const std::filesystem::path& folder, const PriceTable& prices);

// What its judges behind URLs took of it, and nothing else: what `iago judge` counts.
Spent spent_on_judges_in(const std::filesystem::path& folder, const PriceTable& prices);

// How many completions the run's store has; 0 if there is no store.
std::uint64_t completed_in(const std::filesystem::path& folder);

// Seconds that the run's sessions worked, from their start; a killed one until its last write.
double seconds_worked(const std::filesystem::path& folder);

// Stores what the run's models behind URLs cost by the table: its subject, and those that its
// recorded judges ask. A price stored before is replaced; it stays where the table has none.
void record_prices(const Store& store, const PriceTable& prices, StoreWriter& writer);

// What an error calls the work, and what it says to do.
struct WhatIsAsked {
  std::string name = "the study";
  std::string hint =
      "iago plan STUDY prints what the study needs; raise the limit, or lower --repeats or --limit";
};

// Error invalid, with the figures, if the amount that is surely used exceeds a limit of dollars or
// tokens. Also if dollars are limited and a model has no price. `before` was already spent.
void refuse_what_cannot_fit(const std::vector<ModelEstimate>& estimates, const BudgetLimits& limits,
                            const Spent& before, const PriceTable& prices,
                            const WhatIsAsked& what = {});

}  // namespace iago
