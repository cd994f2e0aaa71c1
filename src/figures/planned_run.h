// What `iago plan` says of a run before its first request: its size, the gap that it can detect,
// its cost and its time. Plain values, which the caller fills.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "figures/mismatches.h"
#include "figures/planned_power.h"
#include "record/message.h"
#include "record/wording.h"

namespace iago {

// The first prompt of an arm of a wording, as an example.
struct ArmPrompt {
  std::string wording, arm;
  std::vector<Message> messages;
  std::string prefill;
};

// What one model is going to be asked. The model is the subject, or one that a judge asks.
struct PlannedModel {
  std::string model;
  std::string judge = {};  // empty: the subject
  std::uint64_t requests = 0, prompt_tokens = 0, most_generated = 0;
  std::optional<double> least_cost, most_cost;  // dollars; absent without a price
  bool is_of_complying = false;  // a judge of reasoning: asked at most, about answers that comply
};

// A limit that a server stated.
struct StatedLimit {
  std::string model, kind;
  double per_minute = 0;
  double at_once = 0;  // what a full allowance holds
};

// What asking the servers for their limits took.
struct ProbeUse {
  std::size_t requests = 0;
  std::uint64_t prompt_tokens = 0, generated_tokens = 0;
  double cost = 0;  // dollars
};

// A checkpoint on this machine. Bytes and seconds are estimates.
struct PlannedCheckpoint {
  std::vector<std::string> notes;      // its chat template, and what its vocabulary lacks
  std::size_t threads = 0, batch = 0;  // sequences at once
  double weight_bytes = 0, cache_bytes_per_token = 0, cache_bytes_at_most = 0;
  double tokens_per_second = 0;
  double seconds_at_most = 0;  // if every reply is as long as allowed
};

// Where the queries come from, and which of the file's are asked.
struct QueryOrigin {
  std::string file;
  std::size_t in_file = 0;
  std::vector<std::string> where;                 // "COLUMN=VALUE"
  std::optional<std::uint64_t> sample_seed = {};  // absent: the first ones, no random sample
};

struct PlannedRun {
  std::string run, folder;      // its id, and where it goes
  std::string model, identity;  // of the subject
  std::string setting, channel;
  std::vector<std::string> wordings, arms, contrasts;
  std::vector<WordingArm> lacking_arms = {};  // arms that a wording lacks: no trials there
  std::size_t queries = 0, trials = 0;
  QueryOrigin origin = {};
  int repeats = 0;
  std::size_t repeats_that_count = 0;  // as samples: one at temperature 0
  double margin_points = 0;
  std::vector<PowerOver> power;  // of the first contrast, what decides first; empty without
  std::vector<ArmPrompt> prompts;
  std::vector<PlannedModel> models;               // the subject first
  std::vector<StatedLimit> limits;                // none unless the servers were asked
  std::optional<double> seconds;                  // that it takes; absent if unknown
  std::string seconds_basis;                      // what `seconds` rests on: "limits", "run NAME"
  std::optional<ProbeUse> probe;                  // absent: nothing was sent
  std::optional<PlannedCheckpoint> checkpoint;    // the subject, if it is local:FOLDER
  std::optional<MismatchReport> mismatches = {};  // if they were asked for
};

// Absent figures are null.
Json to_json(const PlannedRun& run);
// What `iago plan --json` prints: of one run its object, of several {"plans": [...]}.
Json to_json(const std::vector<PlannedRun>& runs);

}  // namespace iago
