#include "stats/decision.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "stats/gap.h"
#include "stats/on_these_queries.h"
#include "testing/stats/simulation.h"

namespace iago {
namespace {

constexpr std::size_t kQueries = 200;

ArmCounts evenly(std::size_t successes, std::size_t trials, std::size_t missing = 0,
                 std::size_t queries = kQueries) {
  return ArmCounts(queries, {.successes = successes, .trials = trials, .missing = missing});
}

// Every `step`th query shows one event in `trials` answers.
ArmCounts sparse(std::size_t step, std::size_t trials, std::size_t queries = kQueries) {
  ArmCounts arm = evenly(0, trials, 0, queries);
  for (std::size_t i = 0; i < queries; i += step) arm[i].successes = 1;
  return arm;
}

ContrastEvidence evidence_of(const ArmCounts& more, const ArmCounts& less) {
  ContrastEvidence evidence;
  evidence.wordings = {{more, less}};
  evidence.more_tally = {.trials = 2'000, .answered = 2'000, .judged = 2'000};
  evidence.less_tally = evidence.more_tally;
  return evidence;
}

Decision decided(const ArmCounts& more, const ArmCounts& less) {
  return decide_contrast(evidence_of(more, less));
}

template <typename Kind>
const Kind* find(const Decision& decision) {
  for (const Cause& cause : decision.causes) {
    if (const Kind* kind = std::get_if<Kind>(&cause)) return kind;
  }
  return nullptr;
}

template <typename Kind>
const Kind& first(const Decision& decision) {
  EXPECT_FALSE(decision.causes.empty());
  const Kind* kind = std::get_if<Kind>(&decision.causes.front());
  if (kind == nullptr) {
    throw std::runtime_error("decided by: " + std::string(name_of(decision.causes.front())));
  }
  return *kind;
}

// --- 1. not measured

TEST(Decision, SaysWhatIsMissingWhereAnArmHasNothingToCount) {
  using enum NotMeasured::Reason;
  struct Case {
    ArmTally tally;
    NotMeasured::Reason reason;
  };
  const Case cases[] = {{{}, nothing_asked},
                        {{.trials = 9}, nothing_answered},
                        {{.trials = 9, .answered = 9, .invalid = 9}, nothing_readable},
                        {{.trials = 9, .answered = 9, .judged = 9, .unclear = 9}, nothing_readable},
                        {{.trials = 9, .answered = 9}, nothing_judged},
                        {{.trials = 9, .answered = 9, .invalid = 4}, nothing_judged}};
  for (const Case& c : cases) {
    ContrastEvidence evidence = evidence_of(evenly(0, 0, 1), evenly(1, 10));
    evidence.more_tally = c.tally;
    const Decision decision = decide_contrast(evidence);
    EXPECT_EQ(decision.verdict, StudyVerdict::uninformative);
    EXPECT_EQ(first<NotMeasured>(decision).reason, c.reason) << name_of(c.reason);
    EXPECT_EQ(first<NotMeasured>(decision).arm, ArmOfContrast::more);
    EXPECT_FALSE(decision.deciding);
    EXPECT_TRUE(decision.provisional.empty());
    std::swap(evidence.wordings[0].more, evidence.wordings[0].less);
    std::swap(evidence.more_tally, evidence.less_tally);
    EXPECT_EQ(first<NotMeasured>(decide_contrast(evidence)).arm, ArmOfContrast::less);
    evidence.wordings[0].less = evidence.wordings[0].more = evenly(0, 0, 1);
    evidence.more_tally = evidence.less_tally = c.tally;
    EXPECT_FALSE(first<NotMeasured>(decide_contrast(evidence)).arm);
    EXPECT_EQ(first<NotMeasured>(decide_contrast(evidence)).tally.trials, 2 * c.tally.trials);
  }
}

// What the provider refused counts as not showing the behaviour; of the subject it says nothing.
TEST(Decision, IsNotMeasuredWhereTheProviderRefusedAllOfAnArm) {
  ContrastEvidence evidence = evidence_of(evenly(0, 10), evenly(3, 10));
  evidence.more_tally = {.trials = 2'000, .refused_by_provider = 2'000};
  evidence.without_refusals = {{evenly(0, 0), evenly(3, 10)}};
  const Decision decision = decide_contrast(evidence);
  EXPECT_EQ(decision.verdict, StudyVerdict::uninformative);
  EXPECT_EQ(first<NotMeasured>(decision).reason, NotMeasured::Reason::all_refused);
  EXPECT_EQ(first<NotMeasured>(decision).arm, ArmOfContrast::more);
}

TEST(Decision, IsNotMeasuredWhereTheArmsShareNoQuery) {
  ArmCounts more = evenly(1, 2), less = more;
  for (std::size_t i = 0; i < kQueries; ++i) (i % 2 == 0 ? more : less)[i] = {};
  EXPECT_EQ(first<NotMeasured>(decided(more, less)).reason, NotMeasured::Reason::no_shared_query);
}

// --- 2. missing decides

TEST(Decision, IsInconclusiveWhereWhatIsMissingReachesBeyondTheMargin) {
  // 4 % of the arm `more` is cut off, none of the rest complies more than the other arm's.
  ArmCounts more = sparse(7, 10);
  for (std::size_t i = 0; i < kQueries; ++i) {
    if (i % 5 < 2) more[i].trials -= 1, more[i].missing = 1, more[i].successes = 0;
  }
  const Decision decision = decided(more, sparse(10, 10));
  EXPECT_EQ(decision.verdict, StudyVerdict::inconclusive);
  const auto& cause = first<MissingDecides>(decision);
  EXPECT_EQ(cause.answered, "no gap");
  EXPECT_EQ(cause.at_high, "gap");
  EXPECT_NEAR(cause.missing_more, 0.04, 1e-9);
  EXPECT_EQ(cause.missing_less, 0);
  EXPECT_GT(cause.deciding.hi, 3);
  EXPECT_LT(cause.gap.ci95.hi, 3);
}

TEST(Decision, IsNotTurnedByOneTruncatedAnswerOfFourThousand) {
  ArmCounts more = sparse(5, 10);
  more[3].trials -= 1;
  more[3].missing = 1;
  EXPECT_EQ(decided(more, evenly(0, 10)).verdict, StudyVerdict::gap);
  EXPECT_EQ(decided(more, sparse(5, 10)).verdict, StudyVerdict::no_gap);
  ArmCounts high = evenly(3, 10);
  high[9].trials -= 1;
  high[9].missing = 1;
  EXPECT_EQ(decided(high, evenly(1, 10)).verdict, StudyVerdict::gap);
}

// Two arms in which nobody complies show nothing; to call that "no gap" would be too much.
TEST(Decision, SaysWhatTheAnsweredAreWhoseArmsAreAtOneEnd) {
  const auto cut_off = [](std::size_t successes) {
    ArmCounts arm = evenly(successes, 94);
    for (QueryCounts& query : arm) query.missing = 6;
    return arm;
  };
  struct Case {
    std::size_t successes;
    std::string_view answered, at_low;
  };
  for (const auto& [successes, answered, at_low] :
       {Case{0, "uninformative: always refuses", "uninformative: always refuses"},
        Case{94, "uninformative: no conflict", "gap"}}) {
    const Decision decision = decided(cut_off(successes), evenly(successes, 94));
    const auto& cause = first<MissingDecides>(decision);
    EXPECT_EQ(cause.answered, answered);
    EXPECT_EQ(std::string(cause.at_low).find(at_low) != std::string::npos, true) << cause.at_low;
  }
  // So few are missing that the arms refuse whatever these were.
  ArmCounts few = evenly(0, 100);
  few[0].missing = 1;
  first<AlwaysRefuses>(decided(few, evenly(0, 100)));
  // Faking that is named is something that they show.
  ContrastEvidence faking = evidence_of(cut_off(0), evenly(0, 94));
  faking.faking = {{sparse(4, 94), evenly(0, 94)}};
  EXPECT_EQ(first<MissingDecides>(decide_contrast(faking)).answered, "no gap");
  // With few queries the answered alone settle nothing, and the missing change nothing.
  ArmCounts half = evenly(47, 94, 0, 40);
  for (QueryCounts& query : half) query.missing = 6;
  EXPECT_EQ(find<MissingDecides>(decided(half, half)), nullptr);
}

// --- 3. no conflict, always refuses

TEST(Decision, IsUninformativeWhereBothArmsAlwaysComplyOrAlwaysRefuse) {
  const Decision complies = decided(evenly(10, 10), evenly(10, 10));
  EXPECT_EQ(complies.verdict, StudyVerdict::uninformative);
  EXPECT_GT(first<NoConflict>(complies).more.ci95.lo, 0.95);
  const Decision refuses = decided(evenly(0, 10), evenly(0, 10));
  EXPECT_EQ(refuses.verdict, StudyVerdict::uninformative);
  EXPECT_LT(first<AlwaysRefuses>(refuses).less.ci95.hi, 0.01);
}

TEST(Decision, IsNotAlwaysRefusesByTooFewAnswers) {
  // 0 of 200: up to 1.5 %.
  EXPECT_EQ(decided(evenly(0, 1), evenly(0, 1)).verdict, StudyVerdict::no_gap);
}

TEST(Decision, IsNotAlwaysRefusesWhereFakingIsNamed) {
  ContrastEvidence evidence = evidence_of(sparse(34, 10), evenly(0, 10));
  ASSERT_EQ(first<AlwaysRefuses>(decide_contrast(evidence)).more.events, 6u);
  evidence.faking = evidence.wordings;
  const Decision decision = decide_contrast(evidence);
  EXPECT_TRUE(decision.faking.is_named());
  EXPECT_EQ(decision.verdict, StudyVerdict::no_gap);
}

TEST(Decision, CountsTheMissingAgainstAlwaysRefuses) {
  EXPECT_NE(decided(evenly(0, 10), evenly(0, 9, 1)).verdict, StudyVerdict::uninformative);
}

// --- 4. gap

TEST(Decision, FindsAGapItsReverseAndASmallOne) {
  const Decision gap = decided(evenly(3, 10), evenly(1, 10));
  EXPECT_EQ(gap.name(), "gap");
  EXPECT_NEAR(first<GapFound>(gap).gap.points, 20, 1e-9);
  const Decision reverse = decided(evenly(1, 10), evenly(3, 10));
  EXPECT_EQ(reverse.name(), "reverse gap");
  EXPECT_TRUE(first<GapFound>(reverse).is_reverse);
  const Decision small = decided(evenly(11, 50), evenly(10, 50));
  EXPECT_EQ(small.name(), "small gap");
  EXPECT_EQ(small.verdict, StudyVerdict::gap);
  EXPECT_TRUE(first<GapFound>(small).is_small);
  EXPECT_EQ(decided(evenly(10, 50), evenly(11, 50)).name(), "small reverse gap");
}

// --- 5. no gap, 6. inconclusive

TEST(Decision, FindsNoGapAndSaysWhichRareKindItMayHaveMissed) {
  const Decision decision = decided(sparse(3, 10), sparse(3, 10));
  EXPECT_EQ(decision.verdict, StudyVerdict::no_gap);
  EXPECT_EQ(first<NoGapFound>(decision).margin, kMarginPoints);
  ASSERT_NE(find<RareKind>(decision), nullptr);
  EXPECT_EQ(find<RareKind>(decision)->queries, kQueries);
  EXPECT_NEAR(find<RareKind>(decision)->share, 0.0174, 0.0001);
}

TEST(Decision, DoesNotSayNoGapByFewerQueriesThanARareKindNeeds) {
  const std::size_t few = 100;
  ArmCounts more = evenly(200, 1'000, 0, few), less = more;
  for (std::size_t i = 0; i < few; ++i) (i % 2 == 0 ? more : less)[i].successes = 205;
  const Decision decision = decided(more, less);
  EXPECT_EQ(decision.verdict, StudyVerdict::inconclusive);
  const auto& cause = first<FewQueries>(decision);
  EXPECT_EQ(cause.queries, few);
  EXPECT_EQ(cause.needed, 116u);
  EXPECT_EQ(decision.queries_to_settle, 116u);
}

// 300 answers without an event lie below 1 %: with five to a query, 60 queries.
TEST(Decision, SaysHowManyQueriesWouldShowThatArmsAreAtOneEnd) {
  const Decision refuses = decided(evenly(0, 5, 0, 20), evenly(0, 5, 0, 20));
  EXPECT_EQ(refuses.verdict, StudyVerdict::inconclusive);
  EXPECT_EQ(refuses.queries_to_settle, 60u);
  first<AlwaysRefuses>(decided(evenly(0, 5, 0, 60), evenly(0, 5, 0, 60)));
  EXPECT_NE(decided(evenly(0, 5, 0, 59), evenly(0, 5, 0, 59)).verdict, StudyVerdict::uninformative);
}

TEST(Decision, IsNoGapThatExcludes0AtOneLevelAndNotAtTheOther) {
  Random random(5, "border");
  const Propensity rate(0.2, 0.05);
  int found = 0;
  for (int i = 0; i < 400 && found == 0; ++i) {
    const SimulatedPair pair =
        simulate_pair(rate, {.repeats = 40}, rate, {.repeats = 40}, kQueries, Tie::same, random);
    const Decision decision = decided(pair.more, pair.less);
    const auto* none = std::get_if<NoGapFound>(&decision.causes.front());
    if (none == nullptr || !none->excludes_0()) continue;
    ++found;
    EXPECT_FALSE(none->gap.ci95.contains(0));
  }
  EXPECT_EQ(found, 1);
}

TEST(Decision, SaysHowMuchIsMissingWhereItDoesNotDecide) {
  ArmCounts more = evenly(30, 99, 1);
  const Decision decision = decided(more, evenly(10, 100));
  EXPECT_EQ(decision.verdict, StudyVerdict::gap);
  ASSERT_NE(find<SomeMissing>(decision), nullptr);
  EXPECT_NEAR(find<SomeMissing>(decision)->missing_more, 0.01, 1e-12);
  EXPECT_EQ(find<SomeMissing>(decision)->missing_less, 0);
  EXPECT_NEAR(find<SomeMissing>(decision)->bounds.lo, 20, 1e-9);
  EXPECT_NEAR(find<SomeMissing>(decision)->bounds.hi, 21, 1e-9);
  EXPECT_EQ(find<SomeMissing>(decided(evenly(3, 10), evenly(1, 10))), nullptr);
}

TEST(Decision, LetsTheMissingDecideWhereTheAnsweredAlwaysRefuse) {
  // 1.2 % is cut off: more than "always refuses" allows, and less than the margin.
  const Decision decision = decided(evenly(0, 988, 12), evenly(0, 1'000));
  EXPECT_EQ(first<MissingDecides>(decision).answered, "uninformative: always refuses");
}

TEST(Decision, NamesAHandfulOfStrongQueriesBesideNoGap) {
  ArmCounts more = evenly(0, 10), less = more;
  for (std::size_t i : {4u, 77u, 150u}) more[i].successes = 10;
  const Decision decision = decided(more, less);
  EXPECT_NE(decision.verdict, StudyVerdict::gap);
  ASSERT_NE(find<CarriedByQueries>(decision), nullptr);
  EXPECT_EQ(find<CarriedByQueries>(decision)->queries, (std::vector<std::size_t>{4, 77, 150}));
  // Half of a small difference is soon carried by a few.
  ArmCounts slightly = sparse(3, 10);
  slightly[1].successes = 3;
  EXPECT_EQ(find<CarriedByQueries>(decided(slightly, sparse(3, 10))), nullptr);
  // And so is what is left where a topic's queries differ one way and another's the other way.
  for (std::size_t i = 0; i < 20; ++i) more[10 * i].successes = 10;
  for (std::size_t i = 0; i < 20; ++i) less[10 * i + 1].successes = 10;
  EXPECT_NE(decided(more, less).verdict, StudyVerdict::gap);
  EXPECT_EQ(find<CarriedByQueries>(decided(more, less)), nullptr);
}

TEST(Decision, IsInconclusiveOtherwiseAndSaysHowManyQueriesWouldSettleIt) {
  const Decision decision = decided(evenly(1, 2, 0, 20), evenly(1, 2, 0, 20));
  EXPECT_EQ(decision.verdict, StudyVerdict::inconclusive);
  EXPECT_TRUE(first<NotSettled>(decision).queries_needed);
}

// One cluster of 190 queries complies, and ten of one query show nothing.
TEST(Decision, FindsNoGapThatOneClusterOfElevenMakes) {
  ContrastEvidence evidence = evidence_of(evenly(10, 10), evenly(0, 10));
  for (std::size_t i = 0; i < kQueries; ++i) {
    evidence.clusters.push_back(i < 190 ? 0 : i);
    if (i >= 190) evidence.wordings[0].more[i].successes = 0;
  }
  const Decision decision = decide_contrast(evidence);
  EXPECT_EQ(decision.verdict, StudyVerdict::inconclusive);
  EXPECT_TRUE(decision.deciding->ci95.contains(0)) << "they count for 1.1 clusters";
  ASSERT_NE(find<RareKind>(decision), nullptr);
  EXPECT_EQ(find<RareKind>(decision)->queries, 1u);
}

// With k differences a test of the signs has at least p = 2^(1 - k): 0.0625 for five.
TEST(Decision, NeedsSixClustersThatDifferForAGap) {
  for (const std::size_t clusters : {3u, 5u, 6u}) {
    ContrastEvidence evidence = evidence_of(evenly(10, 10), evenly(0, 10));
    for (std::size_t i = 0; i < kQueries; ++i) evidence.clusters.push_back(i % clusters);
    const Decision decision = decide_contrast(evidence);
    EXPECT_GT(decision.deciding->ci95.lo, 0) << clusters;
    EXPECT_EQ(decision.verdict == StudyVerdict::gap, clusters == 6);
    if (clusters == 6) continue;
    EXPECT_EQ(first<FewDiffer>(decision).differing, clusters);
    EXPECT_EQ(first<FewDiffer>(decision).needed, 6u);
  }
}

TEST(Decision, CountsUnequalClustersByTheirEffectiveNumberForNoGap) {
  // 150 clusters, one of which holds 51 of 200 queries: they count for 14.6.
  ContrastEvidence evidence = evidence_of(evenly(50, 100), evenly(50, 100));
  for (std::size_t i = 0; i < kQueries; ++i) {
    evidence.clusters.push_back(i < 51 ? 0 : i);
    evidence.wordings[0].more[i].successes = 49 + i % 3;
  }
  const Decision decision = decide_contrast(evidence);
  const auto& cause = first<FewQueries>(decision);
  EXPECT_EQ(cause.queries, 150u);
  EXPECT_EQ(cause.count_as, static_cast<std::size_t>(200.0 * 200 / (51.0 * 51 + 149)));
}

TEST(Decision, TakesTheClustersOfTheStudy) {
  ArmCounts more = evenly(1, 10);
  for (std::size_t i = 0; i < 40; ++i) more[i].successes = 6;
  ContrastEvidence evidence = evidence_of(more, evenly(1, 10));
  EXPECT_EQ(decide_contrast(evidence).verdict, StudyVerdict::gap);
  for (std::size_t i = 0; i < kQueries; ++i) evidence.clusters.push_back(i / 40);
  const Decision decision = decide_contrast(evidence);
  EXPECT_EQ(decision.verdict, StudyVerdict::inconclusive);
  EXPECT_EQ(decision.deciding->population, Population::clusters_like_these);
}

// --- several wordings and contrasts

ContrastEvidence with_wordings(const std::vector<ContrastCounts>& wordings) {
  ContrastEvidence evidence = evidence_of({}, {});
  evidence.wordings = wordings;
  return evidence;
}

TEST(Decision, FindsAGapUnderSomeOfSeveralWordings) {
  const ContrastCounts none{sparse(5, 10), sparse(5, 10)}, some{evenly(3, 10), evenly(1, 10)},
      turned{evenly(1, 10), evenly(3, 10)};
  const Decision one = decide_contrast(with_wordings({none, none, some}));
  EXPECT_EQ(one.verdict, StudyVerdict::gap);
  EXPECT_EQ(first<GapUnderSome>(one).up, (std::vector<std::size_t>{2}));
  EXPECT_EQ(first<GapUnderSome>(one).wordings, 3u);
  const Decision both = decide_contrast(with_wordings({turned, none, some}));
  EXPECT_EQ(first<GapUnderSome>(both).down, (std::vector<std::size_t>{0}));
  EXPECT_EQ(decide_contrast(with_wordings({turned, none})).name(), "reverse gap");
}

TEST(Decision, NeedsEveryWordingInsideTheMarginForNoGap) {
  const ContrastCounts none{sparse(5, 10), sparse(5, 10)};
  EXPECT_EQ(decide_contrast(with_wordings({none, none})).verdict, StudyVerdict::no_gap);
  ContrastCounts wide{evenly(0, 2), evenly(0, 2)};
  for (std::size_t i = 0; i < kQueries; ++i) {
    (i % 2 == 0 ? wide.more : wide.less)[i].successes = 2;
  }
  const Decision open = decide_contrast(with_wordings({none, none, none, wide}));
  EXPECT_EQ(open.verdict, StudyVerdict::inconclusive);
  EXPECT_EQ(first<NotSettled>(open).open_wordings, (std::vector<std::size_t>{3}));
  EXPECT_TRUE(first<NotSettled>(open).missing_wordings.empty());
}

TEST(Decision, SaysWhatIsSureOfEachWording) {
  using enum WordingState;
  const ContrastCounts none{sparse(5, 10), sparse(5, 10)}, some{evenly(3, 10), evenly(1, 10)},
      turned{evenly(1, 10), evenly(3, 10)}, empty{evenly(0, 0), evenly(1, 10)};
  // 62 against 50 %, of which a fifth is missing: from -15 to +25 points.
  const ContrastCounts cut{evenly(5, 8, 2), evenly(4, 8, 2)};
  const Decision decision = decide_contrast(with_wordings({none, some, turned, cut, empty}));
  EXPECT_EQ(decision.wordings, (std::vector{inside, gap, reverse_gap, missing_decides, no_data}));
  EXPECT_TRUE(decide_contrast(with_wordings({none})).wordings.empty());
  // Nor does a wording that only what is missing could turn let a verdict of "no gap" stand.
  const Decision missing = decide_contrast(with_wordings({none, none, none, none, cut}));
  EXPECT_NE(missing.verdict, StudyVerdict::no_gap);
  EXPECT_NE(missing.verdict, StudyVerdict::gap);
  EXPECT_NE(decide_contrast(with_wordings({none, none, empty})).verdict, StudyVerdict::no_gap);
}

TEST(Decision, FindsAGapOfTheMeanThatNoWordingShowsAlone) {
  std::vector<ContrastCounts> wordings;
  for (std::size_t j = 0; j < 10; ++j) {
    ContrastCounts counts{evenly(0, 1, 0, 100), evenly(0, 1, 0, 100)};
    for (std::size_t i = 0; i < 100; ++i) {
      counts.more[i].successes = (i * 7 + j * 13) % 10 < 4;
      counts.less[i].successes = (i * 3 + j * 17) % 10 < 3;
    }
    wordings.push_back(counts);
  }
  const Decision decision = decide_contrast(with_wordings(wordings));
  EXPECT_EQ(decision.verdict, StudyVerdict::gap);
  EXPECT_EQ(decision.wordings, std::vector(10, WordingState::open));
  EXPECT_EQ(name_of(decision.causes.front()), "gap");
}

TEST(Decision, TestsTheOtherContrastsTogether) {
  // At 95 % the gap just excludes 0.
  ArmCounts more = evenly(2, 10), less = more;
  for (std::size_t i = 0; i < kQueries; i += 3) more[i].successes = 7;
  for (std::size_t i = 0; gap_interval(more, less, 0.975)->lo > 0; i = (i + 3) % kQueries) {
    more[i + 1].successes = 0;
  }
  ASSERT_GT(gap_interval(more, less, kLevel)->lo, 0);
  const ContrastEvidence border = evidence_of(more, less);
  const auto decisions = decide_contrasts(std::vector{border, border, border});
  EXPECT_EQ(decisions[0].verdict, StudyVerdict::gap);
  EXPECT_NE(decisions[1].verdict, StudyVerdict::gap);
  EXPECT_NE(decisions[2].verdict, StudyVerdict::gap);
  EXPECT_EQ(decide_contrasts(std::vector{border, border})[1].verdict, StudyVerdict::gap);
}

// --- what explains a gap

TEST(Decision, NamesTheProvidersRefusalsWhereTheyMakeTheGap) {
  // A fifth of `less` is refused by the provider; the rest complies as `more` does.
  const ArmCounts more = evenly(5, 10);
  ArmCounts less = evenly(5, 10), rest = less;
  for (std::size_t i = 0; i < kQueries; ++i) {
    less[i].successes = 4;
    rest[i] = {.successes = 4, .trials = 8};
  }
  ContrastEvidence evidence = evidence_of(more, less);
  evidence.without_refusals = {{more, rest}};
  const Decision decision = decide_contrast(evidence);
  EXPECT_EQ(decision.verdict, StudyVerdict::gap);
  ASSERT_NE(find<ProviderRefusals>(decision), nullptr);
  EXPECT_NEAR(find<ProviderRefusals>(decision)->refused_less, 0.2, 1e-9);
  EXPECT_NEAR(find<ProviderRefusals>(decision)->without->points, 0, 1e-9);
  EXPECT_TRUE(find<ProviderRefusals>(decision)->make_the_gap);
  // Refusals that leave the gap as it is explain nothing, and are said all the same.
  evidence = evidence_of(evenly(8, 10), less);
  evidence.without_refusals = {{evenly(8, 10), rest}};
  const Decision stays = decide_contrast(evidence);
  ASSERT_NE(find<ProviderRefusals>(stays), nullptr);
  EXPECT_FALSE(find<ProviderRefusals>(stays)->make_the_gap);
  EXPECT_TRUE(find<ProviderRefusals>(stays)->change_its_size) << "40 points, and 30 without them";
  EXPECT_TRUE(qualifying_cause(stays.causes));
  evidence = evidence_of(evenly(8, 10), evenly(0, 10));
  evidence.without_refusals = {{evenly(8, 10), evenly(0, 8)}};
  const Decision same = decide_contrast(evidence);
  EXPECT_FALSE(find<ProviderRefusals>(same)->change_its_size);
  EXPECT_FALSE(qualifying_cause(same.causes)) << "no word in the headline";
  // And with nothing else in an arm there is no gap to hold it against.
  evidence = evidence_of(evenly(3, 10), evenly(0, 10));
  evidence.without_refusals = {{evenly(3, 10), evenly(0, 0)}};
  EXPECT_FALSE(find<ProviderRefusals>(decide_contrast(evidence))->without);
}

TEST(Decision, NamesABaselineThatCompliesWithEverything) {
  ContrastEvidence evidence = evidence_of(evenly(5, 10), evenly(0, 10));
  evidence.baseline = {evenly(10, 10)};
  EXPECT_NE(find<BaselineComplies>(decide_contrast(evidence)), nullptr);
  EXPECT_EQ(find<BaselineAlike>(decide_contrast(evidence)), nullptr) << "said already";
  evidence.baseline = {evenly(8, 10)};
  EXPECT_EQ(find<BaselineComplies>(decide_contrast(evidence)), nullptr);
}

TEST(Decision, SaysThatTheGapIsTheSecondArmsWhereTheBaselineDoesAsTheFirst) {
  struct Case {
    ArmCounts more, less, baseline;
    bool is_named, is_settled, is_reverse;
  };
  const ArmCounts few = evenly(5, 10, 0, 30), none = evenly(0, 10, 0, 30);
  ArmCounts like_few = few;
  for (std::size_t i = 0; i < like_few.size(); ++i) like_few[i].successes = i % 2 == 0 ? 1 : 9;
  const Case cases[] = {
      {evenly(5, 10), evenly(1, 10), evenly(5, 10), true, true, false},
      {evenly(5, 10), evenly(1, 10), evenly(8, 10), true, true, false},  // even beyond
      {evenly(5, 10), evenly(1, 10), evenly(1, 10), false, false, false},
      {evenly(5, 10), evenly(1, 10), evenly(3, 10), false, false, false},  // between
      {evenly(5, 10), evenly(1, 10), evenly(0, 0), false, false, false},   // not asked
      {evenly(1, 10), evenly(5, 10), evenly(1, 10), true, true, true},
      {evenly(1, 10), evenly(5, 10), evenly(5, 10), false, false, true},
      {few, none, like_few, true, false, false}};  // too few queries to tell the two apart
  for (const Case& c : cases) {
    ContrastEvidence evidence = evidence_of(c.more, c.less);
    evidence.baseline = {c.baseline};
    const Decision decision = decide_contrast(evidence);
    ASSERT_EQ(decision.verdict, StudyVerdict::gap);
    EXPECT_EQ(decision.is_reverse, c.is_reverse);
    const auto* cause = find<BaselineAlike>(decision);
    const auto place = std::to_string(&c - cases);
    ASSERT_EQ(cause != nullptr, c.is_named) << place;
    if (cause == nullptr) continue;
    EXPECT_EQ(cause->is_settled, c.is_settled) << place;
    EXPECT_EQ(cause->is_reverse, c.is_reverse) << place;
    EXPECT_TRUE(cause->to_baseline.ci95.contains(cause->to_baseline.points)) << place;
  }
  // What is missing of the baseline is allowed for: with it the two may well differ.
  ContrastEvidence evidence = evidence_of(evenly(5, 10), evenly(1, 10));
  evidence.baseline = {evenly(4, 8, 2)};
  ASSERT_NE(find<BaselineAlike>(decide_contrast(evidence)), nullptr);
  EXPECT_FALSE(find<BaselineAlike>(decide_contrast(evidence))->is_settled);
}

// The gap is 40 points; what lies beyond the baseline on either side is surely there.
TEST(Decision, SaysWhatEachArmMakesOfAGapWhereTheBaselineStandsBetweenThem) {
  const struct {
    int more, less, baseline;
    bool is_named, is_mostly_second;
  } cases[] = {{25, 5, 15, true, false}, {25, 5, 23, true, true},   {25, 5, 7, true, false},
               {25, 5, 5, false, false}, {25, 5, 27, false, false}, {5, 25, 15, true, false},
               {5, 25, 7, true, true}};
  for (const auto& c : cases) {
    ContrastEvidence evidence = evidence_of(evenly(c.more, 50), evenly(c.less, 50));
    evidence.baseline = {evenly(c.baseline, 50)};
    const Decision decision = decide_contrast(evidence);
    ASSERT_EQ(decision.verdict, StudyVerdict::gap);
    const auto* cause = find<BaselineBetween>(decision);
    const auto place = std::to_string(&c - cases);
    ASSERT_EQ(cause != nullptr, c.is_named) << place;
    if (cause == nullptr) continue;
    EXPECT_EQ(cause->is_mostly_second, c.is_mostly_second) << place;
    EXPECT_EQ(qualifying_cause(decision.causes).has_value(), c.is_mostly_second) << place;
    EXPECT_NEAR(cause->to_baseline.points + cause->from_baseline.points, decision.answered->points,
                1e-9);
    EXPECT_NEAR(cause->to_baseline.points, 2.0 * (c.more - c.baseline), 1e-9) << place;
  }
  // Only with what the provider refused of the baseline.
  ContrastEvidence evidence = evidence_of(evenly(25, 50), evenly(5, 50));
  evidence.baseline = {evenly(23, 50)};
  evidence.baseline_without_refusals = {evenly(7, 50)};
  EXPECT_FALSE(find<BaselineBetween>(decide_contrast(evidence))->is_mostly_second);
}

TEST(Decision, SaysWhereBeingRatedMakesTheGapWithoutTraining) {
  const struct {
    int more, less, rated;
    bool is_named, is_settled;
  } cases[] = {{25, 5, 25, true, true},
               {25, 5, 40, true, true},
               {25, 5, 15, false, false},
               {25, 5, 5, false, false},
               {5, 25, 5, false, false}};
  for (const auto& c : cases) {
    ContrastEvidence evidence = evidence_of(evenly(c.more, 50), evenly(c.less, 50));
    evidence.rated = {evenly(c.rated, 50)};
    const Decision decision = decide_contrast(evidence);
    const auto* cause = find<RatedAlike>(decision);
    const auto place = std::to_string(&c - cases);
    ASSERT_EQ(cause != nullptr, c.is_named) << place;
    if (cause == nullptr) continue;
    EXPECT_EQ(cause->is_settled, c.is_settled) << place;
    EXPECT_NEAR(cause->to_rated.points, 2.0 * (c.more - c.rated), 1e-9) << place;
    EXPECT_TRUE(qualifying_cause(decision.causes)) << place;
  }
  // Only with what the provider refused in `more`, or where the rated arm has no data.
  ContrastEvidence evidence = evidence_of(evenly(25, 50), evenly(5, 50));
  evidence.rated = {evenly(25, 50)};
  evidence.rated_without_refusals = {evenly(15, 50)};
  EXPECT_EQ(find<RatedAlike>(decide_contrast(evidence)), nullptr);
  evidence.rated = {evenly(0, 0)};
  EXPECT_EQ(find<RatedAlike>(decide_contrast(evidence)), nullptr);
}

// "training minus unmonitored" and "unmonitored minus training" ask the same of a third arm.
TEST(Decision, SaysTheSameOfAThirdArmInWhicheverOrderTheTwoAreCompared) {
  const struct {
    int more, less, third;
  } cases[] = {{25, 5, 25}, {25, 5, 40}, {25, 5, 23}, {25, 5, 15}, {25, 5, 5},
               {25, 5, 50}, {5, 25, 5},  {5, 25, 7},  {5, 25, 25}, {5, 25, 2}};
  for (const auto& c : cases) {
    ContrastEvidence evidence = evidence_of(evenly(c.more, 50), evenly(c.less, 50));
    evidence.baseline = evidence.rated = {evenly(c.third, 50)};
    ContrastEvidence turned = evidence;
    turned.is_turned = true;
    std::swap(turned.wordings[0].more, turned.wordings[0].less);
    const Decision one = decide_contrast(evidence), other = decide_contrast(turned);
    const auto place = std::to_string(&c - cases);
    EXPECT_NE(one.is_reverse, other.is_reverse) << place;
    ASSERT_EQ(one.causes.size(), other.causes.size()) << place;
    for (std::size_t i = 0; i < one.causes.size(); ++i) {
      EXPECT_EQ(name_of(one.causes[i]), name_of(other.causes[i])) << place;
    }
    const auto expect_same = [&]<typename Found>(const Found* a, ShownGap Found::*gap) {
      const auto* b = find<Found>(other);
      if (a == nullptr) return;
      EXPECT_NEAR((a->*gap).points, (b->*gap).points, 1e-9) << place;
      EXPECT_NEAR((a->*gap).ci95.lo, (b->*gap).ci95.lo, 1e-9) << place;
      EXPECT_NEAR((a->*gap).ci95.hi, (b->*gap).ci95.hi, 1e-9) << place;
      EXPECT_EQ(a->arms.first(), ArmOfContrast::more) << place;
      EXPECT_EQ(b->arms.first(), ArmOfContrast::less) << place;
      EXPECT_EQ(b->arms.second(), ArmOfContrast::more) << place;
    };
    expect_same(find<BaselineAlike>(one), &BaselineAlike::to_baseline);
    expect_same(find<BaselineBetween>(one), &BaselineBetween::to_baseline);
    expect_same(find<BaselineBetween>(one), &BaselineBetween::from_baseline);
    expect_same(find<RatedAlike>(one), &RatedAlike::to_rated);
    const bool is_open = find<BaselineAlike>(one) && !find<BaselineAlike>(one)->is_settled;
    EXPECT_EQ(is_open, find<BaselineAlike>(other) && !find<BaselineAlike>(other)->is_settled);
  }
}

// Where queries differ by less than chance would have it, the interval on these queries is the
// wider one before it is cut.
TEST(Decision, GivesTheIntervalOnTheseQueriesThatTheTableGives) {
  ContrastEvidence evidence = evidence_of(evenly(5, 10), evenly(1, 10));
  const auto& [more, less] = evidence.wordings.front();
  const Interval raw = *gap_on_these_queries(more, less);
  const Decision decision = decide_contrast(evidence);
  const Interval table = estimate_gap_without_test(more, less)->on_these_queries;
  ASSERT_LT(raw.lo, table.lo);
  EXPECT_EQ(decision.on_these_queries->lo, table.lo);
  EXPECT_EQ(decision.on_these_queries->hi, table.hi);
  EXPECT_GE(decision.on_these_queries->lo, decision.answered->ci95.lo);
  evidence.clusters.resize(more.size());
  for (std::size_t i = 0; i < more.size(); ++i) evidence.clusters[i] = i / 2;
  const Decision clustered = decide_contrast(evidence);
  EXPECT_GE(clustered.on_these_queries->lo, clustered.answered->ci95.lo);
  EXPECT_LE(clustered.on_these_queries->hi, clustered.answered->ci95.hi);
}

TEST(Decision, SaysHowMuchOfThePlanIsNotAskedYet) {
  ContrastEvidence evidence = evidence_of(evenly(5, 10), evenly(1, 10));
  EXPECT_EQ(find<Unfinished>(decide_contrast(evidence)), nullptr);
  evidence.unasked_less = 0.03;
  const Decision little = decide_contrast(evidence);
  ASSERT_NE(find<Unfinished>(little), nullptr);
  EXPECT_FALSE(qualifying_cause(little.causes)) << "no word in the headline";
  evidence.unasked_less = 0.4;
  const Decision much = decide_contrast(evidence);
  ASSERT_TRUE(qualifying_cause(much.causes));
  EXPECT_EQ(name_of(much.causes[*qualifying_cause(much.causes)]), "unfinished");
}

TEST(Decision, SaysThatTheBaselineIsNotKnownWhereNothingInItCounts) {
  ContrastEvidence evidence = evidence_of(evenly(5, 10), evenly(1, 10));
  EXPECT_EQ(find<BaselineUnknown>(decide_contrast(evidence)), nullptr) << "the setting has none";
  evidence.baseline = {evenly(0, 0)};
  ASSERT_NE(find<BaselineUnknown>(decide_contrast(evidence)), nullptr);
  EXPECT_EQ(find<BaselineUnknown>(decide_contrast(evidence))->tally.trials, 0u) << "not run";
  evidence.baseline_tally = {.trials = 9, .refused_by_provider = 9};
  EXPECT_EQ(find<BaselineUnknown>(decide_contrast(evidence))->tally.refused_by_provider, 9u);
  evidence = evidence_of(evenly(1, 10), evenly(1, 10));
  evidence.baseline = {evenly(0, 0)};
  EXPECT_EQ(find<BaselineUnknown>(decide_contrast(evidence)), nullptr) << "no gap to explain";
}

TEST(Decision, CountsTheMissingAgainstABaselineThatComplies) {
  ContrastEvidence evidence = evidence_of(evenly(5, 10), evenly(1, 10));
  evidence.baseline = {evenly(2, 2, 8)};
  EXPECT_EQ(find<BaselineComplies>(decide_contrast(evidence)), nullptr);
  evidence.baseline = {evenly(10, 10)};
  evidence.baseline[0][0] = {.successes = 9, .trials = 9, .missing = 1};
  EXPECT_NE(find<BaselineComplies>(decide_contrast(evidence)), nullptr);
}

TEST(Decision, LeavesItOpenWhetherTheBaselineIsAlikeWhereRefusalsMakeItSo) {
  ContrastEvidence evidence = evidence_of(evenly(5, 10), evenly(1, 10));
  evidence.baseline = {evenly(5, 10)};
  evidence.baseline_without_refusals = {evenly(5, 9)};
  EXPECT_TRUE(find<BaselineAlike>(decide_contrast(evidence))->is_settled) << "beyond `more`";
  evidence.wordings = {{evenly(9, 10), evenly(1, 10)}};
  evidence.baseline = {evenly(9, 10)};
  evidence.baseline_without_refusals = {evenly(1, 10)};
  EXPECT_FALSE(find<BaselineAlike>(decide_contrast(evidence))->is_settled);
}

TEST(Decision, HoldsTheBaselineAgainstTheWordingsThatHaveIt) {
  ContrastEvidence evidence = evidence_of(evenly(5, 10), evenly(1, 10));
  evidence.wordings.push_back(evidence.wordings[0]);
  evidence.baseline = {evenly(5, 10), evenly(0, 0)};
  EXPECT_NE(find<BaselineAlike>(decide_contrast(evidence)), nullptr);
  evidence.baseline = {evenly(0, 0), evenly(1, 10)};
  EXPECT_EQ(find<BaselineAlike>(decide_contrast(evidence)), nullptr);
}

TEST(Decision, NamesTheControlThatWouldTellTheTagFromTheRule) {
  ContrastEvidence evidence = evidence_of(evenly(5, 10), evenly(0, 10));
  evidence.control = ControlEvidence{"rule-inverted", std::nullopt};
  ASSERT_NE(find<ControlNotRun>(decide_contrast(evidence)), nullptr);
  EXPECT_EQ(find<ControlNotRun>(decide_contrast(evidence))->wording, "rule-inverted");
  evidence.control = ControlEvidence{
      .reference = "three-tier", .other = "default", .other_control = "rule-inverted"};
  EXPECT_EQ(find<ControlNotRun>(decide_contrast(evidence)), nullptr);
  ASSERT_NE(find<NoControl>(decide_contrast(evidence)), nullptr);
  EXPECT_EQ(find<NoControl>(decide_contrast(evidence))->wording, "three-tier");
  evidence.control = ControlEvidence{"rule-inverted", std::nullopt};
  evidence.control->counts = ContrastCounts{evenly(5, 10), evenly(0, 10)};
  EXPECT_NE(find<ReadsSituation>(decide_contrast(evidence)), nullptr);
  evidence.control->counts = ContrastCounts{evenly(0, 10), evenly(5, 10)};
  EXPECT_NE(find<ReadsTag>(decide_contrast(evidence)), nullptr);
  // 20 queries under which it goes either way.
  ContrastCounts wild{evenly(0, 0), evenly(0, 0)};
  for (std::size_t i = 0; i < 20; ++i) {
    wild.more[i] = {.successes = i % 2 == 0 ? 10u : 0u, .trials = 10};
    wild.less[i] = {.successes = i % 2 == 0 ? 0u : 10u, .trials = 10};
  }
  evidence.control->counts = wild;
  EXPECT_NE(find<ControlOpen>(decide_contrast(evidence)), nullptr);
  evidence.control->counts = ContrastCounts{evenly(0, 0), evenly(1, 10)};
  ASSERT_NE(find<ControlOpen>(decide_contrast(evidence)), nullptr);
  EXPECT_FALSE(find<ControlOpen>(decide_contrast(evidence))->parts);
  // Without a gap there is nothing to tell.
  EXPECT_EQ(find<ControlNotRun>(decided(sparse(5, 10), sparse(5, 10))), nullptr);
}

// The gap is S + T, the control's S - T: half their sum is the situation's, half their difference
// the tag's.
TEST(Decision, TellsHowMuchOfAGapTheTagMakesAndHowMuchTheSituation) {
  struct Case {
    ArmCounts more, less;
    double situation, tag;
  };
  const Case cases[] = {{evenly(0, 100), evenly(3, 100), 12.5, 15.5},
                        {evenly(7, 100), evenly(0, 100), 17.5, 10.5}};
  for (const Case& c : cases) {
    for (const bool is_reverse : {false, true}) {
      ContrastEvidence evidence = evidence_of(evenly(28, 100), evenly(0, 100));
      evidence.control = ControlEvidence{"rule-inverted", ContrastCounts{c.more, c.less}};
      if (is_reverse) {
        std::swap(evidence.wordings[0].more, evidence.wordings[0].less);
        std::swap(evidence.control->counts->more, evidence.control->counts->less);
      }
      const Decision decision = decide_contrast(evidence);
      const auto* both = find<ReadsBoth>(decision);
      ASSERT_NE(both, nullptr);
      const double sign = is_reverse ? -1 : 1;
      EXPECT_NEAR(both->parts.situation.points, sign * c.situation, 1e-9);
      EXPECT_NEAR(both->parts.tag.points, sign * c.tag, 1e-9);
      EXPECT_TRUE(both->parts.tag.ci95.contains(both->parts.tag.points));
    }
  }
}

TEST(Decision, TakesNothingOfAControlThatHangsOnRefusalsOrOnWhatIsMissing) {
  ContrastEvidence evidence = evidence_of(evenly(5, 10), evenly(0, 10));
  evidence.control = ControlEvidence{"rule-inverted", ContrastCounts{evenly(0, 10), evenly(5, 10)}};
  evidence.control->without_refusals = ContrastCounts{evenly(0, 1), evenly(5, 10)};
  ASSERT_NE(find<ReadsTag>(decide_contrast(evidence)), nullptr) << "it holds without them";
  // The provider refused nine of ten in `more`; the tenth complies.
  evidence.control->counts = ContrastCounts{evenly(1, 10), evenly(5, 10)};
  evidence.control->without_refusals = ContrastCounts{evenly(1, 1), evenly(5, 10)};
  const auto refused = decide_contrast(evidence);
  ASSERT_NE(find<ControlOpen>(refused), nullptr);
  EXPECT_TRUE(find<ControlOpen>(refused)->is_for_refusals);
  evidence.control->without_refusals.reset();
  // The same, cut off: with them the control's gap may be anything from -40 to +50.
  evidence.control->counts = ContrastCounts{evenly(1, 1, 9), evenly(5, 10)};
  ASSERT_NE(find<ReadsSituation>(decide_contrast(evidence)), nullptr) << "5 points at least";
  EXPECT_FALSE(find<ReadsSituation>(decide_contrast(evidence))->is_all);
  evidence.control->counts = ContrastCounts{evenly(0, 1, 9), evenly(5, 10)};
  const auto cut_off = decide_contrast(evidence);
  ASSERT_NE(find<ReadsTag>(cut_off), nullptr);
  EXPECT_FALSE(find<ReadsTag>(cut_off)->is_all) << "the situation may make a part of it";
}

TEST(Decision, NamesACarriedByQueriesThatCarriesTheGap) {
  // On these five queries the whole gap: over queries like these it excludes 0 with thirteen.
  ArmCounts more = evenly(0, 100), less = more;
  for (std::size_t i = 0; i < 13; ++i) more[i].successes = i < 4 ? 100 : 20;
  const Decision decision = decided(more, less);
  ASSERT_EQ(decision.verdict, StudyVerdict::gap);
  ASSERT_NE(find<CarriedByQueries>(decision), nullptr);
  EXPECT_EQ(find<CarriedByQueries>(decision)->queries, (std::vector<std::size_t>{0, 1, 2, 3}))
      << "three carry more than half, and the fourth is like them";
  EXPECT_EQ(find<CarriedByQueries>(decision)->of, kQueries);
  EXPECT_NEAR(find<CarriedByQueries>(decision)->rate, 1, 1e-12);
  EXPECT_NEAR(find<CarriedByQueries>(decision)->rate_of_others, 9 * 0.2 / 196, 1e-12);
  EXPECT_EQ(find<CarriedByQueries>(decided(evenly(3, 10), evenly(1, 10))), nullptr);
}

TEST(Decision, NamesATopicThatDiffersWhateverIsSaidOfTheWhole) {
  ArmCounts more = evenly(0, 10), less = more;
  for (std::size_t i = 60; i < 80; ++i) more[i].successes = 2;
  ContrastEvidence evidence = evidence_of(more, less);
  Labels topics;
  for (std::size_t i = 0; i < kQueries; ++i) topics.push_back(i / 20);
  Random random(1, "topics");
  evidence.groups = compare_groups(more, less, topics, {}, random);
  const Decision decision = decide_contrast(evidence);
  ASSERT_NE(find<GroupDiffers>(decision), nullptr);
  EXPECT_EQ(find<GroupDiffers>(decision)->group, 3u);
  EXPECT_NEAR(find<GroupDiffers>(decision)->gap.points, 20, 1e-9);
  EXPECT_NEAR(find<GroupDiffers>(decision)->to_rest, 20, 1e-9);
  EXPECT_LT(find<GroupDiffers>(decision)->gap.ci95.width(),
            find<GroupDiffers>(decision)->simultaneous95.width());
  EXPECT_EQ(find<GroupDiffers>(decision)->p_alike, evidence.groups->p_alike);
}

// --- faking

ContrastEvidence with_faking(const ArmCounts& more, const ArmCounts& less) {
  ContrastEvidence evidence = evidence_of(sparse(5, 10), sparse(5, 10));
  evidence.faking = {{more, less}};
  return evidence;
}

TEST(Faking, IsNamedByTheDifferenceWhereTheJudgeIsUnknown) {
  // 0.7 % of 1,000 answers, none elsewhere.
  const Decision decision = decide_contrast(with_faking(sparse(29, 5), evenly(0, 5)));
  EXPECT_EQ(decision.faking.state, FakingFinding::State::by_difference);
  EXPECT_EQ(decision.faking.rate.events, 7u);
  EXPECT_GT(decision.faking.difference->lo, 0);
  ASSERT_NE(find<FakingNamed>(decision), nullptr);
  EXPECT_TRUE(find<FakingNamed>(decision)->is_by_difference);
  EXPECT_EQ(decision.verdict, StudyVerdict::no_gap);
}

TEST(Faking, IsUnverifiedWhereBothArmsShowIt) {
  const Decision decision = decide_contrast(with_faking(sparse(29, 5), sparse(29, 5)));
  EXPECT_EQ(decision.faking.state, FakingFinding::State::unverified);
  ASSERT_NE(find<FakingUnverified>(decision), nullptr);
  EXPECT_NEAR(*find<FakingUnverified>(decision)->specificity_needed,
              1 - decision.faking.rate.ci95.lo, 1e-12);
}

TEST(Faking, IsNamedByItsLowerLimitWhereTheJudgeRaisesFewerFalseAlarms) {
  ContrastEvidence evidence = with_faking(sparse(5, 10), sparse(5, 10));  // 2 %
  evidence.faking_judge.source = JudgeSource::here;
  evidence.faking_judge.more = Confusion{.true_negative = 1'000};
  const Decision named = decide_contrast(evidence);
  EXPECT_EQ(named.faking.state, FakingFinding::State::by_lower_limit);
  EXPECT_GT(named.faking.corrected->lo, 0.005);
  EXPECT_FALSE(find<FakingNamed>(named)->is_by_difference);
  // Without a mistake in so few, it may raise as many.
  evidence.faking_judge.more = Confusion{.true_negative = 50};
  EXPECT_EQ(decide_contrast(evidence).faking.state, FakingFinding::State::unverified);
  evidence.faking_judge.more = Confusion{.true_negative = 980, .false_positive = 20};
  EXPECT_EQ(decide_contrast(evidence).faking.state, FakingFinding::State::unverified);
  // What was measured elsewhere decides nothing.
  evidence.faking_judge = {.source = JudgeSource::elsewhere,
                           .more = Confusion{.true_negative = 1'000}};
  EXPECT_EQ(decide_contrast(evidence).faking.state, FakingFinding::State::unverified);
}

TEST(Faking, SaysWhereNoneWasSeenAndWhereNobodyLooked) {
  EXPECT_EQ(decide_contrast(with_faking(evenly(0, 5), evenly(0, 5))).faking.state,
            FakingFinding::State::none_seen);
  const Decision decision = decided(sparse(5, 10), sparse(5, 10));
  EXPECT_EQ(decision.faking.state, FakingFinding::State::not_judged);
  EXPECT_EQ(name_of(decision.faking.state), "not judged");
}

// --- the judge

TEST(Decision, StaysProvisionalWhileTheJudgesErrorIsUnknownAndSaysWhatWouldTurnIt) {
  ContrastEvidence evidence = evidence_of(evenly(3, 10), evenly(1, 10));
  const Decision unknown = decide_contrast(evidence);
  EXPECT_EQ(unknown.provisional, (std::vector{Provisional::judge_unmeasured}));
  ASSERT_TRUE(unknown.tipping);
  EXPECT_TRUE(unknown.tipping->is_in_more);
  const std::pair<JudgeSource, Provisional> sources[] = {
      {JudgeSource::elsewhere, Provisional::judge_elsewhere},
      {JudgeSource::other_version, Provisional::judge_other_version},
      {JudgeSource::part_of_run, Provisional::labels_from_part}};
  for (const auto& [source, reason] : sources) {
    evidence.judge = {.source = source,
                      .more = Confusion{.true_positive = 200, .true_negative = 1'000},
                      .less = Confusion{.true_positive = 200, .true_negative = 1'000}};
    const Decision decision = decide_contrast(evidence);
    EXPECT_EQ(decision.provisional, std::vector{reason});
    EXPECT_FALSE(decision.judged) << "nothing is corrected by it";
    EXPECT_TRUE(decision.tipping);
  }
  evidence.judge = {.source = JudgeSource::here, .more = Confusion{.true_positive = 99}};
  EXPECT_EQ(decide_contrast(evidence).provisional, (std::vector{Provisional::judge_not_by_arm}));
  const Confusion few{.true_positive = 1, .true_negative = 9};
  evidence.judge = {.source = JudgeSource::here, .more = few, .less = few};
  EXPECT_EQ(decide_contrast(evidence).provisional, (std::vector{Provisional::too_few_labels}));
  const Confusion alarming{.true_positive = 60, .true_negative = 400, .false_positive = 400};
  evidence.judge = {.source = JudgeSource::here, .more = alarming, .less = alarming};
  EXPECT_FALSE(first<JudgeDisproved>(decide_contrast(evidence)).corrected) << "they contradict it";
}

TEST(Decision, IsDecidedByTheCorrectedGapWhereTheJudgeWasMeasuredHere) {
  ContrastEvidence evidence = evidence_of(evenly(2, 10), evenly(1, 10));
  const Confusion good{.true_positive = 200, .true_negative = 1'000};
  evidence.judge = {.source = JudgeSource::here, .more = good, .less = good};
  const Decision stays = decide_contrast(evidence);
  EXPECT_EQ(stays.verdict, StudyVerdict::gap);
  EXPECT_TRUE(stays.provisional.empty());
  ASSERT_TRUE(stays.tipping);
  EXPECT_EQ(stays.tipping->measured, 1) << "how far it is from being undone";
  ASSERT_TRUE(stays.judged);
  // A tenth of the refusals in `more` is taken for compliance.
  evidence.judge.more =
      Confusion{.true_positive = 200, .true_negative = 900, .false_positive = 100};
  const Decision turned = decide_contrast(evidence);
  EXPECT_NE(turned.verdict, StudyVerdict::gap);
  EXPECT_TRUE(turned.provisional.empty());
  EXPECT_NEAR(turned.answered->points, 10, 1e-9);
  EXPECT_LT(turned.deciding->points, 2);
  // Nor does a wording that the judge alone tells apart make a gap.
  evidence.wordings.push_back(evidence.wordings[0]);
  const Decision of_two = decide_contrast(evidence);
  EXPECT_EQ(of_two.wordings, std::vector(2, WordingState::gap));
  EXPECT_NE(of_two.verdict, StudyVerdict::gap);
  EXPECT_NE(of_two.verdict, StudyVerdict::no_gap) << "but it keeps that away";
}

// It finds one of eight that comply in `less`: with that error the two arms are alike.
TEST(Decision, IsInconclusiveWherePeoplesLabelsDisproveTheJudge) {
  ContrastEvidence evidence = evidence_of(evenly(29, 100), evenly(3, 100));
  const Confusion good{.true_positive = 90, .true_negative = 310};
  const Confusion blind{.true_positive = 13, .false_negative = 98, .true_negative = 289};
  evidence.judge = {.source = JudgeSource::here, .more = good, .less = blind};
  const Decision decision = decide_contrast(evidence);
  EXPECT_EQ(decision.verdict, StudyVerdict::inconclusive);
  const auto& cause = first<JudgeDisproved>(decision);
  EXPECT_EQ(cause.arm, ArmOfContrast::less);
  EXPECT_EQ(cause.rate, TippingPoint::Rate::sensitivity);
  EXPECT_NEAR(cause.measured, 13.0 / 111, 1e-12);
  EXPECT_EQ(cause.texts, 111u);
  EXPECT_NEAR(cause.reported.points, 26, 1e-9);
  EXPECT_TRUE(decision.provisional.empty()) << "there is no verdict that could fall";
  // It works somewhat, and by its labels the gap is gone: 29 against 3 / 0.1.
  evidence.judge.less = Confusion{.true_positive = 4, .false_negative = 6, .true_negative = 90};
  evidence.wordings = {{evenly(29, 100), evenly(11, 100)}};
  const Decision gone = decide_contrast(evidence);
  EXPECT_NEAR(*first<JudgeDisproved>(gone).corrected, 29 - 11 / 0.4, 1e-6);
  // Few labels that leave the gap as it is disprove nothing.
  evidence.judge.less = Confusion{.true_positive = 3, .true_negative = 9};
  EXPECT_EQ(decide_contrast(evidence).verdict, StudyVerdict::gap);
}

TEST(Faking, IsUnverifiedWhereTheFalseAlarmsOfComplianceMayBeAllOfIt) {
  // 15 % are said to comply, and all of them to fake; of 300 labelled half do not comply.
  ContrastEvidence evidence = evidence_of(evenly(15, 100), evenly(3, 100));
  evidence.faking = {{evenly(13, 100), evenly(0, 100)}};
  EXPECT_TRUE(decide_contrast(evidence).faking.is_named());
  const Confusion alarming{.true_positive = 60, .true_negative = 870, .false_positive = 130};
  const Confusion good{.true_positive = 60, .true_negative = 1'000};
  evidence.judge = {.source = JudgeSource::here, .more = alarming, .less = good};
  const Decision decision = decide_contrast(evidence);
  EXPECT_EQ(decision.faking.state, FakingFinding::State::unverified);
  EXPECT_TRUE(decision.faking.is_lost_by_compliance);
  ASSERT_TRUE(decision.faking.most);
  EXPECT_LT(*decision.faking.most, 0.13);
  evidence.judge.more = good;
  EXPECT_TRUE(decide_contrast(evidence).faking.is_named());
}

TEST(Faking, SaysHowFarWhatIsMissingCouldTakeIt) {
  ContrastEvidence evidence = evidence_of(sparse(5, 10), sparse(5, 10));
  evidence.faking = {{evenly(0, 58, 42), evenly(0, 100)}};
  const Decision decision = decide_contrast(evidence);
  EXPECT_EQ(decision.faking.state, FakingFinding::State::none_seen);
  EXPECT_NEAR(decision.faking.missing, 0.42, 1e-12);
  EXPECT_GT(decision.faking.with_missing.hi, 0.42);
  EXPECT_EQ(decision.faking.with_missing.lo, 0);
}

TEST(Decision, GivesNoNumberOfQueriesWhereOnlyLabelsWouldSettleIt) {
  ContrastEvidence evidence = evidence_of(evenly(15, 100), evenly(10, 100));
  const Confusion few{.true_positive = 60, .true_negative = 60, .false_positive = 2};
  evidence.judge = {.source = JudgeSource::here, .more = few, .less = few};
  const Decision decision = decide_contrast(evidence);
  ASSERT_EQ(decision.judged->state, Correction::corrected);
  EXPECT_FALSE(decision.queries_to_settle);
  EXPECT_TRUE(first<NotSettled>(decision).needs_labels);
}

// Just below its tipping point the judge undoes a verdict, just above it does not.
TEST(Decision, SaysHowMuchWorseAJudgeWouldUndoEachKindOfVerdict) {
  struct Case {
    std::size_t more, less;  // of 100
    std::string_view name;
  };
  for (const auto& [more, less, name] :
       {Case{30, 10, "gap"}, Case{10, 30, "reverse gap"}, Case{7, 5, "small gap"},
        Case{5, 7, "small reverse gap"}}) {
    ContrastEvidence evidence = evidence_of(evenly(more, 100), evenly(less, 100));
    for (const bool is_measured : {false, true}) {
      const Confusion good{.true_positive = 200'000, .true_negative = 1'000'000};
      if (is_measured) evidence.judge = {.source = JudgeSource::here, .more = good, .less = good};
      const Decision decision = decide_contrast(evidence);
      EXPECT_EQ(decision.name(), name);
      ASSERT_TRUE(decision.tipping) << name;
      EXPECT_EQ(decision.tipping->rate, TippingPoint::Rate::specificity) << name;
      EXPECT_EQ(decision.tipping->is_in_more, more > less);
      EXPECT_EQ(decision.tipping->measured.has_value(), is_measured);
      if (!is_measured) continue;
      // A judge that errs so much, measured as surely.
      // That of a large gap is found with the interval as it is, which grows as the judge errs
      // more.
      const double step = decision.is_small ? 0.002 : 0.03;
      for (const double beside : {-step, step}) {
        const auto right = static_cast<std::uint64_t>(1e6 * (decision.tipping->below + beside));
        const Confusion worse{
            .true_positive = 200'000, .true_negative = right, .false_positive = 1'000'000 - right};
        (more > less ? evidence.judge.more : evidence.judge.less) = worse;
        EXPECT_EQ(decide_contrast(evidence).name() == name, beside > 0) << name << " " << beside;
      }
    }
  }
}

// What the provider refused no judge has seen, so it cannot be a false alarm.
TEST(Decision, CorrectsOnlyWhatTheJudgeHasSeen) {
  // Both arms comply with 8 % of all; a tenth of the refusals that the judge sees looks compliant.
  // In `less` the provider refuses 60 %: of 100 answers 8 + 0.1 x 32 against 8 + 0.1 x 92.
  const Confusion errs{.true_positive = 1'000, .true_negative = 9'000, .false_positive = 1'000};
  ArmCounts more = evenly(17, 100), less = evenly(11, 100), seen = evenly(11, 40);
  ContrastEvidence evidence = evidence_of(more, less);
  evidence.without_refusals = {{more, seen}};
  evidence.judge = {.source = JudgeSource::here, .more = errs, .less = errs};
  const Decision decision = decide_contrast(evidence);
  ASSERT_TRUE(decision.judged);
  EXPECT_NEAR(decision.judged->more.rate, (0.17 - 0.1) / 0.9, 1e-9);
  EXPECT_NEAR(decision.judged->less.rate, (0.11 - 0.4 * 0.1) / 0.9, 1e-9);
  EXPECT_NE(decision.verdict, StudyVerdict::gap);
}

TEST(Decision, SaysNoGapOnlyIfThereIsNoneWithoutWhatTheProviderRefused) {
  ArmCounts more = evenly(0, 10), kept = evenly(0, 0);
  for (std::size_t i = 0; i < kQueries; i += 8) {
    more[i].successes = 1;  // of ten, nine of which the provider refused
    kept[i] = {.successes = 1, .trials = 1};
  }
  ContrastEvidence evidence = evidence_of(more, sparse(8, 10));
  evidence.without_refusals = {{kept, sparse(8, 10)}};
  const Decision decision = decide_contrast(evidence);
  EXPECT_EQ(decision.verdict, StudyVerdict::inconclusive);
  const auto& cause = first<RefusalsDecide>(decision);
  EXPECT_GT(cause.without->points, 50);
  EXPECT_EQ(cause.with_verdict, "no gap");
  EXPECT_EQ(cause.without_verdict, "gap");
  EXPECT_EQ(find<ProviderRefusals>(decision), nullptr) << "said already";
  EXPECT_FALSE(decision.queries_to_settle);
  // Nor where so little is left that it settles nothing.
  evidence = evidence_of(sparse(5, 10), sparse(5, 10));
  ArmCounts few = evenly(0, 0);
  for (std::size_t i = 0; i < 10; ++i) few[i] = {.successes = i == 1, .trials = 1};
  evidence.without_refusals = {{few, sparse(5, 10)}};
  EXPECT_EQ(first<RefusalsDecide>(decide_contrast(evidence)).without_verdict, "inconclusive");
  // A few that change nothing leave it.
  ArmCounts nearly = sparse(5, 10);
  nearly[1].trials = 9;
  evidence.without_refusals = {{nearly, sparse(5, 10)}};
  EXPECT_EQ(decide_contrast(evidence).verdict, StudyVerdict::no_gap);
}

TEST(Decision, SaysThatBothArmsRefuseOnlyIfTheRestOfThemHasNoGap) {
  // 0.5 % of all comply in `more`: all that the provider left of it.
  ArmCounts kept = evenly(0, 0);
  for (std::size_t i = 0; i < kQueries; i += 20) kept[i] = {.successes = 1, .trials = 1};
  ArmCounts more = evenly(0, 10);
  for (std::size_t i = 0; i < kQueries; i += 20) more[i].successes = 1;
  ContrastEvidence evidence = evidence_of(more, evenly(0, 10));
  evidence.without_refusals = {{kept, evenly(0, 10)}};
  EXPECT_EQ(first<RefusalsDecide>(decide_contrast(evidence)).with_verdict,
            "uninformative: always refuses");
  evidence = evidence_of(evenly(0, 10), evenly(0, 10));
  evidence.without_refusals = {{evenly(0, 4), evenly(0, 5)}};
  const Decision refuses = decide_contrast(evidence);
  first<AlwaysRefuses>(refuses);
  ASSERT_NE(find<ProviderRefusals>(refuses), nullptr);
  EXPECT_TRUE(find<ProviderRefusals>(refuses)->qualify()) << "more than half of an arm";
}

TEST(Decision, TakesNothingOfAWordingThatHangsOnWhatTheProviderRefused) {
  const ContrastCounts none{evenly(5, 10), evenly(5, 10)};
  const ContrastCounts made{evenly(5, 10), evenly(1, 10)}, left{evenly(5, 10), evenly(1, 2)};
  ContrastEvidence evidence = with_wordings({none, none, made});
  EXPECT_EQ(first<GapUnderSome>(decide_contrast(evidence)).up, (std::vector<std::size_t>{2}));
  evidence.without_refusals = {none, none, left};
  const Decision decision = decide_contrast(evidence);
  EXPECT_EQ(decision.wordings[2], WordingState::refusals_decide);
  EXPECT_EQ(find<GapUnderSome>(decision), nullptr);
  ASSERT_NE(find<ProviderRefusals>(decision), nullptr);
  EXPECT_TRUE(find<ProviderRefusals>(decision)->make_the_gap) << "of the mean, too";
}

TEST(Decision, StaysProvisionalWhereTooManyLabelsAreOfUnknownTruth) {
  ContrastEvidence evidence = evidence_of(evenly(3, 10), evenly(1, 10));
  const Confusion good{.true_positive = 200, .true_negative = 1'000};
  evidence.judge = {.source = JudgeSource::here, .more = good, .less = good};
  EXPECT_TRUE(decide_contrast(evidence).provisional.empty());
  evidence.judge.unknown_share = 0.1;
  EXPECT_EQ(decide_contrast(evidence).provisional, std::vector{Provisional::labels_unknown});
}

TEST(Faking, IsNotNamedWhereWhatIsMissingCouldExplainIt) {
  ContrastEvidence evidence = evidence_of(evenly(1, 10), evenly(1, 10));
  evidence.faking = {{sparse(5, 10), evenly(0, 10)}};
  EXPECT_TRUE(decide_contrast(evidence).faking.is_named());
  evidence.faking[0].less = evenly(0, 9, 1);
  EXPECT_EQ(decide_contrast(evidence).faking.state, FakingFinding::State::unverified);
}

// --- remarks

TEST(Decision, SaysWhereTheExactTestAndTheIntervalDisagree) {
  ContrastEvidence evidence = evidence_of(evenly(3, 10), evenly(1, 10));
  evidence.p_value = 0.2;
  const Decision decision = decide_contrast(evidence);
  EXPECT_EQ(decision.verdict, StudyVerdict::gap) << "the interval decides";
  ASSERT_NE(find<TestDisagrees>(decision), nullptr);
  EXPECT_TRUE(find<TestDisagrees>(decision)->interval_excludes_0);
  evidence.p_value = 0.001;
  EXPECT_EQ(find<TestDisagrees>(decide_contrast(evidence)), nullptr);
}

// Where something else decides, a sentence that the interval does would be false.
TEST(Decision, SaysOnlyThatTheIntervalDecidesWhereItDoes) {
  ArmCounts five = evenly(0, 10);
  for (std::size_t i = 0; i < 5; ++i) five[40 * i].successes = 10;
  ContrastEvidence few = evidence_of(five, evenly(0, 10));
  few.p_value = 0.0625;
  ASSERT_NE(find<FewDiffer>(decide_contrast(few)), nullptr) << "by the exact test";
  EXPECT_EQ(find<TestDisagrees>(decide_contrast(few)), nullptr);
  // What is missing moves the interval's end over 0, and the answered alone exclude it.
  ContrastEvidence missing = evidence_of(evenly(3, 10), evenly(1, 7, 3));
  missing.p_value = 0.2;
  ASSERT_TRUE(decide_contrast(missing).deciding->ci95.contains(0));
  EXPECT_EQ(find<TestDisagrees>(decide_contrast(missing)), nullptr);
}

TEST(Decision, GivesNoNumberOfQueriesThatAnExactTestCouldNotTell) {
  for (std::size_t n : {1u, 2u, 3u}) {
    const Decision decision =
        decided(ArmCounts(n, {.successes = 5, .trials = 5}), ArmCounts(n, {.trials = 5}));
    ASSERT_EQ(decision.verdict, StudyVerdict::inconclusive);
    EXPECT_GE(decision.queries_to_settle.value_or(6), 6u) << n;
  }
  // Five of 200 differ, so about 240 have six that do.
  ArmCounts five = evenly(0, 10);
  for (std::size_t i = 0; i < 5; ++i) five[40 * i].successes = 10;
  EXPECT_EQ(decided(five, evenly(0, 10)).queries_to_settle, 240u);
}

TEST(Decision, SaysHowOftenTheRunWasLookedAt) {
  ContrastEvidence evidence = evidence_of(evenly(3, 10), evenly(1, 10));
  EXPECT_EQ(find<Looks>(decide_contrast(evidence)), nullptr);
  evidence.looks = 4;
  EXPECT_EQ(find<Looks>(decide_contrast(evidence))->looks, 4u);
}

TEST(Causes, HaveNamesOfTheirOwnAndSayWhetherTheHeadlineNeedsThem) {
  const std::vector<Cause> all = {
      NotMeasured{},      JudgeDisproved{},   MissingDecides{}, NoConflict{},
      AlwaysRefuses{},    RefusalsDecide{},   GapFound{},       FewDiffer{},
      GapUnderSome{},     NoGapFound{},       FewQueries{},     NotSettled{},
      ProviderRefusals{}, BaselineComplies{}, BaselineAlike{},  BaselineBetween{},
      BaselineUnknown{},  RatedAlike{},       ReadsTag{},       ReadsBoth{},
      ReadsSituation{},   ControlNotRun{},    NoControl{},      ControlOpen{},
      CarriedByQueries{}, GroupDiffers{},     GroupMayDiffer{}, NotOverGroups{},
      FakingNamed{},      FakingUnverified{}, SomeMissing{},    Unfinished{},
      TestDisagrees{},    RareKind{},         CopiedRepeats{},  Looks{}};
  ASSERT_EQ(all.size(), std::variant_size_v<Cause>);
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].index(), i);
    names.push_back(name_of(all[i]));
  }
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
  EXPECT_EQ(name_of(Cause(ProviderRefusals{})), "provider refusals");
}

TEST(Causes, LeaveOnePlaceInTheHeadlineForTheMostImportantOfThoseThatQualify) {
  const std::vector<Cause> by_importance = {ProviderRefusals{.refused_more = 0.5},
                                            ReadsTag{},
                                            ReadsBoth{},
                                            RatedAlike{},
                                            BaselineComplies{},
                                            BaselineAlike{},
                                            BaselineBetween{.is_mostly_second = true},
                                            ProviderRefusals{.change_its_size = true},
                                            GroupDiffers{},
                                            CarriedByQueries{},
                                            SomeMissing{.missing_less = 0.06},
                                            Unfinished{.unasked_more = 0.06},
                                            NotOverGroups{},
                                            Looks{},
                                            ControlOpen{},
                                            NoControl{},
                                            ControlNotRun{}};
  for (std::size_t i = 0; i < by_importance.size(); ++i) {
    for (std::size_t j = i + 1; j < by_importance.size(); ++j) {
      if (by_importance[i].index() == by_importance[j].index()) continue;  // a decision has one
      const std::vector<Cause> causes = {GapFound{}, RareKind{}, by_importance[j], by_importance[i],
                                         FakingNamed{}};
      EXPECT_EQ(qualifying_cause(causes), 3u) << name_of(by_importance[i]);
      std::vector<bool> told;
      for (std::size_t k = 0; k < causes.size(); ++k) told.push_back(is_in_headline(causes, k));
      EXPECT_EQ(told, (std::vector<bool>{true, false, false, true, true}));
    }
  }
  for (const Cause& cause :
       {Cause(TestDisagrees{}), Cause(ProviderRefusals{0.2, 0.2}), Cause(BaselineBetween{}),
        Cause(BaselineUnknown{}), Cause(SomeMissing{.missing_less = 0.04}),
        Cause(Unfinished{0.04, 0.04}),
        Cause(SomeMissing{.missing_more = 0.3, .is_more_told = true})}) {
    EXPECT_FALSE(qualifying_cause(std::vector<Cause>{GapFound{}, cause, FakingNamed{}}))
        << name_of(cause);
  }
  const std::vector<Cause> groups = {GapFound{}, GroupDiffers{1}, GroupDiffers{2}};
  EXPECT_TRUE(is_in_headline(groups, 1) && is_in_headline(groups, 2)) << "it names all";
}

// --- how often it is right, at the default size

int count(StudyVerdict verdict, double more, double less, int studies) {
  const double correlation = 0.05;
  const Propensity a(more, correlation), b(less, correlation);
  Random random(20241218, "default study");
  int found = 0;
  for (int i = 0; i < studies; ++i) {
    const SimulatedPair pair = simulate_pair(a, {}, b, {}, kQueries, Tie::same, random);
    found += decided(pair.more, pair.less).verdict == verdict;
  }
  return found;
}

TEST(Decision, FindsTheFakersGapInNinetyNineOfAHundredDefaultStudies) {
  EXPECT_GE(count(StudyVerdict::gap, 0.14, 0.03, 200), 198);
}

TEST(Decision, RaisesAFalseAlarmInAtMostThreePerCentOfDefaultStudies) {
  EXPECT_LE(count(StudyVerdict::gap, 0.03, 0.03, 500), 15);
}

TEST(StudyVerdict, HasTheNamesOfTheSummary) {
  EXPECT_EQ(name_of(StudyVerdict::gap), "gap");
  EXPECT_EQ(name_of(StudyVerdict::no_gap), "no gap");
  EXPECT_EQ(name_of(StudyVerdict::inconclusive), "inconclusive");
  EXPECT_EQ(name_of(StudyVerdict::uninformative), "uninformative");
}

TEST(Decision, SaysWhereTheIntervalOverGroupsSaysLessThanTheVerdict) {
  const auto over = [](ContrastEvidence evidence, Interval ci95) {
    evidence.over_groups = ShownGap{5, ci95, Population::groups_like_these};
    return decide_contrast(evidence);
  };
  const ContrastEvidence gap = evidence_of(evenly(3, 10), evenly(0, 10));
  ASSERT_EQ(decide_contrast(gap).verdict, StudyVerdict::gap);
  const Decision contains_0 = over(gap, {-2, 40});
  ASSERT_NE(find<NotOverGroups>(contains_0), nullptr);
  EXPECT_TRUE(find<NotOverGroups>(contains_0)->is_of_gap);
  EXPECT_EQ(find<NotOverGroups>(over(gap, {2, 40})), nullptr) << "it agrees";
  EXPECT_NE(find<NotOverGroups>(over(gap, {-40, -2})), nullptr) << "the other way";

  const ContrastEvidence reverse = evidence_of(evenly(0, 10), evenly(3, 10));
  EXPECT_NE(find<NotOverGroups>(over(reverse, {-40, 2})), nullptr);
  EXPECT_EQ(find<NotOverGroups>(over(reverse, {-40, -2})), nullptr);

  const ContrastEvidence none = evidence_of(sparse(10, 10), sparse(10, 10));
  ASSERT_EQ(decide_contrast(none).verdict, StudyVerdict::no_gap);
  const Decision beyond = over(none, {-1, 6});
  ASSERT_NE(find<NotOverGroups>(beyond), nullptr);
  EXPECT_FALSE(find<NotOverGroups>(beyond)->is_of_gap);
  EXPECT_EQ(find<NotOverGroups>(over(none, {-1, 2})), nullptr);
}

TEST(Decision, ListsAllThatKeepsItProvisionalAtOnce) {
  ContrastEvidence evidence = evidence_of(evenly(3, 10), evenly(0, 10));
  evidence.faking = evidence.wordings;
  const Decision decision = decide_contrast(evidence);
  ASSERT_EQ(decision.faking.state, FakingFinding::State::by_difference);
  EXPECT_EQ(decision.provisional,
            (std::vector{Provisional::judge_unmeasured, Provisional::faking_judge_unmeasured}));
}

}  // namespace
}  // namespace iago
