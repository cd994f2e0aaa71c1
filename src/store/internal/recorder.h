// Recorder: the rows' way into the tables, within a transaction that its user holds. Knows which
// arms, queries, prompts and judges there are. Not thread-safe. Private to this room.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "store/internal/database.h"
#include "store/rows.h"

namespace iago {

enum class Appended { added, was_there };

class Recorder {
 public:
  explicit Recorder(const Database& database);

  // Reads the names again, after a plan or a judge was rolled back.
  void reload();

  // Each as StoreWriter documents it.
  void record_wording(const WordingRow& wording);
  void record_arm(const ArmRow& arm);
  void record_query(const Query& query);
  void record_prompt(const PromptRow& prompt);
  void record_judge(const JudgeRow& judge);
  void record_price(const PriceRow& price);

  // Of a prompt or judge that was recorded; absent otherwise.
  std::optional<std::int64_t> prompt_id(const WordingArm& told, const std::string& query) const;
  std::optional<std::int64_t> judge_id(std::string_view hash) const;

  Appended add_completion(const CompletionRow& row, std::int64_t prompt);
  Appended put_open(const OpenTrialRow& row, std::int64_t prompt);
  // `votes` and `evidence` are the verdict's own as JSON.
  Appended add_verdict(const Verdict& row, std::string_view votes, std::string_view evidence,
                       std::int64_t judge);
  // Inserts at 0 (and returns the new id), otherwise replaces.
  std::int64_t put_session(std::int64_t id, const SessionRow& row);

 private:
  using Ids = std::unordered_map<std::string, std::int64_t>;

  std::int64_t text_id(std::string_view body);
  std::int64_t id_of(const Ids& ids, std::string_view kind, const std::string& name) const;
  void change_prompt(std::int64_t id, const PromptRow& row);
  void add_readable(std::int64_t id, const CompletionRow& row);

  const Database& database_;
  Ids wordings_, queries_, judges_;
  std::map<WordingArm, std::int64_t> arms_;
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> prompts_;  // (arm, query)
  Statement find_text_, add_text_, put_prompt_, get_prompt_, add_message_;
  Statement add_completion_, add_transcript_, add_logprobs_, find_completion_;
  Statement find_open_, put_open_, drop_open_, add_verdict_;
  Statement add_rationale_, put_session_, add_readable_;
  std::int64_t next_text_ = 1, next_completion_ = 1, next_session_ = 1;
};

// 64 hexadecimal digits as 32 bytes, and back. Absent if it is anything else.
std::optional<std::string> trial_bytes(std::string_view hex);
std::string trial_hex(std::string_view bytes);

}  // namespace iago
