// What the JSON of all figures says alike. Private to the room.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/json.h"
#include "stats/causes.h"
#include "stats/corrected.h"
#include "stats/rate.h"

namespace iago {

Json or_null(std::optional<double> value);
Json or_null(std::optional<std::uint64_t> value);
Json or_null(const std::string& text);  // null if it is empty

Json json_of(const Interval& interval);
Json json_of(const ShownGap& gap);                           // {points, ci95, population}
Json json_of(const std::optional<RateEstimate>& rate);       // {rate, ci95, n}, or null
Json json_of(const std::optional<CorrectedRate>& rate);      // {rate, ci95, population}, or null
Json json_of(const std::optional<JudgeAccuracy>& accuracy);  // {rate, ci95, n}, or null

}  // namespace iago
