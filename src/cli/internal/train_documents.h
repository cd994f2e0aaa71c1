// The arguments of `iago train documents`, and its work. The work needs LibTorch: iago-torch does
// it (torch/train_documents.cc), and iago replaces itself by iago-torch (exec_iago_torch.cc).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "cli/internal/context.h"
#include "cli/internal/output_option.h"
#include "cli/internal/seeds_option.h"
#include "cli/internal/threads_option.h"

namespace iago {

struct TrainDocumentsArguments {
  std::filesystem::path corpus;
  std::string model;
  std::string replay;  // SHARE or SHARE:FILE
  SeedsOption seeds;
  double epochs = 1;
  std::int64_t steps = 0;
  std::int64_t rows = 4, row_tokens = 512;
  double learning_rate = 5e-4, weight_decay = 0.01;
  std::int64_t lora_rank = 0;
  std::size_t held_out = 100;
  std::int64_t evaluate_every = 20, save_every_s = 60, keep_every = 0;
  std::filesystem::path out;
  ThreadsOption threads;
  OutputOption output;
};

// Returns the exit code. In iago: does not return; Error unsupported if iago-torch cannot be
// started.
int train_documents_command(const TrainDocumentsArguments& arguments, const Context& context);

}  // namespace iago
