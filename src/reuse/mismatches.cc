// For each missed prompt, which request of another run is nearest to it, and in what do they
// differ? To hold every prompt against every other would be quadratic in plans of 10^5 prompts. So
// a request of another run is offered only to the prompts that share something with it by an index:
// the request, the texts, the query. Where nothing is shared one request stands for its arm, and
// one for the run: such a request is far, and which one is shown hardly matters.
//
// The search keeps no texts. `Nearest` holds numbers only, the place of the request among them;
// prompts are then grouped by what differs, and in a second reading each group gets the texts of
// one example.
#include "reuse/mismatches.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "base/hash.h"
#include "reuse/internal/request_difference.h"
#include "reuse/reuse.h"
#include "store/run_folder.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

// How near a request of another run is: the first that holds.
enum class Nearness : std::uint8_t {
  same_request,
  same_texts,      // messages and prefill
  same_arm_query,  // by name, whatever the wording
  same_query,      // in another arm
  same_arm,        // another query
  any,
  none,
};

// An arm of a wording as one key: names hold no NUL.
std::string arm_key(const std::string& wording, const std::string& arm) {
  return wording + '\0' + arm;
}

std::string texts_hash(const std::vector<Message>& messages, std::string_view prefill) {
  Hasher hasher;
  for (const Message& message : messages) {
    hasher.field(name_of(message.role)).field(message.text);
  }
  return hasher.field(prefill).hex();
}

// The nearest request to a missed prompt so far, without its texts.
struct Nearest {
  std::size_t run = 0;      // index into the runs
  std::size_t ordinal = 0;  // of the prompt among that run's
  Nearness nearness = Nearness::none;
  std::size_t message = kAllSame;  // the first that differs
  bool prefill_differs = false;
  std::size_t fields = 0;     // that differ, those of the run included
  std::uint32_t repeats = 0;  // planned there

  // Another query's request is far, however little of it differs.
  auto distance() const {
    return std::tuple(nearness >= Nearness::same_arm, fields, nearness, run);
  }
};

class Explainer {
 public:
  Explainer(const Plan& plan, const Study& study, const std::vector<std::size_t>& missed,
            const std::vector<Store>& runs)
      : plan_(plan), missed_(missed), nearest_(plan.prompts.size()), is_missed_(nearest_.size()) {
    for (const Store& store : runs) {
      others_.push_back(other_run(store));
      run_differences_.push_back(run_differences(plan, study, others_.back()));
    }
    for (std::size_t trial : missed) is_missed_[plan.trials[trial].prompt] = true;
    for (std::size_t p = 0; p < plan.prompts.size(); ++p) {
      if (is_missed_[p]) index(p);
    }
  }

  MismatchReport explain() {
    MismatchReport report{.missed = missed_.size()};
    for (std::size_t run = 0; run < others_.size(); ++run) {
      report.runs.push_back(others_[run].folder());
      hold_against(run);
    }
    if (!others_.empty()) report.groups = groups();
    return report;
  }

 private:
  using Index = std::unordered_map<std::string, std::vector<std::size_t>>;  // to Plan::prompts

  void index(std::size_t p) {
    const PlannedPrompt& prompt = plan_.prompts[p];
    const std::string& query = plan_.queries[prompt.query].id;
    by_request_[prompt.request_hash].push_back(p);
    by_texts_[texts_hash(prompt.prompt.messages, prompt.prompt.prefill)].push_back(p);
    by_query_[query].push_back(p);
    by_arm_[prompt.arm].push_back(p);
  }

  void hold_against(std::size_t run) {
    std::vector<Nearest> of_run(plan_.prompts.size());
    std::set<std::string> seen_arms;
    std::size_t ordinal = 0;
    others_[run].store->for_each_prompt([&](const PromptRow& row) {
      // One request stands for all others of its arm, the very first one for all others.
      bool is_first = seen_arms.empty(), is_arms_first = seen_arms.insert(row.arm).second;
      offer(row, {.run = run, .ordinal = ordinal++}, is_first, is_arms_first, of_run);
      return true;
    });
    for (std::size_t p = 0; p < of_run.size(); ++p) {
      if (of_run[p].nearness == Nearness::none) continue;
      if (nearest_[p].nearness == Nearness::none || of_run[p].distance() < nearest_[p].distance()) {
        nearest_[p] = of_run[p];
      }
    }
  }

