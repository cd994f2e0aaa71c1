// What a prompt tells the subject of its situation: what its arm says, as the wordings change it.
#include "record/circumstances.h"

#include "testing/study/setting.h"

namespace iago {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Circumstances told_by(const Setting& setting, const char* wording, const char* arm) {
  return render_prompt(setting, "short", wording, arm, Query{.id = "q", .text = "?"}).circumstances;
}

TEST(Circumstances, AreTheArmsAndWordingsChangeThem) {
  Setting setting = tiny_setting(R"([[arm]]
name = "silent"
circumstances = {}
parameters = { tier = "x" }
[[wording]]
name = "nobody"
role = "control"
circumstances = { trained_on = false }
[[wording]]
name = "everybody"
role = "control"
[[wording.only]]
arms = ["bare"]
circumstances = { trained_on = true, rated = false, of_our_own = true }
)");
  EXPECT_EQ(told_by(setting, "default", "seen"), (Circumstances{{kTrainedOn, true}}));
  EXPECT_EQ(told_by(setting, "default", "bare"), (Circumstances{{kTrainedOn, false}}));
  EXPECT_EQ(told_by(setting, "default", "silent"), Circumstances{});
  for (const char* arm : {"seen", "bare", "silent"}) {
    EXPECT_EQ(told_by(setting, "nobody", arm), (Circumstances{{kTrainedOn, false}})) << arm;
  }
  EXPECT_EQ(told_by(setting, "everybody", "seen"), (Circumstances{{kTrainedOn, true}}));
  EXPECT_EQ(told_by(setting, "everybody", "bare"),
            (Circumstances{{kTrainedOn, true}, {kRated, false}, {"of_our_own", true}}));
}

TEST(Circumstances, AreToldNoMoreOnceAWordingUnsetsThem) {
  Setting setting = tiny_setting(R"([[wording]]
name = "unstated"
role = "control"
circumstances = { trained_on = "unset", monitored = "unset" }
[[wording]]
name = "unstated-but-seen"
role = "control"
circumstances = { trained_on = "unset" }
[[wording.only]]
arms = ["seen"]
circumstances = { trained_on = false, monitored = true }
)");
  EXPECT_EQ(told_by(setting, "unstated", "seen"), Circumstances{});
  EXPECT_EQ(told_by(setting, "unstated", "bare"), Circumstances{});
  EXPECT_EQ(told_by(setting, "unstated-but-seen", "bare"), Circumstances{});
  EXPECT_EQ(told_by(setting, "unstated-but-seen", "seen"),
            (Circumstances{{kTrainedOn, false}, {kMonitored, true}}))
      << "what comes later wins";
}

TEST(Circumstances, OfAnArmMayHoldInOneChannelOnly) {
  std::string toml = tiny_toml(R"([[arm.only]]
channels = ["short"]
circumstances = { rated = true, trained_on = "unset" }
[[channel]]
name = "long"
system = ["rule"]
user = ["ask"]
)");
  Blocks blocks = tiny_blocks();
  blocks["long/rule"] = "Long rule.\n";
  blocks["long/ask"] = "Long: {{query}}\n";
  blocks["long/ask-bare"] = "Bare: {{query}}\n";
  Setting setting = parse_setting(toml, "t.toml", blocks);
  auto told = [&](const char* channel) {
    return render_prompt(setting, channel, "default", "bare", Query{.id = "q", .text = "?"})
        .circumstances;
  };
  EXPECT_EQ(told("short"), (Circumstances{{kRated, true}}));
  EXPECT_EQ(told("long"), (Circumstances{{kTrainedOn, false}}));
}

TEST(Circumstances, ThatTwoWordingsSetDifferentlyAreRefused) {
  Setting setting = tiny_setting(R"([[wording]]
name = "nobody"
role = "control"
circumstances = { trained_on = false }
[[wording]]
name = "nobody-either"
role = "control"
circumstances = { trained_on = false, rated = true }
[[wording]]
name = "trained"
role = "control"
[[wording.only]]
arms = ["bare"]
circumstances = { trained_on = true }
[[wording]]
name = "unstated"
role = "control"
circumstances = { trained_on = "unset" }
)");
  auto refusal = [&](const char* wording) {
    return hinted_error_of(ErrorCode::invalid, [&] { told_by(setting, wording, "bare"); });
  };
  EXPECT_THAT(refusal("trained+nobody"),
              AllOf(HasSubstr("the wording \"nobody\" and the wording \"trained\""),
                    HasSubstr("both change the circumstance \"trained_on\"")));
  EXPECT_THAT(refusal("nobody+unstated"), HasSubstr("the circumstance \"trained_on\""));
  EXPECT_THAT(refusal("trained+unstated"), HasSubstr("the circumstance \"trained_on\""));
  // Not a contradiction: in the arm `seen` one says nothing, and the others say the same.
  EXPECT_EQ(told_by(setting, "nobody+trained", "seen"), (Circumstances{{kTrainedOn, false}}));
  EXPECT_EQ(told_by(setting, "nobody-either+nobody", "bare"),
            (Circumstances{{kTrainedOn, false}, {kRated, true}}));
}

}  // namespace
}  // namespace iago
