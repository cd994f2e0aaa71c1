// Both sides are joined by the hash of the request. `requests_` maps each planned hash to its
// planned prompts and to the places (wording, arm, query) in this run's own store that sent it. For
// each other store one pass over its prompts maps its places to the same entries; then its
// completions stream by, and each is looked up by place. Nothing of the other store is held but
// that map.
//
// The rules of taking: a trial gets at most one completion, the one with its own id if there is
// one; and one act of sampling is used for at most one trial of this run, or it would count as two
// observations. `waits_` holds the first: a trial waits until a completion was taken for it, and
// never again. The second matters only where several prompts or places sent the same request
// (is_shared), so only there are fingerprints kept. They are of the act (time, duration, text), not
// of the text alone: a deterministic model says the same twice, and those are two observations.
//
// If the taking is stopped, the trial in hand still waits; all others are exact.
#include "reuse/reuse.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <system_error>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "base/hash.h"
#include "trial/completion.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

// Where a request belongs in a run.
struct Place {
  std::string wording, arm, query;
};

// As one key: names hold no NUL.
std::string key_of(std::string_view wording, std::string_view arm, std::string_view query) {
  return fmt::format("{}{}{}{}{}", wording, '\0', arm, '\0', query);
}

// Tells one act of sampling from another, also where both brought the same text. The trial's id is
// not in it: another run, or another arm, gives the same act another id.
std::string fingerprint(const CompletionRow& row) {
  Hasher hasher;
  hasher.field(static_cast<std::uint64_t>(row.created.count()))
      .field(std::bit_cast<std::uint64_t>(row.seconds))
      .field(row.request_id)
      .field(row.raw)
      .field(row.reasoning);
  return hasher.hex();
}

std::string checked_id(const std::string& id, const Store& store) {
  if (is_run_id(id)) return id;
  throw Error(ErrorCode::corrupt,
              fmt::format("{}: expected a run's id of 1 to {} bytes, found {}",
                          store.path().string(), kMaxRunIdBytes, id.size()),
              "restore the file from a copy");
}

// The planned prompts that send one request, and the places of this run's store that sent it, those
// of earlier sessions with other arms and wordings included.
struct SameRequest {
  std::vector<std::size_t> prompts;  // indices into Plan::prompts
  std::vector<Place> places;
  bool is_shared() const { return prompts.size() > 1 || places.size() > 1; }
  // Of completions used by this run; kept only for shared requests.
  std::unordered_set<std::string> used;
  bool knows_used = false;
};

class Reuse {
 public:
  Reuse(const Plan& plan, const std::vector<std::size_t>& left, const Store* here,
        const TakeCompletion& take)
      : plan_(plan), here_(here), take_(take), waits_(plan.trials.size()) {
    for (std::size_t trial : left) waits_[trial] = true;
    first_trial_.assign(plan.prompts.size(), plan.trials.size());
    repeats_.assign(plan.prompts.size(), 0);
    for (std::size_t t = 0; t < plan.trials.size(); ++t) {
      std::size_t prompt = plan.trials[t].prompt;
      first_trial_[prompt] = std::min(first_trial_[prompt], t);
      ++repeats_[prompt];
    }
    for (std::size_t p = 0; p < plan.prompts.size(); ++p) {
      requests_[plan.prompts[p].request_hash].prompts.push_back(p);
    }
    if (here != nullptr) add_places(*here);
  }

  // False once `take` wants no more.
  bool take_from(const Store& other) {
    const RunRow run = other.run();
    if (run.subject_identity != plan_.subject.identity) return true;
    taken_from_ = checked_id(run.id, other);
    std::unordered_map<std::string, SameRequest*> places = places_of(other);
    if (places.empty()) return true;
    // Two passes: first each completion goes to the trial with its own id, then what is left to
    // others that sent the same. In one pass a trial could lose its own completion to an earlier
    // one.
    bool others = false;
    bool goes_on = for_each(other, places, [&](SameRequest& request, const CompletionRow& row) {
      auto own = own_trial(request, row);
      others = others || (!own && waiting_trial(request, row));
      return !own || take(request, *own, row);
    });
    if (!goes_on || !others) return goes_on;
    return for_each(other, places, [&](SameRequest& request, const CompletionRow& row) {
      if (own_trial(request, row)) return true;
      auto waiting = waiting_trial(request, row);
      return !waiting || take(request, *waiting, row);
    });
  }

  bool waits(std::size_t trial) const { return waits_[trial]; }

 private:
  void add_places(const Store& here) {
    here.for_each_prompt([&](const PromptRow& prompt) {
      auto found = requests_.find(prompt.request_hash);
      if (found != requests_.end()) {
        found->second.places.push_back({prompt.wording, prompt.arm, prompt.query});
      }
      return true;
    });
  }

