// What a run asked of its subject and what came back, beside the figures: trials that are open and
// why, the models that answered, repeats that say the same, and what each session sent. Of all
// wordings together, since none of it is about what a prompt says.
//
// Deterministic, like all of the summary.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "record/sampling.h"
#include "store/store.h"

namespace iago {

// The open trials of one arm of one wording that have one cause.
struct OpenTrials {
  std::string wording, arm;
  OpenCause cause = OpenCause::unreachable;
  std::uint64_t trials = 0;
  int status = 0;       // of HTTP, of the newest of them; 0: there was none
  std::string message;  // of the same
  std::chrono::nanoseconds created{0};
};

// As the other side names it; both names are empty where it names none.
struct AnsweringModel {
  std::string version, fingerprint;
  std::uint64_t completions = 0;
  std::vector<std::pair<std::string, std::uint64_t>> arms;  // of these, in the arms' order
};

// The answers of one arm beyond the first to each prompt.
struct ArmRepeats {
  std::string arm;
  std::uint64_t repeats = 0, identical = 0;  // identical: byte for byte, to another to its prompt
  double share() const;                      // of the identical; 0 without repeats
};

// Above this share of an arm's repeats, copies of one answer count as one in what repeats add to an
// interval (QueryCounts::copies) if they were sampled greedily. If not, a subject may well have one
// short answer, and the finding says that its intervals count copies.
inline constexpr double kCopiesCountOnceFrom = 0.9;

struct RunRecord {
  std::vector<OpenTrials> open;        // by wording, the arms' order and cause
  std::vector<AnsweringModel> models;  // those with the most completions first
  std::vector<ArmRepeats> repeats;     // in the arms' order; without arms that have none
  Sampling sampling;                   // as sent, as far as it is known
  std::vector<SessionRow> sessions;    // oldest first

  std::uint64_t open_trials() const;
  ArmRepeats all_repeats() const;  // over all arms; its name is empty
  // The share of an arm's repeats that are copies of another; 0 without repeats.
  double copied_in(std::string_view arm) const;
};

// Errors as Store. `arms` are the store's.
RunRecord read_record(const Store& store, const std::vector<ArmRow>& arms);
// Its open trials alone.
std::vector<OpenTrials> read_open(const Store& store, const std::vector<ArmRow>& arms);

// The most probable token each time: repeats of a prompt then say the same.
bool is_greedy(const Sampling& sampling);
// The sampling with what a JSON object of request fields sets of it; fields that are null go back
// to their neutral value. Any other text changes nothing.
Sampling with_fields(Sampling sampling, std::string_view json);

// What a reader has to know of the models that answered, in sentences: that they are several, and
// that their shares differ between arms by more than 2.5 standard errors (of two proportions),
// where a gap may be theirs. Empty if one answered.
std::vector<std::string> model_warnings(const RunRecord& record);
// "m-2024-08-06 (fp_1)", harmless; "unnamed" without any name.
std::string name_of(const AnsweringModel& model);
// "m-2024-08-06 (fp_1): training 4, unmonitored 4, baseline 4"
std::string answers_of(const AnsweringModel& model);
// That repeats are no samples, and how many say the same; empty where they are some: sampled above
// temperature 0, and in no arm more than half identical.
std::string repeats_warning(const RunRecord& record);
// What was sent, one line for each way in which sessions differ; none without a server.
std::vector<std::string> sent_lines(const RunRecord& record);

// One line of what is open for each cause, over all arms, the newest message last.
struct OpenLine {
  OpenCause cause = OpenCause::unreachable;
  std::uint64_t trials = 0;
  std::string text;  // "12 trials (training 4, ...), status 429: Requests per day ..."
};
std::vector<OpenLine> open_lines(const std::vector<OpenTrials>& open);
// "rate limit"
std::string readable(OpenCause cause);

}  // namespace iago
