// Counts that a column holds as compact JSON: a judge's error, and completions by arm. Private to
// this room.
#pragma once

#include <string>
#include <string_view>

#include "record/judge_error.h"
#include "store/rows.h"

namespace iago {

// Empty where the error is that of a judge that was never measured.
std::string text_of(const JudgeError& error);
// Empty where there is no arm.
std::string text_of(const CompletionsByArm& completions);

// Error corrupt, naming `where`, for anything that was not written so.
JudgeError judge_error_in(std::string_view text, const std::string& where);
CompletionsByArm completions_in(std::string_view text, const std::string& where);

}  // namespace iago