  // Holds a request against the missed prompts that it may be the nearest to.
  void offer(const PromptRow& row, Nearest as, bool to_all, bool to_its_arm,
             std::vector<Nearest>& best) const {
    auto offer_to = [&](const Index& prompts, const std::string& key, auto nearness) {
      auto found = prompts.find(key);
      if (found == prompts.end()) return;
      for (std::size_t p : found->second) {
        as.nearness = nearness(p);
        consider(p, row, as, best[p]);
      }
    };
    offer_to(by_request_, row.request_hash, [](auto) { return Nearness::same_request; });
    offer_to(by_texts_, texts_hash(row.messages, row.prefill),
             [](auto) { return Nearness::same_texts; });
    offer_to(by_query_, row.query, [&](std::size_t p) {
      return plan_.prompts[p].arm == row.arm ? Nearness::same_arm_query : Nearness::same_query;
    });
    if (to_its_arm) offer_to(by_arm_, row.arm, [](auto) { return Nearness::same_arm; });
    if (!to_all) return;
    for (const auto& [arm, prompts] : by_arm_) {
      offer_to(by_arm_, arm, [](auto) { return Nearness::any; });
    }
  }

  // Puts `is` in place of `best` if it is nearer.
  void consider(std::size_t p, const PromptRow& row, Nearest is, Nearest& best) const {
    if (is.nearness >= best.nearness) return;
    const Prompt& prompt = plan_.prompts[p].prompt;
    is.message = first_different(row.messages, prompt.messages);
    is.prefill_differs = row.prefill != prompt.prefill;
    is.repeats = row.repeats;
    is.fields = run_differences_[is.run].size() + (is.message != kAllSame) + is.prefill_differs;
    best = is;
  }

  // Did the other run never plan so many repeats of that query?
  static bool is_unplanned(const Trial& trial, const Nearest& nearest) {
    return nearest.nearness < Nearness::same_arm &&
           static_cast<std::uint32_t>(trial.repeat) >= nearest.repeats;
  }
  static bool tells_repeat(const Trial& trial, const Nearest& nearest) {
    return nearest.fields == 0 || is_unplanned(trial, nearest);
  }

  struct Grouped {
    MismatchGroup group;
    Nearest nearest;
    std::size_t trial = 0;
  };

  // The arm's place in the plan, then what one group has in common.
  using Key = std::tuple<std::size_t, std::size_t, std::size_t, bool, bool, bool, bool>;
  using Groups = std::map<Key, Grouped>;

  std::vector<MismatchGroup> groups() const {
    Groups found;
    std::map<std::string, std::size_t> arm_order;
    for (const PlannedPrompt& prompt : plan_.prompts) {
      arm_order.emplace(arm_key(prompt.wording, prompt.arm), arm_order.size());
    }
    for (std::size_t t : missed_) {
      const Trial& trial = plan_.trials[t];
      const Nearest& nearest = nearest_[trial.prompt];
      if (nearest.nearness == Nearness::none) continue;  // runs without any prompt
      const PlannedPrompt& prompt = plan_.prompt_of(trial);
      Key key{arm_order[arm_key(prompt.wording, prompt.arm)],
              nearest.run,
              nearest.message,
              nearest.prefill_differs,
              nearest.nearness >= Nearness::same_arm,
              tells_repeat(trial, nearest),
              is_unplanned(trial, nearest)};
      ++found.try_emplace(key, Grouped{{}, nearest, t}).first->second.group.trials;
    }
    fill_all(found);
    return in_order(found);
  }

  // The nearest requests are read once more, for the groups' texts.
  void fill_all(Groups& groups) const {
    for (std::size_t run = 0; run < others_.size(); ++run) {
      std::multimap<std::size_t, Grouped*> wanted;  // by ordinal
      for (auto& [key, grouped] : groups) {
        if (grouped.nearest.run == run) wanted.emplace(grouped.nearest.ordinal, &grouped);
      }
      if (wanted.empty()) continue;
      std::size_t ordinal = 0;
      others_[run].store->for_each_prompt([&](const PromptRow& row) {
        auto [begin, end] = wanted.equal_range(ordinal++);
        for (auto it = begin; it != end; ++it) fill(row, *it->second);
        return ordinal <= wanted.rbegin()->first;
      });
    }
  }

