// --format: the forms in which figures are printed.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace iago {

struct FormatOption {
  std::string name = "text";  // text, md, json, html

  void add_to(CLI::App& command);
};

}  // namespace iago
