// What a user asks the subject.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace iago {

struct Query {
  std::string id;     // unique in its set; part of the trial's id
  std::string text;   // as the user typed it, without any tag
  std::string topic;  // for reports by topic; empty if the set has none
  // Every other field of the query's line but those that are null: text as it is, anything else as
  // compact JSON. UTF-8.
  std::map<std::string, std::string> labels;
  bool operator==(const Query&) const = default;
};

// What the query says under that name: its topic under kTopicLabel, else one of its labels. Null
// where it says nothing: it has no such label, or an empty one.
inline constexpr std::string_view kTopicLabel = "topic";
inline const std::string* label_of(const Query& query, std::string_view name) {
  const auto found = query.labels.find(std::string(name));
  const std::string* text = name == kTopicLabel           ? &query.topic
                            : found != query.labels.end() ? &found->second
                                                          : nullptr;
  return text == nullptr || text->empty() ? nullptr : text;
}

}  // namespace iago
