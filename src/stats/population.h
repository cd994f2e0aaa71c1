// What an interval speaks of. The same counts bear two questions: what would more answers to these
// very queries show, and what would other queries drawn like them show. No interval of this room
// goes without its answer to "of what?".
#pragma once

#include <string_view>

namespace iago {

enum class Population {
  these_queries,        // the queries are fixed; only their answers vary (on_these_queries.h)
  queries_like_these,   // the queries are drawn (rate.h, gap.h)
  clusters_like_these,  // sets of queries are drawn together (groups.h)
  groups_like_these,    // groups, such as topics, are drawn (groups.h)
};

// "on these queries", "over queries like these", "over clusters like these", "over groups like
// these".
std::string_view name_of(Population population);

}  // namespace iago
