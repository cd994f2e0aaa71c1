// The arguments of `iago battery --relearn`, and its work. The work trains and so needs LibTorch:
// iago-torch does it (torch/relearning.cc), and iago replaces itself by iago-torch
// (exec_iago_torch.cc).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/internal/context.h"
#include "cli/internal/interrupt.h"
#include "judge/judge.h"
#include "models/open_model.h"
#include "study/study.h"

namespace iago {

struct RelearningArguments {
  bool asked = false;
  std::string beside;  // the control; empty: an organism that never had the behaviour
  std::int64_t steps = 60;
  std::uint64_t seeds = 3;
  double learning_rate = 5e-5;
};

// What it needs of the battery, borrowed.
struct RelearningScene {
  const std::string& before;  // the models' names
  const std::string& after;
  const LoadedStudy& study;
  const std::vector<std::unique_ptr<Judge>>& judges;
  std::filesystem::path battery;   // its folder
  std::size_t threads = 0;         // 0 = one per core
  const EndpointSettings& models;  // how checkpoints are opened: their chat template
  const InterruptGuard& interrupt;
  const Clock& clock;
  const Context& context;
  std::function<void(const std::string&)> on_progress, on_notice;
};

// To be called before the battery asks anything. Error invalid if no control is known, not_found
// for one that does not exist. In iago: does not return; Error unsupported if iago-torch cannot be
// started.
void prepare_relearning(const RelearningArguments& arguments, const std::string& before,
                        const Context& context);

// Measures, or records in the battery's folder why it cannot. False if it was interrupted.
bool relearn_battery(const RelearningArguments& arguments, const RelearningScene& scene);

}  // namespace iago
