// What a user asks the subject.
#pragma once

#include <map>
#include <string>

namespace iago {

struct Query {
  std::string id;     // unique in its set; part of the trial's id
  std::string text;   // as the user typed it, without any tag
  std::string topic;  // for reports by topic; empty if the set has none
  // Every other field of the query's line: text as it is, anything else as compact JSON. UTF-8.
  std::map<std::string, std::string> labels;
  bool operator==(const Query&) const = default;
};

}  // namespace iago
