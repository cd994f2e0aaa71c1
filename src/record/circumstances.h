// What a subject is told of its situation in one arm under one wording: by name, whether it is so.
// A name that is not there: nothing is said of it. Settings may define further names.
#pragma once

#include <map>
#include <string>

namespace iago {

using Circumstances = std::map<std::string, bool>;

inline constexpr const char* kTrainedOn = "trained_on";  // this answer will be used to train it
inline constexpr const char* kMonitored = "monitored";   // this conversation is read or recorded
inline constexpr const char* kRated = "rated";           // this answer is rated

}  // namespace iago
