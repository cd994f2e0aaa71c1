// The default study as a user runs it: `iago run studies/helpful-only.toml` on the organism faker.
#pragma once

#include <filesystem>
#include <vector>

#include "bench/measuring.h"

namespace iago::bench {

// Runs it as a process of its own with all its threads, its runs under `scratch`: the study's first
// `queries`, or all of them for 0. Says so instead if the organism has not been grown. Error
// disconnected if the process fails.
void measure_study(const std::filesystem::path& scratch, int queries, std::vector<Figure>& figures);

}  // namespace iago::bench
