// What a request of another run and one of the plan's differ in, in words. Private to this room.
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "reuse/mismatches.h"
#include "store/store.h"
#include "study/plan.h"
#include "study/study.h"

namespace iago {

// A run that requests are held against. The store must outlive it.
struct OtherRun {
  const Store* store;
  RunRow row;
  Study study;
  std::filesystem::path folder() const { return store->path().parent_path(); }
};

// Error invalid, naming the store, if the study that it holds cannot be read.
OtherRun other_run(const Store& store);

// What every request of the run differs in: subject, sampling, seed.
std::vector<FieldDifference> run_differences(const Plan& plan, const Study& study,
                                             const OtherRun& other);

inline constexpr std::size_t kAllSame = SIZE_MAX;
// The index of the first message that differs, or kAllSame.
std::size_t first_different(const std::vector<Message>& was, const std::vector<Message>& is);

FieldDifference query_difference(const std::string& query);
FieldDifference message_difference(const PromptRow& was, const Prompt& is, std::size_t message);
FieldDifference prefill_difference(const std::string& was, const std::string& is);
// Of a trial's repeat that was not planned there (`planned` many were), or has no completion.
FieldDifference repeat_difference(bool is_unplanned, std::uint32_t planned, int repeat);

}  // namespace iago
