// One row of counts against a known truth, as every table and JSON of validations has it. Private
// to the room.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "figures/validation.h"

namespace iago {

Json json_of(const ValidationRow& row);

std::vector<std::string> validation_header();
// As long as the header. `texts`: which of the subject's texts they are.
std::vector<std::string> row_of(const std::string& subject, std::string_view texts,
                                const ValidationRow& row);

}  // namespace iago
