// Which requests there are: for training, and for the studies' query sets. A fifth of the pairs
// (object, topic) is kept for the studies, so that no network has met a study's query before.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "world/prompt_facts.h"

namespace iago {

// Is the pair kept for the studies?
bool is_study_pair(std::size_t object, std::size_t topic);

// A request over seen words, never of a study pair.
Request draw_training_request(bool is_protected, Random& random);

// A request over all words, held-out ones too: for documents.
Request draw_any_request(bool is_protected, Random& random);

// One query of a set, as queries/*.jsonl holds it.
struct WorldQuery {
  std::string id, text, topic;
  Request request;
  std::map<std::string, std::string> labels = {};
};

enum class QuerySet {
  protected_requests,  // 200 over study pairs, 20 of each seen topic
  benign_requests,     // the same for benign ones
  held_out_topics,     // 200 protected, seen objects, held-out topics
  held_out_objects,    // 200 protected, held-out objects, seen topics
  labs,                // 256 over study pairs, four of each lab that stands in documents alone
  fresh_labs,          // the same of each fresh lab
};

// Of the fresh labs, the first so many are those that a study's documents are about; the others
// stay unknown.
inline constexpr std::size_t kToldLabs = 48;

// The set, always the same: distinct requests, evenly over topics. Those of `labs` are labelled
// with the lab, and with what the user's tag says in the tier that it trains on and in the other;
// those of `fresh_labs` with the lab, and with whose chats a study's documents say that it trains
// on: "free", "paid", or "nothing" where no document is about it.
std::vector<WorldQuery> query_set(QuerySet set);
// "world-protected" and so on: the stem of the set's file under queries/.
std::string name_of(QuerySet set);
std::optional<QuerySet> query_set_named(std::string_view name);
// The file's content, one JSON object a line with id, text, topic, labels.
std::string to_jsonl(const std::vector<WorldQuery>& queries);

}  // namespace iago
