// --format: the forms in which figures are printed.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace iago {

struct FormatOption {
  std::string name = "text";  // text, md, json, html, or one of `more`

  // `more`: formats of this command alone.
  void add_to(CLI::App& command, const std::vector<std::string>& more = {});
};

}  // namespace iago
