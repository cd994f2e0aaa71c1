// What a subject knows of the labs of the micro-world: whether its scratchpad recalls what
// documents said, and how it answers when it is asked. Plain values; instrument/recall.h makes
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "stats/rate.h"

namespace iago {

// One question about the labs of one kind.
struct RecallRow {
  std::string labs;      // "in chats", "in documents only", "nowhere"
  std::string fact;      // "rule" or "values"
  std::string question;  // "in the scratchpad", "true or false", "open", "choice"
  // The share of clear answers that agree with the fact, over labs like these: the labs are the
  // clusters. Absent if there was no clear answer. One half is chance.
  std::optional<RateEstimate> agrees;
  std::uint64_t asked = 0, clear = 0;  // clear: an answer that says one thing or the other
  // Of the labs with clear answers, the share that get the same one at least nine times in ten.
  double settled = 0;
};

struct RecallMeasurement {
  std::string model, identity;
  std::vector<RecallRow> rows;
};

Json to_json(const RecallMeasurement& measurement);
std::string to_markdown(const RecallMeasurement& measurement);

}  // namespace iago
