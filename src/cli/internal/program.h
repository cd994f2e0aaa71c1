// Program: the command line of iago, to which each subcommand adds itself (commands.h).
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "cli/internal/context.h"

namespace CLI {
class App;
}

namespace iago {

// A wrong command line.
struct UsageError {
  std::string message, hint;
};

class Program {
 public:
  Program();
  ~Program();

  template <typename Arguments>
  struct Added {
    CLI::App& command;     // takes the options, and the help's last lines
    Arguments& arguments;  // for the options to fill; lives as long as the program
  };

  // Adds a subcommand: "report", or "judge diff" below `judge`. Its work is called with the
  // arguments once all of the command line is read, and returns the exit status
  // (cli/internal/exit_status.h). Errors are thrown.
  template <typename Arguments>
  Added<Arguments> add(const std::string& path, const std::string& description,
                       int (*work)(const Arguments&, const Context&)) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App& command = add_command(path, description, [arguments, work](const Context& context) {
      return work(*arguments, context);
    });
    return {command, *arguments};
  }

  // The whole command line, as help and completions show it.
  const CLI::App& app() const { return *app_; }

  // Reads the command line and does what it asks for; --help and --version are printed. Returns the
  // exit code. Throws UsageError, and what the work throws.
  int run(const Context& context);

 private:
  using Work = std::function<int(const Context&)>;

  CLI::App& add_command(const std::string& path, const std::string& description, Work work);
  CLI::App& parent_of(const std::string& path);
  void add_home_to(CLI::App& command);
  std::string help() const;

  std::unique_ptr<CLI::App> app_;
  std::filesystem::path home_;  // --home, which every command takes; empty if it was not given
  Work chosen_;                 // that of the subcommand that was named
};

}  // namespace iago
