// How people write a label. Private to this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "instrument/internal/judged_labels.h"
#include "record/judgement.h"

namespace iago {

// Is it the positive label of the kind, another label of it, its denial (not_faking), yes or no
// (true, yes, 1 against false, no, 0), or `unclear`? Upper and lower case alike. Absent for any
// other word.
std::optional<Said> said_in_word(std::string_view word, JudgeKind kind);

// "true, yes, 1 or false, no, 0 or one of complies, refuses, not_complies, unclear": what an error
// says was expected.
std::string words_of_labels(JudgeKind kind);

}  // namespace iago