  // By arm, then most trials first.
  static std::vector<MismatchGroup> in_order(Groups& found) {
    std::vector<std::pair<std::size_t, MismatchGroup>> ordered;
    for (auto& [key, grouped] : found) {
      ordered.emplace_back(std::get<0>(key), std::move(grouped.group));
    }
    std::ranges::stable_sort(ordered, [](const auto& a, const auto& b) {
      return std::tie(a.first, b.second.trials) < std::tie(b.first, a.second.trials);
    });
    std::vector<MismatchGroup> groups;
    for (auto& [arm, group] : ordered) groups.push_back(std::move(group));
    return groups;
  }

  void fill(const PromptRow& row, Grouped& grouped) const {
    const Trial& trial = plan_.trials[grouped.trial];
    const Nearest& nearest = grouped.nearest;
    const Prompt& prompt = plan_.prompt_of(trial).prompt;
    MismatchGroup& group = grouped.group;
    group.wording = plan_.prompt_of(trial).wording;
    group.arm = plan_.prompt_of(trial).arm, group.query = plan_.query_of(trial).id;
    group.repeat = trial.repeat;
    group.run = others_[nearest.run].folder();
    group.nearest_wording = row.wording;
    group.nearest_arm = row.arm, group.nearest_query = row.query;
    auto& found = group.differences;
    found = run_differences_[nearest.run];
    if (nearest.nearness >= Nearness::same_arm) found.push_back(query_difference(group.query));
    if (nearest.message != kAllSame) {
      found.push_back(message_difference(row, prompt, nearest.message));
    }
    if (nearest.prefill_differs) found.push_back(prefill_difference(row.prefill, prompt.prefill));
    if (tells_repeat(trial, nearest)) {
      found.push_back(
          repeat_difference(is_unplanned(trial, nearest), nearest.repeats, trial.repeat));
    }
  }

  const Plan& plan_;
  const std::vector<std::size_t>& missed_;
  std::vector<OtherRun> others_;
  std::vector<std::vector<FieldDifference>> run_differences_;  // by run
  std::vector<Nearest> nearest_;                               // by prompt
  std::vector<bool> is_missed_;                                // by prompt
  Index by_request_, by_texts_, by_query_, by_arm_;
};

}  // namespace

MismatchReport explain_mismatches(const Plan& plan, const Study& study,
                                  const std::vector<std::size_t>& missed,
                                  const std::vector<Store>& runs) {
  return Explainer(plan, study, missed, runs).explain();
}

std::vector<Store> earlier_runs(const fs::path& runs, const std::string& study,
                                const fs::path& own) {
  std::vector<Store> stores;
  for (const fs::path& folder : runs_newest_first(runs, own)) {
    if (stores.size() == kMaxExplainedRuns) break;
    const std::optional<Study> found = study_of_run(folder);
    if (!found || found->name != study) continue;
    try {
      Store store(folder / "run.db");
      other_run(store);  // can its study be read?
      stores.push_back(std::move(store));
    } catch (const Error&) {
      continue;
    }
  }
  return stores;
}

MismatchReport foresee_mismatches(const Plan& plan, const Study& study,
                                  const std::vector<fs::path>& reuse, const fs::path& runs,
                                  const fs::path& own) {
  std::vector<Store> others =
      reuse.empty() ? earlier_runs(runs, study.name, own) : open_runs(reuse, own);
  std::optional<Store> here;
  std::vector<std::size_t> left;
  if (fs::exists(own / "run.db")) here.emplace(own / "run.db");
  auto completed = here ? here->completed_trials() : std::unordered_set<std::string>();
  for (std::size_t i = 0; i < plan.trials.size(); ++i) {
    if (!completed.contains(plan.trials[i].id)) left.push_back(i);
  }
  auto found = reuse_completions(plan, std::move(left), others, here ? &*here : nullptr,
                                 [](std::size_t, const CompletionRow&) { return true; });
  MismatchReport report = explain_mismatches(plan, study, found.left, others);
  report.could_be_taken = found.taken;
  return report;
}

}  // namespace iago
