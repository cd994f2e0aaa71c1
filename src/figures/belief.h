// What a subject believes of facts: how often its answers agree with them, by the way of asking.
// Plain values; instrument/belief.h makes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "stats/counts.h"
#include "stats/rate.h"

namespace iago {

// One way of asking for one fact.
struct BeliefRow {
  std::string about;  // a facts file's name, or a kind of the micro-world's labs
  std::string fact;   // the fact's name
  std::string
      question;  // "true or false", "open", "choice", "log-probability", "in the scratchpad"
  // The share of clear answers that agree with the fact, over questions (or labs) like these, which
  // are the clusters. Absent if there was no clear answer. One half is chance.
  std::optional<RateEstimate> agrees;
  std::uint64_t asked = 0, clear = 0;  // clear: an answer that says one thing or the other
  // Of the clusters with clear answers, the share that gets the same one nine times in ten.
  double settled = 0;
  // Of log-probabilities: by how much the fact's answer is more probable for each of its tokens
  // than the opposite's, in nats, the mean over questions.
  std::optional<double> log_odds;
  ArmCounts counts;  // by cluster: what `agrees` is made of
};

struct BeliefMeasurement {
  std::string model, identity;
  std::vector<BeliefRow> rows;
  std::vector<std::string> not_asked;  // what was left out and why, for people
};

enum class Belief {
  believed,      // every way of asking agrees more often than not, beyond its interval
  not_believed,  // some way does not
  unclear,       // fewer than half of some way's answers say one thing or the other
  not_asked,     // there is no way of asking but the scratchpad, or none at all
};
std::string_view name_of(Belief belief);

struct FactBelief {
  std::string about, fact;
  Belief belief = Belief::not_asked;
  std::string question;  // the way of asking that decides: the one that agrees least
};
// Fact by fact, in the order of the rows. What the scratchpad recalls does not decide: it shows use
// and not belief.
std::vector<FactBelief> beliefs_of(const BeliefMeasurement& measurement);

// A measurement with others of the same questions beside it.
struct BeliefReport {
  BeliefMeasurement model;
  std::optional<BeliefMeasurement> before;   // before training
  std::optional<BeliefMeasurement> control;  // after training on other documents
};
Json to_json(const BeliefReport& report);
// The facts that are not believed come first.
std::string to_markdown(const BeliefReport& report);

}  // namespace iago
