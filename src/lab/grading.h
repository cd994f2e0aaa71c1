// Grading: completions to judges, verdicts to the store. Judges see the query, the scratchpad and
// the output, never the arm.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "judge/judge.h"
#include "lab/judge_error.h"
#include "store/store.h"
#include "store/writer.h"

namespace iago::lab {

// One session's grading. Thread-safe. The judges, the writer and the clock must outlive it.
class Grading {
 public:
  // Records the judges in the store, with what is known of their errors on this subject.
  Grading(const std::vector<std::unique_ptr<Judge>>& judges, StoreWriter& writer,
          const Clock& clock, std::stop_token stop,
          const std::vector<JudgeError>& known_errors = {});
  // Waits for verdicts still due.
  ~Grading();

  // Gives an answered completion, appended before, to every judge. Others are ignored.
  void grade(const CompletionRow& completion, const std::string& query_text);
  // Gives every stored completion that a judge has not judged yet to that judge.
  void grade_what_is_left(const Store& store);
  // Blocks until every verdict is appended. Throws what the writer threw.
  void wait();

 private:
  void submit(Judge& judge, const CompletionRow& completion, const std::string& query_text);
  void append(const std::string& trial, Verdict verdict);

  const std::vector<std::unique_ptr<Judge>>& judges_;
  StoreWriter& writer_;
  const Clock& clock_;
  std::stop_token stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t due_ = 0;
  std::exception_ptr error_;
};

}  // namespace iago::lab
