// --json: text for people, or JSON for machines on standard output.
#pragma once

namespace CLI {
class App;
}

namespace iago {

struct OutputOption {
  bool json = false;

  void add_to(CLI::App& command);
};

}  // namespace iago
