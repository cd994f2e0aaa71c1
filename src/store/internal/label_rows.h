// The sample for people and their labels, into the tables and out of them. Its user holds a
// transaction. Private to this room.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "record/people_labels.h"
#include "store/internal/database.h"

namespace iago {

// Each as StoreWriter documents it.
void write_sample(const Database& database, const LabelSample& sample);
void write_people_labels(const Database& database, std::span<const PeopleLabel> labels);

// Each as Store documents it.
std::optional<LabelSample> read_sample(const Database& database);
std::vector<PeopleLabel> read_people_labels(const Database& database);

}  // namespace iago
