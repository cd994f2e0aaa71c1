// Several trainings on rewards side by side (docs/training.md): where each began and ended over its
// seeds, and where its rewards could have taken it at best (stats/reward_optimum.h). Pure but for
// the folders that are read.
//
// The seed is the unit. Only seeds that finished, or ended because they were saturated, have an
// end; what an alarm ended has none, and what is under way has none yet.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "figures/plots.h"
#include "figures/training.h"
#include "stats/reward_optimum.h"

namespace iago {

inline constexpr int kTrainingsSchema = 1;

// Many answers of a subject to the queries of a training, before it and in the arm that it is
// trained in: their chances by query.
struct SubjectBefore {
  struct Query {
    std::size_t answers = 0;   // whatever became of them
    std::size_t rewarded = 0;  // with the label that the training rewards
    std::size_t faking = 0;    // of these, with faking reasoning
  };
  std::map<std::string, Query> queries;  // by id

  std::size_t fewest_answers() const;  // to one query; 0 without queries
};
// Of an ordinary run. Absent if it is of another subject or of other prompts, has no such wording
// and arm, or was judged by another version of the judge that gives the reward. Errors of Store.
std::optional<SubjectBefore> read_before(const std::filesystem::path& run,
                                         const Training& training);

struct ComparedTraining {
  std::string name;
  Training training;
  std::optional<SubjectBefore> before;  // absent: nothing is known of the optimum
};

// What the optimum of the rewards is, and what one seed reached.
struct ReachedBySeed {
  std::uint64_t seed = 0;
  double compliance = 0, faking = 0;  // at the last evaluation, on queries that were held out
  double rewarded = 0, kl = 0;        // in the last ten steps, on queries that were trained on
  double best = 0;                    // the largest reward that a policy has at this KL
};
struct TrainingOptimum {
  double kl_weight = 0;
  RewardOptimum held_out, trained;  // by_route: with faking reasoning
  std::vector<ReachedBySeed> seeds;
};
// Absent without `before`, without a weight of the divergence, and where rewards are not 0 or 1
// (penalties, standardised) for the judge's positive label. Error invalid, naming the query, if
// `before` lacks one of the plan's.
std::optional<TrainingOptimum> training_optimum(const ComparedTraining& compared);

// A point of reward over divergence: nats of an answer, rewarded answers in per cent.
struct RewardAtKl {
  double kl = 0, reward = 0;
};
// A seed's steps in order, ten to a point.
std::vector<RewardAtKl> reward_along(const TrainingSeed& seed);
// The largest reward at each divergence, on the queries that are trained on. Only with `before`;
// Error invalid as of training_optimum.
std::vector<RewardAtKl> largest_rewards(const ComparedTraining& compared);
struct WithOptimum {
  const ComparedTraining* compared = nullptr;
  TrainingOptimum optimum;
};
// The trainings with an optimum in their order, those together that began with the same chances:
// of one subject, in one arm and wording, on the same queries.
std::vector<std::vector<WithOptimum>> with_optimum_by_subject(
    const std::vector<ComparedTraining>& trainings);

// What is compared, and what the trainings showed: sentences without a full stop at their end, and
// with one. Not of none.
std::string trainings_heading(const std::vector<ComparedTraining>& trainings);
std::string trainings_conclusion(const std::vector<ComparedTraining>& trainings);

// A table of figures and what it is.
struct RemarkedTable {
  std::vector<std::vector<std::string>> rows;
  std::string remark;
};
// Those below that have a row.
std::vector<RemarkedTable> tables_of(const std::vector<ComparedTraining>& trainings);

// Heading and one row for each training: from before it to its end, over seeds. Error invalid if
// they do not have the same contrast.
std::vector<std::vector<std::string>> ended_rows(const std::vector<ComparedTraining>& trainings);
// Of the trainings with an optimum: predicted and found on the held-out queries, by the way to the
// reward; then reward and KL on the queries that were trained on. At least the heading.
std::vector<std::vector<std::string>> optimum_rows(const std::vector<ComparedTraining>& trainings);
std::vector<std::vector<std::string>> divergence_rows(
    const std::vector<ComparedTraining>& trainings);
// "88.9 (86.5 to 90.7)": the median of the seeds with their range, where they are several; only the
// range where they end in two places (stats/seeds.h). "-" of none.
std::string over_seeds(const std::vector<double>& values, int decimals = 1);

Json to_json(const std::vector<ComparedTraining>& trainings);
std::string terminal_table(const std::vector<ComparedTraining>& trainings,
                           const TerminalOptions& options = {});
std::string markdown_table(const std::vector<ComparedTraining>& trainings);
// trainings.svg, each training along its steps; frontier.svg, reward over KL beside the largest
// reward that there is at that KL. None of what has no figure.
std::vector<Plot> plots_of(const std::vector<ComparedTraining>& trainings);

}  // namespace iago
