#include "cli/internal/parameter_option.h"

#include <fmt/format.h>

#include "base/error.h"
#include "text/printable.h"

namespace iago {

std::map<std::string, std::string> read_parameters(const std::vector<std::string>& set) {
  std::map<std::string, std::string> parameters;
  for (const std::string& parameter : set) {
    const std::size_t at = parameter.find('=');
    if (at == std::string::npos || at == 0) {
      throw Error(ErrorCode::invalid,
                  fmt::format("--set: expected NAME=VALUE, found \"{}\"", printable(parameter)),
                  "For example --set lab=\"Brellin Research\".");
    }
    parameters[parameter.substr(0, at)] = parameter.substr(at + 1);
  }
  return parameters;
}

}  // namespace iago
