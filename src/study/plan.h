// The plan: every trial of a study with its prompt and its id, before anything is sampled. Pure.
//
// Ids are content hashes, so that resuming means skipping the ids that have a completion, and
// raising repeats, queries or arms adds trials without touching the old ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "record/wording.h"
#include "study/query.h"
#include "study/setting.h"
#include "study/study.h"

namespace iago {

// Who is studied: as the user named it, and the content hash of what answers.
struct Subject {
  std::string name;      // organism:faker
  std::string identity;  // ModelInfo::identity
};

// The prompt of one wording, arm and query, shared by its repeats.
struct PlannedPrompt {
  Prompt prompt;
  std::string wording, arm;
  std::size_t query = 0;     // index into Plan::queries
  std::string request_hash;  // see request_hash()
};

struct Trial {
  std::string id;          // 64 hexadecimal digits; names the random stream (seed, id)
  std::size_t prompt = 0;  // index into Plan::prompts: wording, arm, query, request
  int repeat = 0;          // 0, 1, ...
};

struct Plan {
  std::string run_id;      // the run's folder: helpful-only-faker-1a2b3c4d
  std::string study_hash;  // 64 hexadecimal digits, see study_hash(); run_id ends with its head
  Subject subject;
  std::vector<Query> queries;  // those within the limit, in the set's order
  std::vector<PlannedPrompt> prompts;
  // By query, then wording, then arm, then repeat: equal requests stand together and share their
  // prefix, and a run that is cut off has about as many trials of each wording and arm. An arm that
  // a wording lacks has none there.
  std::vector<Trial> trials;

  const PlannedPrompt& prompt_of(const Trial& trial) const { return prompts[trial.prompt]; }
  const Query& query_of(const Trial& trial) const { return queries[prompt_of(trial).query]; }
};

// What can be said of a plan without its prompts and trials, which take gigabytes for millions of
// them.
struct PlanOutline {
  std::string run_id;
  Subject subject;
  std::size_t queries = 0, trials = 0;
  std::vector<WordingArm> asked, lacking;  // of the study's wordings and arms; lacking: no trials
  std::uint64_t prompt_bytes = 0;          // of the requests of all trials: messages and prefill
};

// As make_plan, with its errors.
PlanOutline outline_plan(const Study& study, const Setting& setting,
                         const std::vector<Query>& queries, const Subject& subject);

// The study must be resolved and belong to the setting and the queries (as load_study returns
// them). Error invalid for more than 20 million trials; errors of render_prompt pass through.
Plan make_plan(const Study& study, const Setting& setting, const std::vector<Query>& queries,
               const Subject& subject);

// A hash's input, one named field after the other; 64 hexadecimal digits come out. Each list below
// is the order in which the fields are hashed (name and value, each behind its length).

// Of the exact request: "request" (version), "messages" (count, then role and text of each),
// "prefill", "temperature", "top_p", "top_k", "max_tokens", "stop" (count, then each), "seed".
std::string request_hash(const Prompt& prompt, const Sampling& sampling, std::uint64_t seed);

// Of a trial: "trial" (version), "request" (the hash above), "subject" (its identity), "setting"
// (name), "wording", "arm", "query" (id), "repeat".
std::string trial_id(std::string_view request_hash, std::string_view subject_identity,
                     std::string_view setting, std::string_view wording, std::string_view arm,
                     std::string_view query_id, int repeat);

// Of a study, whatever its repeats, limit, size of a sample, and choice of arms and wordings:
// "study" (version), "name", "subject" (its identity), "setting" (name), of every arm of the
// setting that exists with the wording "default" "arm" (name) and its prompt, the query's place
// left open ("messages", "prefill"), "parameters" (count, then name and value of each that the
// study sets), "channel", "queries" (the file's name, so that a set may grow and a checkout may
// move; run/changed_study.h holds the queries themselves to those that the run has recorded),
// "text_column", "where" and "sample_seed" of a study that has them (not the sample's size, which
// may grow), "seed", "temperature", "top_p", "top_k", "max_tokens", "stop", "margin", "contrasts"
// and "judges" (count, then each that the study names). What a wording changes is not in it but in
// its trials' ids, so a setting may get another wording, and the run with it; a prompt that a run
// has recorded cannot change (StoreWriter).
std::string study_hash(const Study& study, const Setting& setting, const Subject& subject);

// Of what a setting's arms are told in a channel: "setting" (version), and of every arm that exists
// with the wording "default" "arm" (name) and its prompt, as above. Equal hashes: a judge's error
// that was measured in one is that of the other. The setting has the study's parameters.
std::string setting_hash(const Setting& setting, std::string_view channel);

// study, subject's short name, and the hash's first eight digits, made safe for a folder's name:
// helpful-only-faker-1a2b3c4d of an organism, helpful-only-world-faker-1a2b3c4d of a model of any
// other kind.
std::string run_id(const Study& study, const Subject& subject, std::string_view study_hash);

}  // namespace iago
