// What is known of a run besides what it asked: the sample for people, their labels, and the check
// of its subject, into the tables and out of them. Its user holds a transaction. Private to this
// room.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "record/people_labels.h"
#include "store/internal/database.h"

namespace iago {

// Each as StoreWriter documents it.
void write_sample(const Database& database, const LabelSample& sample);
void write_people_labels(const Database& database, std::span<const PeopleLabel> labels);

void write_subject_check(const Database& database, std::string_view json);

// Each as Store documents it.
std::string read_subject_check(const Database& database);
std::optional<LabelSample> read_sample(const Database& database);
std::vector<PeopleLabel> read_people_labels(const Database& database);

}  // namespace iago
