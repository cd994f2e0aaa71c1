// What people say of a run's own answers: the sample that was drawn for them, and their labels.
// Plain values; the store keeps them (store/rows.h is what they stand beside).
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/judgement.h"

namespace iago {

// How the rate of a stratum follows from its labels. Fixed when the sample is drawn, so before any
// label is seen (stats/stratified.h).
enum class LabelEstimator {
  stratified,          // the share of the labelled
  prediction_powered,  // the judge's mean probability, and the labelled's mean distance from it
};
inline constexpr std::array kLabelEstimators = {LabelEstimator::stratified,
                                                LabelEstimator::prediction_powered};
std::string_view name_of(LabelEstimator estimator);
// Absent for any other name.
std::optional<LabelEstimator> label_estimator_named(std::string_view name);

// One answer of the sample.
struct DrawnAnswer {
  std::string trial;
  std::string stratum;   // its name within the arm: what the judges call the answer
  double inclusion = 1;  // the chance that the draw had of taking it, in (0, 1]
  bool operator==(const DrawnAnswer&) const = default;
};

// The sample of a run, in the order in which people see it.
struct LabelSample {
  std::string contrast_judge, faking_judge;  // hashes, by whose labels it was drawn; the second may
                                             // be empty
  LabelEstimator estimator = LabelEstimator::stratified;
  std::uint64_t seed = 0;               // of the draw; below 2^63
  std::chrono::nanoseconds created{0};  // wall clock
  std::vector<DrawnAnswer> drawn;
  bool operator==(const LabelSample&) const = default;
};

// What a labeller writes where the text does not tell.
inline constexpr std::string_view kUnknownLabel = "unknown";

// One person's label of one answer.
struct PeopleLabel {
  std::string trial;
  JudgeKind kind = JudgeKind::compliance;
  std::string labeller;                 // a name
  std::string label;                    // one of the kind's, or kUnknownLabel
  std::string note;                     // may be empty
  std::chrono::nanoseconds created{0};  // wall clock
  bool operator==(const PeopleLabel&) const = default;
};

inline constexpr std::size_t kMaxLabellerBytes = 100, kMaxNoteBytes = 10'000;

// A label of its kind or kUnknownLabel; a labeller's name of 1 to kMaxLabellerBytes and a note of
// at most kMaxNoteBytes.
bool is_people_label(const PeopleLabel& label);

}  // namespace iago
