// A check for people: a line for each link between a prompt and a figure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "figures/check.h"
#include "figures/terminal.h"

namespace iago {

// Ends with what a check never shows. Text of models is made harmless first.
std::string to_text(const CheckReport& report, Colour colour = Colour::off, std::size_t width = 80);
std::string to_text(const CheckPlanFigures& plan);

// "not tested"
std::string_view readable(LinkState state);
// "judge faking-rules"; of the other links the name alone.
std::string title_of(const CheckedLink& link);
// "found 38 of 40, 95.0 % (83.1 to 99.4)"
std::string count_text(const CheckCount& count);
// Of a run: what the check of its subject found, link by link and of the judges that count, or that
// there was none.
std::string check_sentence(const Summary& summary);
// One sentence: what a check shows, and what it never shows.
std::string_view what_a_check_shows();

}  // namespace iago
