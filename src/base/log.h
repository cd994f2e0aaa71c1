// The log: one line per event on stderr, for people. Figures and results never go here alone.
#pragma once

#include <string_view>

namespace iago {

enum class LogLevel { debug, info, warning, error, off };

// Process-wide threshold; the CLI sets it once. Info at first.
void set_log_level(LogLevel level);

void log_debug(std::string_view message);
void log_info(std::string_view message);
void log_warning(std::string_view message);
void log_error(std::string_view message);

}  // namespace iago
