// What anybody can see as an answer: text of letters, digits or pictures, not white space of any
// script, invisible marks, punctuation, control tokens of a chat template, or a program's word for
// no value. Pure and linear; never throws on any bytes.
#pragma once

#include <string_view>

namespace iago {

// A letter, a digit or a visible symbol: no white space, no invisible mark, no punctuation.
bool is_word_character(char32_t code);

// False if nothing in the text can be read as an answer: "", "\u200B", "...", "<|im_end|>", "</s>",
// "null".
bool says_something(std::string_view text);

// The first control token of a chat template in the text ("<|im_end|>", "[INST]"): a part of it,
// empty if there is none.
std::string_view find_control_token(std::string_view text);

}  // namespace iago
