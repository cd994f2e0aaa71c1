// The file that a training run resumes from.
//
// Format: the line "iago-training-state 2"; one line of JSON with step, identity, reference, count
// (of trained numbers), average (whether one is kept) and sha256 (of everything after this line);
// then the buffers as little-endian float32: what is trained (a network's weights, or an
// adapter's), first moment, second moment and, if kept, the average.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace iago {

struct TrainingState {
  std::int64_t step = 0;  // steps done
  std::string identity;   // see identity()
  std::string reference;  // SHA-256 of the starting policy's weights; empty without one
  std::vector<float> weights, first_moment, second_moment;
  std::vector<float> average;  // empty if none is kept
};

// Replaces the file at once: a reader or a crash sees the old state or the new one.
// Error disconnected if it cannot be written.
void write_training_state(const std::filesystem::path& file, const TrainingState& training_state);

// Errors: not_found; corrupt, naming the file, for anything but a whole and unchanged state of
// `parameter_count` weights.
TrainingState read_training_state(const std::filesystem::path& file, std::int64_t parameter_count);

}  // namespace iago
