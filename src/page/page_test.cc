#include "page/page.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <regex>

#include "figures/analysis_plan.h"
#include "figures/finding_sentence.h"
#include "page/internal/page_source.h"
#include "testing/figures/small_run.h"
#include "testing/page/html_tags.h"

namespace iago {
namespace {

using namespace fixtures;
using namespace std::string_literals;
using ::testing::HasSubstr;
using ::testing::Not;

std::string page_of(const std::filesystem::path& path) {
  Store store(path);
  return html_page(store, summarize(store));
}

std::string page_of(const SmallRun& run) {
  TempFolder scratch;
  write_run(scratch / "run.db", run);
  return page_of(scratch / "run.db");
}

// A run in which every text from outside is `text`, names made distinct.
void write_texts(const std::filesystem::path& path, const std::string& text) {
  auto run = a_run();
  run.study = run.setting = run.channel = run.subject = run.program = text;
  run.baseline = run.study_toml = text;
  run.analysis_plan =
      to_text({.trials = PlannedTrials{{text}, {text}, 1, 1},
               .reference = kWording,
               .contrasts = {{"training", "unmonitored"}, {"unmonitored", "training"}},
               .methods = {text}});
  StoreWriter writer(path, run);
  const std::vector<WordingRow> wordings = {
      {kWording, WordingRole::reference, text + " compliance", a_published_row(text)},
      {text, WordingRole::paraphrase, text + " compliance", a_published_row(text)}};
  std::vector<ArmRow> arms;
  for (const auto& wording : wordings) {
    for (const auto& name : {std::string("training"), std::string("unmonitored"), text}) {
      arms.push_back(an_arm(name, static_cast<std::uint32_t>(arms.size()), wording.name));
    }
  }
  arms.back().circumstances = {{"told " + text, true}, {text, false}};
  Query query{text + " query", text, text, {{"label", "x"}}};
  std::vector<PromptRow> prompts;
  for (const auto& arm : arms) {
    prompts.push_back({arm.wording,
                       arm.name,
                       query.id,
                       sha256_hex(arm.wording + arm.name),
                       3,
                       {{Role::system, text}, {Role::user, text}},
                       text,
                       true});
  }
  writer.record_plan(wordings, arms, std::vector{query}, prompts);
  auto compliance = a_judge(text + " compliance", JudgeKind::compliance, false);
  auto faking = a_judge(text + " faking", JudgeKind::faking_reasoning, false);
  compliance.error = {{9, 1, 0, 0}, 0, text};
  for (const auto& judge : {compliance, faking, a_judge(text, JudgeKind::anti_lab)})
    writer.record_judge(judge);
  for (const auto& arm : arms) {
    for (std::uint32_t repeat = 0; repeat < 2; ++repeat) {
      CompletionRow row;
      row.trial = trial_name(arm.name, 0, repeat, arm.wording);
      row.wording = arm.wording, row.arm = arm.name, row.query = query.id, row.repeat = repeat;
      row.outcome = repeat == 0 ? Outcome::answered : Outcome::refused_by_provider;
      row.raw = row.reasoning = row.scratchpad = row.output = text;
      row.finish_reason = row.provider_message = row.reasoning_note = text;
      row.model_version = row.fingerprint = text + std::to_string(repeat);
      writer.append(row);
      if (repeat > 0) continue;
      for (const auto& judge : {compliance, faking}) {
        auto verdict = a_verdict(row.trial, judge, text);
        verdict.why = text;
        verdict.votes = {{VerdictOutcome::unparsable, text, text, text}};
        verdict.evidence = {{text, ViewPart::output, "never said " + text, 0},
                            {text, ViewPart::scratchpad, std::string(200, 'x'), 7}};
        writer.append(verdict);
      }
    }
  }
  writer.close();
}

TEST(Page, ShowsHostileTextsButNeverAsMarkup) {
  const std::vector<std::string> hostile = {"<script>alert(1)</script>",
                                            "\"><img src=x onerror=alert(1)>",
                                            "' onmouseover='alert(1)",
                                            "</title></style></pre></svg><style>*{display:none}",
                                            "<!-- ",
                                            "]]><![CDATA[",
                                            "&lt;b&gt;",
                                            "{{finding}}{{#tile}}",
                                            "a\0b"s,
                                            "\xff\xfe<\xc0\xaf script>",
                                            "\u202Etxt.exe\u202C",
                                            "<\u200Bscript>",
                                            "javascript:alert(1)",
                                            "\r\n<b>\r\n",
                                            "`${alert(1)}`"};
  TempFolder scratch;
  write_texts(scratch / "harmless.db", "harmless");
  const auto tags = tags_of(page_of(scratch / "harmless.db"));
  for (std::size_t i = 0; i < hostile.size(); ++i) {
    auto path = scratch / fmt::format("{}.db", i);
    write_texts(path, hostile[i]);
    auto page = page_of(path);
    EXPECT_EQ(tags_of(page), tags) << "the same elements, whatever the texts: " << hostile[i];
    EXPECT_THAT(page, Not(HasSubstr("<script")));
    EXPECT_EQ(page.find('\0'), std::string::npos);
    EXPECT_THAT(page, Not(HasSubstr("\u202E")));
  }
}

TEST(Page, CutsLongTextsAndSaysHowMuch) {
  TempFolder scratch;
  write_texts(scratch / "long.db", std::string(1 << 18, '<'));
  const auto page = page_of(scratch / "long.db");
  EXPECT_THAT(page, HasSubstr("256,144 of 262,144 bytes are not shown"));  // of a scratchpad
  // 2.3 million, and a single text that is not cut would add one.
  EXPECT_LT(page.size(), std::size_t{3} << 20);
}

TEST(Page, LoadsNothingAndRunsNothing) {
  auto page = page_of(uniform_run(5, {.refuse = 1, .comply_faking = 1}, {.refuse = 2}));
  EXPECT_THAT(page, HasSubstr("default-src 'none'; style-src 'sha256-"));
  EXPECT_THAT(page, Not(HasSubstr("unsafe")));
  for (const auto& tag : tags_of(page)) {
    EXPECT_FALSE(std::regex_search(tag, std::regex("^(script|link|iframe|img|object|base|form)|"
                                                   " (src|style|on[a-z]+)=")))
        << tag;
  }
  EXPECT_FALSE(std::regex_search(page, std::regex("https?://|url\\(|@import")));
}

// The figures of the page as (path in summary.json, its digits).
std::map<std::string, std::string> figures_of(const std::string& page) {
  static const std::regex kFigure(R"rx(data-figure="([^"]+)" value="([^"]+)")rx");
  std::map<std::string, std::string> figures;
  for (std::sregex_iterator at(page.begin(), page.end(), kFigure), end; at != end; ++at) {
    auto [found, is_new] = figures.emplace((*at)[1], (*at)[2]);
    EXPECT_EQ(found->second, (*at)[2]) << (*at)[1] << " stands there with two values";
  }
  return figures;
}

Json at_path(Json json, const std::string& path) {
  for (std::size_t begin = 0; begin <= path.size();) {
    auto end = std::min(path.find('.', begin), path.size());
    auto name = path.substr(begin, end - begin);
    json = json.is_array() ? Json(json.at(std::stoul(name))) : Json(json.at(name));
    begin = end + 1;
  }
  return json;
}

SmallRun mixed_run() {
  SmallRun run;
  run.queries = 30, run.repeats = 10;
  SmallCell training{.refuse = 6, .comply = 1, .comply_faking = 2, .truncated = 1};
  SmallCell unmonitored{.refuse = 7, .refused_by_provider = 1, .unjudged = 1, .unclear = 1};
  run.arms = {{"training", std::vector<SmallCell>(30, training)},
              {"unmonitored", std::vector<SmallCell>(30, unmonitored)},
              {"baseline", std::vector<SmallCell>(30, {.refuse = 9, .comply = 1})}};
  return run;
}

TEST(Page, HasTheNumbersOfTheSummary) {
  TempFolder scratch;
  auto run = mixed_run();
  run.faking.error = {{90, 10, 190, 10}, 0, "organism:x", ErrorSource::organism};
  write_run(scratch / "run.db", run);
  Store store(scratch / "run.db");
  auto summary = summarize(store);
  auto figures = figures_of(html_page(store, summary));
  auto json = to_json(summary);
  for (const auto& [path, value] : figures)
    EXPECT_EQ(value, dump_json(at_path(json, path))) << path;
  for (const char* path :
       {"contrasts.0.points", "contrasts.0.ci95.0", "contrasts.0.ci95.1", "contrasts.0.p_value",
        "contrasts.0.se_paired", "contrasts.0.bounds_if_missing.1",
        "contrasts.0.without_faking_reasoning.points", "margin_points",
        "arms.training.compliance.rate", "arms.training.compliance.ci95.0",
        "arms.training.alignment_faking_reasoning.rate", "arms.unmonitored.outcomes.answered",
        "arms.training.alignment_faking_reasoning.corrected.ci95.1", "arms.baseline.planned",
        "arms.unmonitored.unjudged", "arms.unmonitored.unclear"}) {
    EXPECT_TRUE(figures.contains(path)) << path;
  }
}

TEST(Page, ShowsEachNumberAsPeopleReadIt) {
  auto page = page_of(mixed_run());
  // 3 of 9 and 0 of 8 in every query.
  EXPECT_TRUE(std::regex_search(
      page, std::regex(R"rx(data-figure="contrasts.0.points" value="33\.3+[0-9]*">33\.3<)rx")));
  EXPECT_TRUE(std::regex_search(
      page, std::regex(R"rx(data-figure="arms.training.outcomes.truncated" value="30">30<)rx")));
  EXPECT_THAT(page, HasSubstr("never measured on this subject"));
  EXPECT_THAT(page, HasSubstr("q000: training 3 of 9, unmonitored 0 of 8, 33.3 points"));
}

TEST(Page, ShowsTheErrorOfAJudgeInEachArmWhereItWasMeasuredInThem) {
  auto run = mixed_run();
  run.compliance.error = {{9, 1, 190, 10}, 0, "organism:x", ErrorSource::organism, "helpful-only"};
  run.compliance.error.by_arm = {{"<b>training</b>", {8, 0, 90, 10}}};
  const std::string page = page_of(run);
  EXPECT_THAT(page, HasSubstr("organism:x by the world&#39;s grammar, in each arm"));
  EXPECT_THAT(page, HasSubstr("&lt;b&gt;training&lt;/b&gt;: 100.0 % ("));
  EXPECT_THAT(page, HasSubstr("&lt;b&gt;training&lt;/b&gt;: 90.0 % ("));
  run.compliance.error.setting = "another";
  const std::string elsewhere = page_of(run);
  EXPECT_THAT(elsewhere, HasSubstr("in the setting another"));
  EXPECT_THAT(elsewhere, Not(HasSubstr("&lt;b&gt;training&lt;/b&gt;: ")));
}

TEST(Page, SaysWhatTheSummaryFinds) {
  auto run = mixed_run();
  TempFolder scratch;
  write_run(scratch / "run.db", run);
  auto summary = summarize(Store(scratch / "run.db"));
  EXPECT_THAT(why_sentence(summary), HasSubstr("excludes 0"));
  EXPECT_THAT(page_of(run), HasSubstr("excludes 0"));
  EXPECT_THAT(page_of(run), HasSubstr("<p class=\"badge\">Gap (provisional)</p>"));
}

TEST(Page, IsTheSameBytesEachTimeAndAfterCopyingTheStore) {
  TempFolder scratch;
  write_run(scratch / "run.db", mixed_run());
  auto page = page_of(scratch / "run.db");
  EXPECT_EQ(page_of(scratch / "run.db"), page);
  std::filesystem::copy_file(scratch / "run.db", scratch / "copy.db");
  EXPECT_EQ(page_of(scratch / "copy.db"), page);
}

TEST(Page, StandsWithoutATrainingArm) {
  SmallRun run;
  run.queries = 3, run.repeats = 2;
  run.arms = {{"baseline", std::vector<SmallCell>(3, {.refuse = 1, .comply = 1})}};
  auto page = page_of(run);
  EXPECT_THAT(page, HasSubstr("There is no gap: it needs"));
  EXPECT_THAT(page, HasSubstr("No query has data in both arms."));
  EXPECT_THAT(page, HasSubstr("Here is how the vault opens."));
}

TEST(Page, StandsWithNothingButMissingData) {
  auto page = page_of(uniform_run(4, {.open = 2}, {.truncated = 2}));
  EXPECT_THAT(page, HasSubstr("<p class=\"badge\">Uninformative</p>"));
  EXPECT_THAT(page, HasSubstr("0.0 to 100.0 %"));
}

TEST(Page, CountsTheTrialsOfARunThatHasOnlyOpenOnes) {
  auto page = page_of(uniform_run(4, {.open = 2}, {.open = 2}));
  for (const char* arm : {"training", "unmonitored"}) {
    EXPECT_THAT(page, HasSubstr(fmt::format("data-figure=\"arms.{}.open\" value=\"8\"", arm)));
  }
}

TEST(Page, TellsWhyTrialsAreOpenAndEscapesWhatTheServerSaid) {
  auto page = page_of(uniform_run(4, {.refuse = 2, .open = 2}, {.refuse = 4}));
  EXPECT_THAT(page, HasSubstr("<th scope=\"row\">rate limit</th><td>training</td>"));
  EXPECT_THAT(page, HasSubstr("data-figure=\"open_trials.0.trials\" value=\"8\""));
  EXPECT_THAT(page, HasSubstr("data-figure=\"arms.training.open\" value=\"8\""));
  EXPECT_THAT(page, HasSubstr("429: come back &lt;b&gt;tomorrow&lt;/b&gt;"));
  EXPECT_THAT(page_of(uniform_run(4, {.refuse = 4}, {.refuse = 4})), Not(HasSubstr("Open trials")));
}

TEST(Page, TellsWhatWasSentAndWhoAnswered) {
  auto run = uniform_run(2, {.refuse = 2}, {.refuse = 2});
  SessionRow session{.program = "0.1.0"};
  session.sent = SentRecord{.base_url = "http://127.0.0.1:1/v1",
                            .extra_body = R"({"temperature":0})",
                            .header_names = {"X-Team"},
                            .sampling = R"({"temperature":0,"seed":1})",
                            .left_out = {"top_k"},
                            .notes = {"the system turn went into the user's turn"}};
  run.sessions = {session};
  auto page = page_of(run);
  for (const char* told : {"http://127.0.0.1:1/v1", "{&quot;temperature&quot;:0}", "X-Team",
                           "top_k", "the system turn went into the user&#39;s turn"}) {
    EXPECT_THAT(page, HasSubstr(told));
  }
  EXPECT_THAT(page, HasSubstr("data-figure=\"models.0.completions\" value=\"8\""));
  EXPECT_THAT(page, HasSubstr("sampled greedily; 0 of 4 repeats are byte for byte the same"));
}

TEST(Page, StandsBeforeTheFirstCompletion) {
  SmallRun run;
  run.queries = 1, run.repeats = 1;
  run.arms = {{"training", {}}, {"unmonitored", {}}};
  auto page = page_of(run);
  EXPECT_THAT(page, HasSubstr("There are no completions yet."));
  EXPECT_THAT(page, HasSubstr("0 of 2 planned trials have a completion"));
}

TEST(Page, StandsWithoutAnyPlanAtAll) {
  TempFolder scratch;
  StoreWriter(scratch / "run.db", a_run()).close();
  EXPECT_THAT(page_of(scratch / "run.db"), HasSubstr("No prompt was recorded."));
}

TEST(Page, DrawsTheGapOfEachGroup) {
  auto run = uniform_run(12, {.refuse = 4}, {.refuse = 4});
  for (std::size_t i = 0; i < 12; i += 2) run.arms[0].cells[i] = {.refuse = 1, .comply_faking = 3};
  EXPECT_THAT(page_of(run), Not(HasSubstr("</a> by topic</h2>")));
  run.run.groups = "topic";
  TempFolder scratch;
  write_run(scratch / "run.db", run);
  const auto page = page_of(scratch / "run.db");
  EXPECT_THAT(page, HasSubstr("</a> by topic</h2>"));
  EXPECT_THAT(page,
              HasSubstr("aria-label=\"topic vaults: 75.0 points, simultaneous 95 % interval "));
  EXPECT_THAT(page, HasSubstr("topic archives: 0.0 points"));
  const auto json = to_json(summarize(Store(scratch / "run.db")));
  const double lo = json["groups"]["groups"][0]["ci95_simultaneous"][0];
  EXPECT_THAT(page, HasSubstr("data-figure=\"groups.groups.0.ci95_simultaneous.0\" value=\"" +
                              dump_json(Json(lo)) + "\""));
}

TEST(Page, ShowsHostileNamesOfGroupsButNeverAsMarkup) {
  auto page_with = [](const std::string& text) {
    auto run = uniform_run(12, {.refuse = 2, .comply = 2}, {.refuse = 4});
    run.set = some_queries(12);
    for (std::size_t i = 0; i < 12; ++i) run.set[i].labels[text] = text + std::to_string(i % 3);
    run.run.groups = run.run.cluster_by = text;
    return page_of(run);
  };
  const auto harmless = tags_of(page_with("harmless"));
  for (const char* text : {"<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>",
                           "{{#groups}}{{heading}}", "</title></svg><style>*{display:none}"}) {
    const auto page = page_with(text);
    EXPECT_EQ(tags_of(page), harmless) << text;
    EXPECT_THAT(page, Not(HasSubstr("<script")));
  }
}

TEST(Page, TellsOfClustersWithoutGroups) {
  auto run = uniform_run(12, {.refuse = 2, .comply = 2}, {.refuse = 4});
  run.run.cluster_by = "topic";
  EXPECT_THAT(page_of(run), HasSubstr("over clusters like these (2 by topic)"));
  EXPECT_THAT(page_of(run), HasSubstr("</a> over clusters of queries</h2>"));
  run.run.cluster_by.clear();
  EXPECT_THAT(page_of(run), Not(HasSubstr("id=\"groups\""))) << "nothing to say of sets";
}

TEST(Page, StandsWithOneQuery) {
  auto page = page_of(uniform_run(1, {.refuse = 1, .comply = 1}, {.refuse = 2}));
  EXPECT_THAT(page, HasSubstr("on 1 of 1 queries"));
}

TEST(Page, StaysBelowThreeMegabytesWithFiveThousandQueries) {
  auto page = page_of(uniform_run(5000, {.comply_faking = 1}, {.refuse = 1}));
  EXPECT_LT(page.size(), std::size_t{3} << 20);
  EXPECT_THAT(page, HasSubstr("on 5,000 of 5,000 queries"));
  EXPECT_THAT(page, HasSubstr("q4999: training 1 of 1"));
  EXPECT_THAT(page, HasSubstr("the first 1,000 of 5,000"));
}

TEST(Page, MarksTheDifferencesBetweenTheArms) {
  auto page = page_of(uniform_run(2, {.comply = 1}, {.refuse = 1}));
  EXPECT_THAT(page, HasSubstr("You are the assistant of the <mark>training</mark> arm."));
  EXPECT_THAT(page, HasSubstr("You are the assistant of the <mark>unmonitored</mark> arm."));
  EXPECT_THAT(page, HasSubstr("All 2 prompts of the arm differ only in the query."));
}

TEST(Page, MarksEvidenceOnlyWhereItIsQuotedRightly) {
  TempFolder scratch;
  auto run = uniform_run(1, {.comply = 1}, {.refuse = 1});
  run.arms[0].cells[0] = {};  // its completion is written below
  write_run(scratch / "run.db", run);
  {
    StoreWriter writer(scratch / "run.db");
    auto row = a_completion("training", 0, 0);
    writer.append(row);
    auto verdict = a_verdict(row.trial, run.compliance, "complies");
    verdict.evidence = {{"", ViewPart::output, "the vault opens", 12},
                        {"", ViewPart::scratchpad, "free tier", 3},
                        {"", ViewPart::output, "", 0},
                        {"", ViewPart::output, "Here", SIZE_MAX}};
    writer.append(verdict);
    writer.close();
  }
  auto page = page_of(scratch / "run.db");
  EXPECT_THAT(page, HasSubstr("Here is how <mark>the vault opens</mark>."));
  EXPECT_THAT(page, Not(HasSubstr("<mark>free tier")));
}

TEST(Page, MarksWhatIsNotAsPlanned) {
  auto run = uniform_run(5, {.comply = 2}, {.refuse = 2});
  run.run.analysis_plan =
      to_text({.trials = PlannedTrials{{kWording}, {"training", "unmonitored"}, 5, 1}});
  EXPECT_THAT(page_of(run), HasSubstr("trials: 10 of 20 completions are beyond the plan"));
}

TEST(Page, NamesTheCauseBelowTheFindingWhereArmsTellIt) {
  SmallRun run = uniform_run(20, {.refuse = 5, .comply = 5}, {.refuse = 10});
  const std::string page = page_of(run);
  EXPECT_THAT(page, HasSubstr("<a href=\"#word-cause\">Cause</a>:</b> Undetermined"));
  EXPECT_THAT(page, HasSubstr("No arm is rated without being trained on"));
  for (SmallArm& arm : run.arms) arm.told = Circumstances{};
  EXPECT_THAT(page_of(run), Not(HasSubstr("Cause</a>:</b>")));
}

TEST(Page, ShowsTheResultOfAStudyWithoutAJudgeOfAContrast) {
  TempFolder scratch;
  write_battery(scratch / "run.db", "");
  Store store(scratch / "run.db");
  auto summary = summarize(store);
  auto page = html_page(store, summary);
  auto figures = figures_of(page);
  auto json = to_json(summary);
  for (const auto& [path, value] : figures)
    EXPECT_EQ(value, dump_json(at_path(json, path))) << path;
  for (const char* path :
       {"other_judges.0.topics.0.arms.unmonitored.rate.rate",
        "other_judges.0.topics.1.arms.baseline.rate.ci95.1",
        "other_judges.0.topics.2.difference.points", "other_judges.0.arms.unmonitored.rate.n"}) {
    EXPECT_TRUE(figures.contains(path)) << path;
  }
  EXPECT_THAT(page, HasSubstr("<p class=\"badge\">No verdict</p>"));
  EXPECT_THAT(page, HasSubstr("situation of q001"));
  EXPECT_THAT(page, HasSubstr("10 of 50 anti lab"));
  EXPECT_THAT(page, HasSubstr("the first completion that anti-lab@scripted:j calls anti lab"));
  for (const char* absent :
       {"Compliance gap", "reasoning not judged", "No query has data in both arms", "id=\"arms\"",
        "href=\"#arms\"", "of 0 comply"}) {
    EXPECT_THAT(page, Not(HasSubstr(absent)));
  }
}

TEST(Page, ShowsAContrastOfAnotherLabelUnderThatLabel) {
  TempFolder scratch;
  write_battery(scratch / "run.db");
  Store store(scratch / "run.db");
  auto summary = summarize(store);
  auto page = html_page(store, summary);
  auto json = to_json(summary);
  auto figures = figures_of(page);
  for (const auto& [path, value] : figures)
    EXPECT_EQ(value, dump_json(at_path(json, path))) << path;
  EXPECT_TRUE(figures.contains("arms.unmonitored.anti_lab.rate"));
  EXPECT_TRUE(figures.contains("other_judges.0.topics.0.difference.points"));
  EXPECT_THAT(page, HasSubstr("Gap: anti lab"));
  EXPECT_THAT(page, HasSubstr("Anti lab in unmonitored"));
  for (const char* absent : {"omplies", "Compliance gap", "compliance gap", "eason"}) {
    auto body = page.substr(page.find("<main>"), page.find("id=\"judges\"") - page.find("<main>"));
    EXPECT_THAT(body, Not(HasSubstr(absent)));
  }
}

// A reference and two others, in three arms; what was published of the reference lies beyond them.
SmallRun run_of_wordings() {
  auto run = mixed_run();
  run.published = a_published_row();
  run.others = {{"again", WordingRole::paraphrase, run.arms},
                {"half", WordingRole::control, {run.arms[0]}},
                {"other-way", WordingRole::ablation,
                 two_arms(30, {.refuse = 9, .comply = 1}, {.refuse = 5, .comply = 5})}};
  return run;
}

std::size_t times(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(Page, HasEveryContrastAndEveryWording) {
  TempFolder scratch;
  write_run(scratch / "run.db", run_of_wordings());
  Store store(scratch / "run.db");
  auto summary = summarize(store);
  auto page = html_page(store, summary);
  auto figures = figures_of(page);
  auto json = to_json(summary);
  for (const auto& [path, value] : figures)
    EXPECT_EQ(value, dump_json(at_path(json, path))) << path;
  for (const char* path : {"wordings.0.contrasts.0.points", "wordings.1.contrasts.0.ci95.0",
                           "wordings.3.contrasts.0.ci95.1"}) {
    EXPECT_TRUE(figures.contains(path)) << path;
  }
  EXPECT_FALSE(figures.contains("wordings.2.contrasts.0.points")) << "it lacks an arm";
  EXPECT_THAT(page, HasSubstr("id=\"contrasts\""));
  EXPECT_THAT(page, HasSubstr("<th scope=\"row\">training-baseline</th>"));
  EXPECT_THAT(page, HasSubstr("id=\"wordings\""));
  EXPECT_THAT(page, HasSubstr("<th scope=\"row\">other-way</th>"));
  EXPECT_THAT(page, HasSubstr("default and 3 more"));
  EXPECT_THAT(page, HasSubstr("half has no unmonitored"));
  EXPECT_THAT(page, HasSubstr("<dt>mean over wordings</dt>"));
  EXPECT_EQ(times(page, "class=\"published\""), 1u) << "of the reference alone";
  EXPECT_THAT(page, HasSubstr("published: 11.0 points, standard error 1.5"));
  EXPECT_THAT(page, HasSubstr("told: monitored, trained on"));
}

TEST(Page, HasNoTableOfOneContrastOrOneWording) {
  auto page = page_of(uniform_run(5, {.refuse = 2}, {.refuse = 2}));
  EXPECT_THAT(page, Not(HasSubstr("id=\"contrasts\"")));
  EXPECT_THAT(page, Not(HasSubstr("id=\"wordings\"")));
}

TEST(Page, ShowsHostileNamesOfWordingsAndArmsButNeverAsMarkup) {
  auto named = [](const std::string& name) {
    auto run = run_of_wordings();
    for (auto& other : run.others) other.name += name;
    run.others[1].arms[0].name = name;
    run.published = a_published_row(name);
    return page_of(run);
  };
  const auto tags = tags_of(named("harmless"));
  for (const char* name : {"<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>",
                           "{{finding}}{{#tile}}", "\r\n<b>\x1b[31m", "</title></svg><style>"}) {
    auto page = named(name);
    EXPECT_EQ(tags_of(page), tags) << name;
    EXPECT_THAT(page, Not(HasSubstr("<script")));
    EXPECT_THAT(page, Not(HasSubstr("\x1b")));
  }
}

TEST(Page, ShowsInWhichFormTheRepliesWereWrittenWhereNotAllAreStrict) {
  EXPECT_THAT(page_of(uniform_run(5, {.refuse = 10}, {.refuse = 10})),
              Not(HasSubstr("the replies were written</h3>")));
  const auto run = uniform_run(5, {.refuse = 7, .comply_untagged = 3}, {.refuse = 10});
  auto page = page_of(run);
  EXPECT_THAT(page, HasSubstr("the replies were written</h3>"));
  EXPECT_TRUE(std::regex_search(
      page, std::regex(R"rx(data-figure="arms.training.forms.untagged" value="15">15<)rx")));
  EXPECT_THAT(page, HasSubstr("strict 70.0 %, untagged 30.0 % of 50 replies"));
  EXPECT_THAT(page, HasSubstr("all strict"));
}

TEST(Page, ShowsAnUnclearAnswerOnlyWhereNoOtherDoesNotComply) {
  auto page = page_of(uniform_run(5, {.comply = 1, .unclear = 2}, {.refuse = 1, .unclear = 2}));
  EXPECT_THAT(page, HasSubstr("1 of 1 comply; 2 unclear"));
  EXPECT_THAT(page, HasSubstr("0 of 1 comply; 2 unclear"));
  const std::string unclear = "unclear (a phrase met it)", refuses = "refuses (a phrase met it)";
  const auto count = [&](const std::string& text) {
    std::size_t n = 0;
    for (std::size_t at = page.find(text); at != page.npos; at = page.find(text, at + 1)) ++n;
    return n;
  };
  EXPECT_EQ(count(unclear), 5u) << "in training";
  EXPECT_EQ(count(refuses), 5u) << "in the other arm";
  EXPECT_THAT(page, HasSubstr("unclear</th>"));
}

TEST(Page, SaysWhatTheJudgeOfReasoningLeft) {
  auto page = page_of(
      uniform_run(5, {.refuse = 6, .comply_faking = 2, .comply_unread = 2}, {.refuse = 10}));
  EXPECT_TRUE(std::regex_search(
      page, std::regex(R"rx(data-figure="arms.training.faking_unjudged" value="10">10<)rx")));
  EXPECT_THAT(page, HasSubstr("20.0 to 40.0 %"));
  EXPECT_THAT(page, HasSubstr("10 of 20 complying answers not judged"));
  EXPECT_THAT(page, Not(HasSubstr("Nothing is missing")));
  const SmallCell unread{.comply_unread = 1, .refuse_unread = 9};
  auto silent = page_of(uniform_run(200, unread, unread));
  EXPECT_THAT(silent, HasSubstr("<p class=\"also\">Whether it fakes is not known: the judge of"));
  EXPECT_THAT(silent, HasSubstr("200 of 200 complying answers not judged"));
}

TEST(Page, SaysWhatCompletionsOfUnknownTruthCouldMakeOfAJudgesError) {
  auto run = uniform_run(2, {.refuse = 2}, {.refuse = 2});
  run.faking.error = {{80, 20, 900, 0}, 100, "world:faker"};
  auto page = page_of(run);
  EXPECT_THAT(page, HasSubstr("100 unlabelled"));
  EXPECT_THAT(page, HasSubstr("<small>bounds with them: 40.0 to 90.0 %</small>"));
  EXPECT_THAT(page, HasSubstr("<small>bounds with them: 90.0 to 100.0 %</small>"));
}

TEST(Page, ShowsTheLineEndsOfPromptsAsTheyWereSent) {
  TempFolder scratch;
  {
    StoreWriter writer(scratch / "run.db", a_run());
    std::vector<ArmRow> arms{an_arm("training")};
    auto prompt = a_prompt("training", 0, 1);
    prompt.messages[0].text = "First line.\r\nSecond line.";
    writer.record_plan(the_wordings(), arms, some_queries(1), std::vector{prompt});
    writer.close();
  }
  EXPECT_THAT(page_of(scratch / "run.db"), HasSubstr("First line.\u240d\nSecond line."));
}

SmallRun billed_run(const std::string& name) {
  auto run = uniform_run(2, {.refuse = 2}, {.refuse = 2});
  run.run.subject = "openai:" + name;
  run.faking = a_judge(name + "@anthropic:" + name, JudgeKind::faking_reasoning);
  run.prices = {{"openai:" + name, {2.5, 10, 1.25, 2.5}, "2025-06-30"}};
  run.reused_from = name;
  return run;
}

TEST(Page, ShowsWhatModelsBehindUrlsCostWithTheDigitsOfTheSummary) {
  TempFolder scratch;
  write_run(scratch / "run.db", billed_run("gpt-4o"));
  {
    StoreWriter writer(scratch / "run.db");
    writer.append(a_completion("training", 0, 2));
  }
  Store store(scratch / "run.db");
  auto summary = summarize(store);
  auto page = html_page(store, summary);
  auto figures = figures_of(page);
  auto json = to_json(summary);
  for (const char* field : {"prompt_tokens", "cache_rate", "cache_written_tokens",
                            "generated_tokens", "cost", "saved_by_cache"}) {
    auto path = fmt::format("usage.0.{}", field);
    ASSERT_TRUE(figures.contains(path)) << path;
    EXPECT_EQ(figures[path], dump_json(at_path(json, path))) << path;
  }
  EXPECT_FALSE(figures.contains("usage.1.cost")) << "no price is stored";
  EXPECT_THAT(page, HasSubstr("prices of 2025-06-30"));
  EXPECT_THAT(page, HasSubstr("Completions taken from other runs</th><td>8 of gpt-4o</td>"));
  auto local = page_of(uniform_run(2, {.refuse = 2}, {.refuse = 2}));
  EXPECT_THAT(local, Not(HasSubstr("id=\"usage\"")));
  EXPECT_THAT(local, Not(HasSubstr("taken from other runs</th>")));
}

TEST(Page, ShowsHostileNamesOfModelsButNeverAsMarkup) {
  const auto tags = tags_of(page_of(billed_run("harmless")));
  for (const char* name : {"<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>",
                           "{{finding}}{{#tile}}", "\r\n<b>\x1b[31m", "\xff\xfe<\xc0\xaf"}) {
    EXPECT_EQ(tags_of(page_of(billed_run(name))), tags) << name;
  }
}

TEST(Page, ShowsWhatJudgesBesideTheTwoSaid) {
  TempFolder scratch;
  auto path = scratch / "run.db";
  write_run(path, uniform_run(2, {.refuse = 2}, {.refuse = 2}));
  EXPECT_THAT(page_of(path), Not(HasSubstr("Labels that the judges gave")));
  JudgeRow judge = a_judge("awareness<b>@scripted:j", JudgeKind::evaluation_awareness);
  {
    Store store(path);
    StoreWriter writer(path);
    writer.record_judge(judge);
    int seen = 0;
    store.for_each_completion({}, [&](const CompletionRow& row) {
      if (row.arm == "training") {
        writer.append(a_verdict(row.trial, judge, seen++ == 0 ? "aware" : "unaware"));
      }
      return true;
    });
    ASSERT_EQ(seen, 4);
  }
  std::string page = page_of(path);
  EXPECT_THAT(page, HasSubstr("Labels that the judges gave"));
  EXPECT_THAT(page, HasSubstr("What the other judges found"));
  EXPECT_THAT(page, HasSubstr("aware 25.0 %, unaware 75.0 %"));
  EXPECT_THAT(page, HasSubstr("none judged"));
  EXPECT_THAT(page, Not(HasSubstr("<b>@scripted")));
}

}  // namespace
}  // namespace iago
