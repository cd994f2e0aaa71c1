// Sets of queries that a study names by a label: what was drawn together (cluster_by) and what is
// compared (groups). Errors say everything but where the label was named: the caller adds it.
// Private to the room.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "study/query.h"

namespace iago {

inline constexpr std::size_t kMostGroups = 50;

// The queries of a study, and where they come from, for errors.
struct QueriesOfStudy {
  const PlacedQueries& placed;
  const std::filesystem::path& file;
  std::size_t asked = 0;  // the first so many of them are asked

  std::string place(std::size_t query) const;  // FILE:LINE
};

// Error invalid unless every query has the label and the ones that are asked make two clusters.
void check_clusters(const QueriesOfStudy& queries, const std::string& cluster_by);

// Error invalid unless every query has the label, it makes 2 to kMostGroups groups, one of them of
// two queries or more, and every cluster lies within one group.
void check_groups(const QueriesOfStudy& queries, const std::string& groups,
                  const std::string& cluster_by);

// What `groups` is where a study says nothing: the topic, if every query has one, they make 2 to
// kMostGroups groups of at least two queries each, and every cluster lies within one; else empty.
std::string default_groups(const PlacedQueries& queries, const std::string& cluster_by);

}  // namespace iago
