// --runs: the folder that holds the folders of runs.
#pragma once

#include <filesystem>
#include <string>

namespace CLI {
class App;
}

namespace iago {

struct RunsOption {
  std::filesystem::path folder = "runs";

  void add_to(CLI::App& command, const std::string& help = "The folder of all runs");
};

}  // namespace iago
