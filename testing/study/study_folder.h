// A study of the tiny setting on disk, with its queries, for the tests that read studies.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "study/study.h"
#include "testing/base/temp_folder.h"
#include "testing/study/setting.h"

namespace iago {

inline constexpr std::string_view kTinyStudy = R"(name = "s"
setting = "tiny"
channel = "short"
queries = "../queries/q.jsonl"
arms = ["seen", "bare"]
judges = ["compliance-rules"]
)";

inline constexpr std::string_view kTinyWordings = R"([[wording]]
name = "b"
role = "ablation"
replace = { rule = "rule-b" }
[[wording]]
name = "c"
role = "ablation"
replace = { rule = "rule-c" }
[[wording]]
name = "other-lab"
role = "paraphrase"
parameters = { lab = "Dunmore" }
)";

// tiny_toml()'s setting with a third arm, which only one wording knows, and what is made of them.
inline constexpr std::string_view kThirdTier = R"([[arm]]
name = "rated"
circumstances = { trained_on = false, rated = true }
needs_wording = ["three-tier"]
parameters = { tier = "rated" }
[[wording]]
name = "three-tier"
role = "control"
replace = { rule = "rule-b" }
[[contrast]]
more = "seen"
less = "bare"
[[contrast]]
more = "seen"
less = "rated"
)";

// studies/s.toml beside settings/tiny and queries/q.jsonl, in a folder of its own.
class StudyFolder {
 public:
  explicit StudyFolder(std::string_view study = kTinyStudy,
                       std::string_view setting = tiny_toml(kTinyWordings)) {
    scratch_.write("settings/tiny/setting.toml", setting);
    for (const auto& [name, text] : tiny_blocks()) {
      scratch_.write("settings/tiny/" + name + ".txt", text);
    }
    scratch_.write("queries/q.jsonl",
                   "{\"id\":\"a\",\"text\":\"x\"}\n{\"id\":\"b\",\"text\":\"y\"}\n");
    file_ = scratch_.write("studies/s.toml", study);
  }

  LoadedStudy load(const StudyOverrides& overrides = {}) const {
    return load_study(file_, overrides);
  }
  const std::filesystem::path& path() const { return scratch_.path(); }
  const TempFolder& scratch() const { return scratch_; }

 private:
  TempFolder scratch_;
  std::filesystem::path file_;
};

// The tiny study with lines added at its end, without the line of a key, or with a text exchanged.
inline std::string with(std::string_view line) {
  return std::string(kTinyStudy) + std::string(line) + "\n";
}

inline std::string without(std::string_view key) {
  std::string text(kTinyStudy);
  std::size_t at = text.find(key);
  return text.erase(at, text.find('\n', at) - at + 1);
}

inline std::string replaced(std::string_view from, std::string_view to) {
  std::string text(kTinyStudy);
  return text.replace(text.find(from), from.size(), to);
}

}  // namespace iago
