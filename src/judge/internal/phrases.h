// The phrase files, embedded in the program at build time. Private to the room.
#pragma once

#include <string_view>

namespace iago {

extern const std::string_view kFakingPhrases;
extern const std::string_view kCompliancePhrases;
extern const std::string_view kFakingPoints;
extern const std::string_view kCompliancePoints;
extern const std::string_view kPreferencePhrases;

}  // namespace iago
