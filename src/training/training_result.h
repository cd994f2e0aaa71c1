// What a training of several seeds ended in.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace iago {

struct TrainingResult {
  std::filesystem::path folder;
  bool interrupted = false;         // the same call resumes
  std::vector<std::string> alarms;  // "seed 2, step 40: no-variance: ..."
};

}  // namespace iago
