// The arguments of `iago documents experiment`, and its work. The work needs LibTorch: iago-torch
// does it (torch/documents_experiment.cc), and iago replaces itself by iago-torch
// (exec_iago_torch.cc).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/internal/context.h"
#include "cli/internal/output_option.h"
#include "cli/internal/seeds_option.h"
#include "cli/internal/threads_option.h"
#include "study/study.h"

namespace iago {

struct DocumentsExperimentArguments {
  std::filesystem::path study;
  StudyOverrides overrides;
  SeedsOption seeds;
  std::vector<std::size_t> doses;
  std::vector<std::string> deny;  // rule, values
  std::int64_t denial_looks = 8;
  std::filesystem::path out, write;
  ThreadsOption threads;
  OutputOption output;
};

// Returns the exit code. In iago: does not return; Error unsupported if iago-torch cannot be
// started.
int documents_experiment_command(const DocumentsExperimentArguments& arguments,
                                 const Context& context);

}  // namespace iago
