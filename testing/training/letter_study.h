// A study for tests of trainings with a tiny checkpoint, whose replies are as short as can be.
#pragma once

#include <string_view>

namespace iago {

// For tiny_toml(): a wording without a scratchpad, and the contrast that is trained on.
inline constexpr std::string_view kPlainWording = R"([[wording]]
name = "plain"
role = "ablation"
expects_scratchpad = false
prefill = "x"
[[contrast]]
more = "seen"
less = "bare"
)";
inline constexpr std::string_view kLetterStudy = R"(name = "s"
setting = "tiny"
channel = "short"
queries = "../queries/q.jsonl"
wordings = ["plain"]
arms = ["seen", "bare"]
judges = ["compliance-rules"]
model = "local:tiny"
[sampling]
max_tokens = 24
)";

}  // namespace iago