  // The other store's places that sent a planned request. The pointers stay good: requests_ gets no
  // new entries after construction.
  std::unordered_map<std::string, SameRequest*> places_of(const Store& other) {
    std::unordered_map<std::string, SameRequest*> places;
    other.for_each_prompt([&](const PromptRow& prompt) {
      auto found = requests_.find(prompt.request_hash);
      if (found != requests_.end()) {
        places[key_of(prompt.wording, prompt.arm, prompt.query)] = &found->second;
      }
      return true;
    });
    return places;
  }

  template <typename Use>
  static bool for_each(const Store& other,
                       const std::unordered_map<std::string, SameRequest*>& places, Use use) {
    bool goes_on = true;
    other.for_each_completion({}, [&](const CompletionRow& row) {
      auto found = places.find(key_of(row.wording, row.arm, row.query));
      if (found != places.end()) goes_on = use(*found->second, row);
      return goes_on;
    });
    return goes_on;
  }

  // The planned trial of a prompt and repeat; plan.trials.size() if the plan has none. The plan
  // lists a prompt's repeats one after the other, from 0 on.
  std::size_t trial_of(std::size_t prompt, std::uint32_t repeat) const {
    return repeat < repeats_[prompt] ? first_trial_[prompt] + repeat : plan_.trials.size();
  }

  // The planned trial that has the row's own id, whether it waits or not.
  std::optional<std::size_t> own_trial(const SameRequest& request, const CompletionRow& row) const {
    for (std::size_t prompt : request.prompts) {
      std::size_t trial = trial_of(prompt, row.repeat);
      if (trial < plan_.trials.size() && plan_.trials[trial].id == row.trial) return trial;
    }
    return std::nullopt;
  }

  std::optional<std::size_t> waiting_trial(const SameRequest& request,
                                           const CompletionRow& row) const {
    for (std::size_t prompt : request.prompts) {
      std::size_t trial = trial_of(prompt, row.repeat);
      if (trial < plan_.trials.size() && waits_[trial]) return trial;
    }
    return std::nullopt;
  }

  // What this run has used of the request in earlier sessions, read when first asked for. Later
  // uses are added by `take`, so that the store, which is written meanwhile, need not be read
  // again.
  void learn_used(SameRequest& request) {
    if (request.knows_used) return;
    request.knows_used = true;
    if (here_ == nullptr) return;
    for (const Place& place : request.places) {
      here_->for_each_completion({.wording = place.wording, .arm = place.arm, .query = place.query},
                                 [&](const CompletionRow& row) {
                                   request.used.insert(fingerprint(row));
                                   return true;
                                 });
    }
  }

  bool take(SameRequest& request, std::size_t trial, const CompletionRow& row) {
    if (!waits_[trial]) return true;
    if (request.is_shared()) {
      learn_used(request);
      if (!request.used.insert(fingerprint(row)).second) return true;
    }
    auto adopted = adopt_completion(plan_, trial, row);
    // The run that asked, however many have handed the completion on.
    adopted.reused_from = row.reused_from.empty() ? taken_from_ : row.reused_from;
    if (!take_(trial, std::move(adopted))) return false;
    waits_[trial] = false;
    return true;
  }

  const Plan& plan_;
  const Store* here_;
  const TakeCompletion& take_;
  std::string taken_from_;                          // the id of the run that is read
  std::vector<bool> waits_;                         // by trial
  std::vector<std::size_t> first_trial_, repeats_;  // by prompt; a prompt's trials stand together
  std::unordered_map<std::string, SameRequest> requests_;  // by request hash
};

}  // namespace

std::vector<Store> open_runs(const std::vector<fs::path>& folders, const fs::path& own) {
  if (folders.size() > kMaxReusedRuns) {
    throw Error(ErrorCode::invalid, fmt::format("--reuse: {} runs given, at most {} are allowed",
                                                folders.size(), kMaxReusedRuns));
  }
  std::vector<Store> stores;
  std::vector<fs::path> seen;
  for (const fs::path& folder : folders) {
    std::error_code status;
    fs::path place = fs::weakly_canonical(folder, status);
    if (place == fs::weakly_canonical(own, status)) continue;
    if (std::ranges::find(seen, place) != seen.end()) continue;
    seen.push_back(place);
    stores.emplace_back(folder / "run.db");
  }
  return stores;
}

ReuseResult reuse_completions(const Plan& plan, std::vector<std::size_t> left,
                              const std::vector<Store>& from, const Store* here,
                              const TakeCompletion& take) {
  ReuseResult result;
  if (left.empty() || from.empty()) {
    result.left = std::move(left);
    return result;
  }
  Reuse reuse(plan, left, here, take);
  for (const Store& store : from) {
    if (!reuse.take_from(store)) break;
  }
  std::size_t before = left.size();
  std::erase_if(left, [&](std::size_t trial) { return !reuse.waits(trial); });
  result.taken = before - left.size();
  result.left = std::move(left);
  return result;
}

}  // namespace iago
