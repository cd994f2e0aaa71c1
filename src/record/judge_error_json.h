// A judge's error as JSON: the same object in a store, in a plan of analysis and in the file of
// known errors.
//
//   {"measured_on": "organism:faker", "source": "organism", "true_positive": 80,
//    "false_negative": 20, "true_negative": 990, "false_positive": 10, "unknown_truth": 3,
//    "setting": "helpful-only", "setting_hash": "3f...", "arms": {"training": {"true_positive": 80,
//    ...}, ...}, "labelled_queries": {"training": {"labelled": 40, "answered": 100}, ...},
//    "strata": {"training": [{"called_positive": true, "answers": 120, "labelled": 30,
//    "truly_positive": 28, "rate": 0.93, "effective_n": 27.5}, ...], ...}}
//
// `strata` is there only where people labelled a sample that was drawn by strata, `unclear` only
// where the judge called a text of known truth unclear.
#pragma once

#include "base/json.h"
#include "record/judge_error.h"

namespace iago {

Json to_json(const Confusion& counts);
Json to_json(const JudgeError& error);

// Error invalid, without a place, for anything else: a field that is missing or of another type, a
// source that is none, counts that is_judge_error refuses. Fields that it does not know are
// ignored.
JudgeError judge_error_of(const Json& json);

}  // namespace iago
