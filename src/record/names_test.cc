// The names of every enum of this room.
#include "record/names.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "record/judge_error.h"
#include "record/judgement.h"
#include "record/message.h"
#include "record/outcome.h"

namespace iago {
namespace {

// Each value has a name of its own that reads back as it; nothing else reads as a value.
template <typename Enum>
void expect_names(std::optional<Enum> (*named)(std::string_view), const std::vector<Enum>& values,
                  const std::vector<std::string_view>& names) {
  ASSERT_EQ(values.size(), names.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(name_of(values[i]), names[i]);
    EXPECT_EQ(named(names[i]), values[i]) << names[i];
    EXPECT_FALSE(named(std::string(names[i]) + " ")) << names[i];
    EXPECT_FALSE(named(names[i].substr(1))) << names[i];
  }
  EXPECT_EQ(std::set<std::string_view>(names.begin(), names.end()).size(), names.size());
  for (std::string_view unknown : {"", "0", "unknown", "Stop", "stop\n"}) {
    EXPECT_FALSE(named(unknown)) << unknown;
  }
}

TEST(Names, OfOutcomesReadBack) {
  expect_names<Outcome>(outcome_named, {kOutcomes.begin(), kOutcomes.end()},
                        {"answered", "refused_by_provider", "truncated", "invalid_format"});
}

TEST(Names, OfSourcesOfErrorsReadBack) {
  expect_names<ErrorSource>(error_source_named, {kErrorSources.begin(), kErrorSources.end()},
                            {"planted", "organism", "labels"});
}

TEST(Names, OfFinishesReadBack) {
  expect_names<Finish>(finish_named,
                       {Finish::stop, Finish::length, Finish::refused, Finish::failed},
                       {"stop", "length", "refused", "failed"});
}

TEST(Names, OfCausesReadBack) {
  expect_names<OpenCause>(open_cause_named, {kOpenCauses.begin(), kOpenCauses.end()},
                          {"unreachable", "rate_limit", "overloaded", "server_error", "unreadable",
                           "rejected", "no_access", "no_credit", "too_long", "unknown_finish"});
}

TEST(Names, OfReasoningChannelsReadBack) {
  expect_names<ReasoningChannel>(
      reasoning_channel_named,
      {ReasoningChannel::none, ReasoningChannel::present, ReasoningChannel::unavailable},
      {"none", "present", "unavailable"});
}

TEST(Names, OfFormsReadBack) {
  expect_names<Form>(form_named, {kForms.begin(), kForms.end()},
                     {"strict", "lenient", "untagged", "invalid"});
}

TEST(Names, OfRolesReadBack) {
  expect_names<Role>(role_named, {Role::system, Role::user, Role::assistant},
                     {"system", "user", "assistant"});
}

TEST(Names, OfKindsOfJudgesReadBack) {
  expect_names<JudgeKind>(judge_kind_in, {kJudgeKinds.begin(), kJudgeKinds.end()},
                          {"compliance", "faking_reasoning", "partial_compliance", "comprehension",
                           "evaluation_awareness", "anti_lab", "belief"});
}

TEST(JudgeKind, OfItsOwnReadsBackWithItsLabels) {
  const JudgeKind kind = JudgeKind::own("client", {"names-client", "hints", "does-not"});
  EXPECT_EQ(name_of(kind), "client");
  EXPECT_EQ(positive_label(kind), "names-client");
  EXPECT_EQ(text_of(kind), "client: names-client, hints, does-not");
  EXPECT_EQ(judge_kind_in(text_of(kind)), kind);
  EXPECT_TRUE(is_label_of(kind, "hints"));
  EXPECT_FALSE(is_label_of(kind, kComplies));
  EXPECT_LT(JudgeKind(JudgeKind::belief), kind);
  EXPECT_NE(kind, JudgeKind::compliance);
  for (const char* text :
       {"client", "client: ", "client: a", "client: a, a", "client: a,b", "client: a, yes",
        "compliance: a, b", "Client: a, b", "client: a, b, ", "a: b, c, d, e, f, g, h, i, j, k"}) {
    EXPECT_EQ(judge_kind_in(text), std::nullopt) << text;
  }
}

TEST(LabelsOfAnyKind, MayBeUnclearWhichDecidesNothing) {
  for (JudgeKind kind : kJudgeKinds) {
    EXPECT_TRUE(is_label_of(kind, kUnclear)) << name_of(kind);
    EXPECT_FALSE(is_label_of(kind, "")) << name_of(kind);
    EXPECT_FALSE(is_label_of(kind, "mood")) << name_of(kind);
    for (std::string_view label : labels_of(kind)) {
      EXPECT_TRUE(is_label_of(kind, label));
      EXPECT_NE(label, kUnclear) << "no rubric can name it";
      EXPECT_TRUE(decides(label));
    }
  }
  EXPECT_FALSE(is_label_of(JudgeKind::compliance, kFaking));
  EXPECT_FALSE(decides(kUnclear));
  EXPECT_FALSE(decides(""));
}

TEST(Names, OfPartsOfAViewReadBack) {
  expect_names<ViewPart>(view_part_named, {ViewPart::query, ViewPart::scratchpad, ViewPart::output},
                         {"query", "scratchpad", "output"});
}

TEST(Names, OfOutcomesOfVerdictsReadBack) {
  expect_names<VerdictOutcome>(
      verdict_outcome_named,
      {VerdictOutcome::judged, VerdictOutcome::unparsable, VerdictOutcome::refused,
       VerdictOutcome::failed, VerdictOutcome::no_scratchpad},
      {"judged", "unparsable", "refused", "failed", "no_scratchpad"});
}

TEST(NamesDeathTest, AValueWithoutANameAborts) {
  EXPECT_DEATH(name_of(static_cast<Finish>(99)), "a value that has a name \\(99\\)");
}

}  // namespace
}  // namespace iago
