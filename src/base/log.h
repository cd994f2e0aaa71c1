// The log: one line per event on stderr, for people. Figures and results never go here alone.
#pragma once

#include <string_view>

namespace iago {

void log_warning(std::string_view message);
void log_error(std::string_view message);

}  // namespace iago
