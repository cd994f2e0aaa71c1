// What `iago plan` tells of a run before anything of it is asked: its size, what it can find, what
// it costs and how long it takes. Plain values, which the caller fills.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "figures/mismatches.h"
#include "record/message.h"

namespace iago {

// The first prompt of an arm, as an example.
struct ArmPrompt {
  std::string arm;
  std::vector<Message> messages;
  std::string prefill;
};

// What one model is asked: the subject, or one that judges ask.
struct PlannedModel {
  std::string model;
  std::string judge = {};  // empty: the subject
  std::uint64_t requests = 0, prompt_tokens = 0, most_generated = 0;
  std::optional<double> least_cost, most_cost;  // dollars; absent without a price
};

// What a server says that it allows.
struct StatedLimit {
  std::string model, kind;
  double per_minute = 0;
  double at_once = 0;  // what a full allowance holds
};

// What it took to ask the servers.
struct ProbeUse {
  std::size_t requests = 0;
  std::uint64_t prompt_tokens = 0, generated_tokens = 0;
  double cost = 0;  // dollars
};

struct PlannedRun {
  std::string run, folder;      // its id, and where it goes
  std::string model, identity;  // of the subject
  std::string setting, channel, variant;
  std::vector<std::string> arms;
  std::size_t queries = 0, trials = 0;
  int repeats = 0;
  double margin_points = 0;
  std::optional<double> detectable_gap_points;  // with 80 % power; absent: none, however large
  std::vector<ArmPrompt> prompts;
  std::vector<PlannedModel> models;               // the subject first
  std::vector<StatedLimit> limits;                // none unless the servers were asked
  std::optional<double> seconds;                  // that it takes; absent if nothing tells
  std::string seconds_basis;                      // what they rest on: "limits", "run NAME", ...
  std::optional<ProbeUse> probe;                  // absent: nothing was sent
  std::optional<MismatchReport> mismatches = {};  // if they were asked for
};

// Absent figures are null.
Json to_json(const PlannedRun& run);
// What `iago plan --json` prints: of one run its object, of several {"plans": [...]}.
Json to_json(const std::vector<PlannedRun>& runs);

}  // namespace iago
