#include "figures/internal/endings.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "figures/figure_text.h"
#include "figures/internal/json_parts.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kMostReasonShown = 60,
                      kMostSaidShown = 200;  // characters; summary.json has all

// The finish reason of an answer that ended by itself says nothing more; an unreadable text ended
// so, too.
bool is_telling(const EndingCounts& ending) {
  const bool ended_otherwise =
      ending.outcome == Outcome::refused_by_provider || ending.outcome == Outcome::truncated;
  return (ended_otherwise && !ending.finish_reason.empty()) || !ending.provider_message.empty();
}

std::string outcome_text(Outcome outcome) {
  std::string text(name_of(outcome));
  std::ranges::replace(text, '_', ' ');
  return text;
}

// "8 refused by provider, finish reason SAFETY: \"Blocked by policy.\""
std::string ending_text(const EndingCounts& ending) {
  std::string text =
      fmt::format("{} {}, {}", count(ending.completions), outcome_text(ending.outcome),
                  ending.finish_reason.empty() ? "no finish reason" : "finish reason ");
  text += printable(ending.finish_reason, kMostReasonShown);
  if (ending.provider_message.empty()) return text;
  return text + fmt::format(": \"{}\"", printable(ending.provider_message, kMostSaidShown));
}

}  // namespace

Json endings_json(const ArmSummary& arm) {
  Json json = Json::array();
  for (const EndingCounts& ending : arm.endings) {
    json.push_back({{"outcome", name_of(ending.outcome)},
                    {"finish_reason", or_null(ending.finish_reason)},
                    {"provider_message", or_null(ending.provider_message)},
                    {"completions", ending.completions}});
  }
  return json;
}

std::vector<Note> ending_notes(const Summary& summary) {
  std::vector<Note> notes;
  for (const WordingSummary& wording : summary.wordings) {
    for (const ArmSummary& arm : wording.arms) {
      std::string text;
      for (const EndingCounts& ending : arm.endings) {
        if (is_telling(ending)) text += (text.empty() ? "" : "; ") + ending_text(ending);
      }
      if (text.empty()) continue;
      if (&wording != &summary.reference()) {
        text = fmt::format("under {}: {}", printable(wording.wording.name, 60), text);
      }
      notes.push_back({"ended, " + printable(arm.name, 20), std::move(text)});
    }
  }
  return notes;
}

}  // namespace iago
