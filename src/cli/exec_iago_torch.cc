// In iago, which has no LibTorch, the work of the commands that train: iago-torch does it, started
// in this process's place.

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "cli/internal/documents_experiment.h"
#include "cli/internal/grow_organism.h"
#include "cli/internal/relearning.h"
#include "cli/internal/train_documents.h"
#include "cli/internal/train_rl.h"

namespace iago {
namespace {

// Replaces this process by iago-torch, which lies beside it, with the same arguments. Error
// unsupported if it was not built.
[[noreturn]] void exec_iago_torch(const Context& context) {
  std::filesystem::path other = context.executable.parent_path() / "iago-torch";
  std::vector<char*> arguments;
  for (int i = 0; i < context.argc; ++i) arguments.push_back(const_cast<char*>(context.argv[i]));
  arguments.push_back(nullptr);
  ::execv(other.c_str(), arguments.data());
  throw Error(
      ErrorCode::unsupported,
      fmt::format("{}: cannot be started: {}", other.string(), std::strerror(errno)),
      "this command trains and needs LibTorch: in a checkout, cmake --build --preset release "
      "--target iago-torch; otherwise install the package iago-torch");
}

}  // namespace

int grow_organism(const OrganismGrowArguments&, const Context& context) {
  exec_iago_torch(context);
}

int documents_experiment_command(const DocumentsExperimentArguments&, const Context& context) {
  exec_iago_torch(context);
}

void prepare_relearning(const RelearningArguments&, const std::string&, const Context& context) {
  exec_iago_torch(context);
}

bool relearn_battery(const RelearningArguments&, const RelearningScene& scene) {
  exec_iago_torch(scene.context);
}

int train_documents_command(const TrainDocumentsArguments&, const Context& context) {
  exec_iago_torch(context);
}

int train_rl_command(const TrainRlArguments&, const Context& context) { exec_iago_torch(context); }

}  // namespace iago
