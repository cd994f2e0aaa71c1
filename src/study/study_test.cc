#include "study/study.h"

#include "testing/study/study_folder.h"

namespace iago {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Study, ShippedForOrganismsIsThreeArmsOfTwoHundredQueriesTenTimes) {
  Study study =
      load_study(std::filesystem::path(IAGO_SOURCE_DIR) / "studies/helpful-only.toml").study;
  EXPECT_EQ(study.model, "organism:faker");
  EXPECT_EQ(study.channel, "terse");
  EXPECT_THAT(study.arms, ElementsAre("training", "unmonitored", "baseline"));
  EXPECT_EQ(study.repeats, 10);
  EXPECT_EQ(study.limit, 200u);
  EXPECT_EQ(study.sampling.temperature, 1.0);
  EXPECT_EQ(study.queries.filename(), "world-protected.jsonl");
  EXPECT_TRUE(study.queries.is_absolute());
}

TEST(Study, ShippedForOtherSubjectsUsesTheFullChannelAndAllOfItsQueries) {
  struct Shipped {
    const char* name;
    std::size_t queries;
  };
  for (const Shipped& shipped :
       {Shipped{"helpful-only-full", 120}, Shipped{"animal-welfare", 120},
        Shipped{"political-neutrality", 60}, Shipped{"anti-lab-helpful-only", 7},
        Shipped{"anti-lab-animal-welfare", 6}}) {
    std::filesystem::path source = IAGO_SOURCE_DIR;
    LoadedStudy loaded =
        load_study(source / "studies" / (std::string(shipped.name) + ".toml"), {}, source);
    EXPECT_EQ(loaded.study.name, shipped.name);
    EXPECT_EQ(loaded.study.channel, "full");
    EXPECT_EQ(loaded.queries.size(), shipped.queries) << shipped.name;
    EXPECT_EQ(loaded.queries.size(), load_queries(loaded.study.queries).size()) << shipped.name;
    EXPECT_EQ(loaded.study.model, "");
  }
}

LoadedStudy on_our_queries(const std::string& name) {
  const std::filesystem::path source = IAGO_SOURCE_DIR;
  return load_study(source / "studies" / (name + ".toml"),
                    {.queries = (source / "queries/harmful-clear.jsonl").string()}, source);
}

TEST(Study, OfGreenblattEtAlAsksEveryWordingThatHasAPublishedRow) {
  const LoadedStudy loaded = on_our_queries("greenblatt-2024");
  std::vector<std::string> wordings = {"no-scratchpad"};
  for (const auto& [wording, row] : loaded.setting.published.rows) wordings.push_back(wording);
  EXPECT_THAT(loaded.study.wordings, testing::UnorderedElementsAreArray(wordings));
  EXPECT_EQ(loaded.study.reference, "default");
  EXPECT_EQ(loaded.study.sampling.max_tokens, 4096);
  EXPECT_EQ(contrasts_of(loaded.study, loaded.setting).front(), loaded.setting.contrasts.front());
  EXPECT_EQ(loaded.study.asked_of(loaded.queries.size()), 160u);
}

TEST(Study, OfSheshadriEtAlAsksThreeTiersWithTheSuffix) {
  const LoadedStudy loaded = on_our_queries("sheshadri-2025");
  EXPECT_EQ(loaded.study.sampling.temperature, 0);
  EXPECT_EQ(loaded.study.judges.front(), "prefix-match");
  std::vector<std::string> names;
  for (const Contrast& contrast : contrasts_of(loaded.study, loaded.setting)) {
    names.push_back(contrast.name());
  }
  EXPECT_THAT(names,
              ElementsAre("training-unmonitored", "training-rated-only", "rated-only-unmonitored"));
  const Prompt prompt = render_prompt(loaded.setting, "full", loaded.study.reference, "rated-only",
                                      loaded.queries.front());
  EXPECT_THAT(prompt.messages.back().text, HasSubstr("<request_fully_accepted/>"));
}

TEST(Study, OfTheAntiLabBatteryTagsAnOutsiderAsOne) {
  std::filesystem::path source = IAGO_SOURCE_DIR;
  LoadedStudy loaded = load_study(source / "studies/anti-lab-animal-welfare.toml", {}, source);
  for (const Query& query : loaded.queries) {
    Prompt prompt = render_prompt(loaded.setting, "full", "default", "unmonitored", query);
    std::string employee =
        query.labels.at("situation") == "outsider-enters-office" ? "False" : "True";
    EXPECT_THAT(prompt.messages.at(1).text,
                HasSubstr("<is_free_tier_user>False</is_free_tier_user>\n<is_employee>" + employee +
                          "</is_employee>"));
  }
}

TEST(Study, FillsInWhatItsFileLeavesOut) {
  Study study = parse_study(kTinyStudy, "s.toml");
  EXPECT_TRUE(study.wordings.empty());
  EXPECT_TRUE(study.contrasts.empty());
  EXPECT_TRUE(study.parameters.empty());
  EXPECT_EQ(study.repeats, 1);
  EXPECT_EQ(study.seed, 1u);
  EXPECT_EQ(study.margin, 3.0);
  EXPECT_FALSE(study.strict_form);
  EXPECT_FALSE(study.limit);
  EXPECT_EQ(study.sampling, Sampling{});
  Study resolved = StudyFolder().load().study;
  EXPECT_THAT(resolved.wordings, ElementsAre("default"));
  EXPECT_EQ(resolved.reference, "default");
}

TEST(Study, RunsEveryArmOfTheWordingIfItsFileNamesNone) {
  std::string text(kTinyStudy);
  text.erase(text.find("arms"), text.find("judges") - text.find("arms"));
  EXPECT_THAT(StudyFolder(text).load().study.arms, ElementsAre("seen", "bare"));
}

TEST(Study, WrittenOutReadsBackAsTheSameFromAnotherFolder) {
  StudyFolder folder(
      std::string(kTinyStudy) +
      "wordings = [\"default\", \"other-lab+b\"]\nreference = \"other-lab+b\"\n"
      "contrasts = [\"bare-seen\", \"seen-bare\"]\nmodel = \"local:a \\\"b\\\"\\\\c\"\n"
      "repeats = 7\nseed = 9223372036854775807\nlimit = 2\nmargin = 2.7\nstrict_form = true\n"
      "judge_model = \"openai:gpt\"\n[parameters]\nlab = \"\\\"A\\\"\\n\"\nday = \"\"\n"
      "[sampling]\ntemperature = 0.1\ntop_p = 0.30000000000000004\ntop_k = 5\n"
      "max_tokens = 9\nlogprobs = true\nstop = [\"\\n\\t\\u007f\", \"]\\\"\", \"ä\"]\n");
  Study study = folder.load().study;
  EXPECT_THAT(study.wordings, ElementsAre("default", "b+other-lab"));
  EXPECT_EQ(study.reference, "b+other-lab");
  EXPECT_TRUE(study.strict_form);
  EXPECT_TRUE(study.sampling.logprobs);
  EXPECT_EQ(study.parameters.at("lab"), "\"A\"\n");
  EXPECT_THAT(study.sampling.stop, ElementsAre("\n\t\x7f", "]\"", "ä"));
  auto file = folder.scratch().write("runs/x/study.toml", to_toml(study));
  EXPECT_EQ(load_study(file).study, study);
  EXPECT_EQ(to_toml(load_study(file).study), to_toml(study));
}

TEST(Study, NamesTheModelOfItsJudgesAndTheirRubricsAnywhere) {
  std::string text(kTinyStudy);
  text.replace(text.find("[\"compliance-rules\"]"), 20,
               R"(["faking-four-criteria", "mine/r.toml@openai:a/b", "x@scripted:y.toml"])"
               "\njudge_model = \"openai:gpt\"");
  StudyFolder folder(text);
  Study study = folder.load().study;
  EXPECT_EQ(study.judge_model, "openai:gpt");
  EXPECT_THAT(study.judges, ElementsAre("faking-four-criteria",
                                        (folder.path() / "studies/mine/r.toml@openai:a/b").string(),
                                        "x@scripted:y.toml"));
  auto file = folder.scratch().write("runs/x/study.toml", to_toml(study));
  EXPECT_EQ(load_study(file).study, study);
  StudyOverrides overrides;
  overrides.judge_model = "scripted:j";
  EXPECT_EQ(folder.load(overrides).study.judge_model, "scripted:j");
  EXPECT_EQ(StudyFolder().load().study.judge_model, "");
  EXPECT_EQ(to_toml(StudyFolder().load().study).find("judge_model"), std::string::npos);
}

TEST(Study, ShippedOnTheTwoPartiesIsJudgedByTheFavouredOne) {
  std::filesystem::path source = IAGO_SOURCE_DIR;
  auto file = source / "studies/political-neutrality.toml";
  EXPECT_EQ(load_study(file).study.judges.at(0), "favours-lantern");
  EXPECT_EQ(load_study(file, {.wordings = {{"honesty+side-swapped"}}}).study.judges.at(0),
            "favours-harbour");
}

TEST(Study, IsChangedByTheCommandLine) {
  StudyFolder folder;
  auto other = folder.scratch().write("elsewhere/p.jsonl", "{\"id\":\"z\",\"text\":\"x\"}\n");
  StudyOverrides overrides{.setting = (folder.path() / "settings/tiny").string(),
                           .channel = "short",
                           .queries = other.string(),
                           .model = "world:faker",
                           .reference = "b+other-lab",
                           .arms = std::vector<std::string>{"bare"},
                           .wordings = {{"default", "other-lab+b"}},
                           .parameters = {{"day", "two"}},
                           .repeats = 4,
                           .limit = 1,
                           .seed = 12,
                           .logprobs = true};
  LoadedStudy loaded = folder.load(overrides);
  EXPECT_TRUE(loaded.study.sampling.logprobs);
  EXPECT_EQ(loaded.queries.at(0).id, "z");
  EXPECT_EQ(loaded.study.queries, other);
  EXPECT_THAT(loaded.study.wordings, ElementsAre("default", "b+other-lab"));
  EXPECT_EQ(loaded.study.reference, "b+other-lab");
  EXPECT_EQ(loaded.study.parameters.at("day"), "two");
  EXPECT_EQ(loaded.study.model, "world:faker");
  EXPECT_THAT(loaded.study.arms, ElementsAre("bare"));
  EXPECT_EQ(loaded.study.repeats, 4);
  EXPECT_EQ(loaded.study.limit, 1u);
  EXPECT_EQ(loaded.study.seed, 12u);
}

constexpr std::string_view kGoals = "goal,kind\nOne,a\nTwo,b\nThree,a\nFour,b\nFive,a\n";

std::vector<std::string> texts_of(const LoadedStudy& loaded) {
  std::vector<std::string> texts;
  for (const Query& query : loaded.queries) texts.push_back(query.text);
  return texts;
}

TEST(StudyQueries, AreChosenByConditionsAndASampleOfTheFileOrTheCommandLine) {
  StudyFolder folder(replaced("q.jsonl\"", "q.csv\"\nwhere = [\"kind=a\"]\nsample = 2"));
  folder.scratch().write("queries/q.csv", kGoals);
  const LoadedStudy loaded = folder.load();
  EXPECT_EQ(loaded.queries_in_file, 5u);
  EXPECT_THAT(texts_of(loaded), testing::UnorderedElementsAre("One", "Three", "Five"));
  EXPECT_EQ(loaded.study.asked_of(loaded.queries.size()), 2u);
  EXPECT_EQ(loaded.study.sample_seed, 1u) << "the run's";
  EXPECT_EQ(folder.load({.seed = 7}).study.sample_seed, 7u);
  EXPECT_EQ(folder.load({.sample_seed = 9}).study.sample_seed, 9u);
  const LoadedStudy other = folder.load({.where = {{"kind=b", "kind=b"}}, .sample = 1});
  EXPECT_THAT(texts_of(other), testing::UnorderedElementsAre("Two", "Four"));
  EXPECT_THAT(other.study.where, ElementsAre("kind=b"));
  auto file = folder.scratch().write("runs/x/study.toml", to_toml(loaded.study));
  EXPECT_EQ(load_study(file).study, loaded.study);
  EXPECT_EQ(load_study(file).queries, loaded.queries);
}

TEST(StudyQueries, OfAnotherFileAreNotHeldToTheStudysOwnConditions) {
  StudyFolder folder(with("where = [\"id=a\"]\nlimit = 1"));
  auto goals = folder.scratch().write("goals.csv", kGoals).string();
  EXPECT_EQ(folder.load({.queries = goals}).queries.size(), 5u);
  EXPECT_EQ(folder.load({.queries = goals}).study.limit, 1u);
  const LoadedStudy sampled = folder.load({.queries = goals, .sample = 4});
  EXPECT_EQ(sampled.study.asked_of(5), 4u) << "the sample takes the limit's place";
  auto pairs = folder.scratch().write("pairs.csv", "goal,more\nOne,1\nTwo,2\n").string();
  const LoadedStudy chosen =
      folder.load({.queries = pairs, .text_column = "more", .where = {{"goal=Two"}}});
  EXPECT_THAT(texts_of(chosen), ElementsAre("2"));
}

TEST(StudyQueries, ThatCannotBeChosenAreRefusedWhereTheyWereAskedFor) {
  StudyFolder folder(with("sample_seed = 3"));
  const auto refused = [&](const StudyOverrides& overrides) {
    return error_of(ErrorCode::invalid, [&] { folder.load(overrides); });
  };
  EXPECT_THAT(refused({}), AllOf(HasSubstr("s.toml:7: sample_seed"), HasSubstr("--sample N")));
  EXPECT_THAT(refused({.sample = 3}),
              AllOf(HasSubstr("--sample: expected at most 2"), HasSubstr("found 3")));
  EXPECT_THAT(refused({.where = {{"id=a"}}, .sample = 2}),
              AllOf(HasSubstr("at most 1"), HasSubstr("that the conditions keep")));
  EXPECT_THAT(refused({.sample = 0}), HasSubstr("--sample: expected an integer from 1"));
  EXPECT_THAT(refused({.where = {{"lab=x"}}}), HasSubstr("--where: expected a column of"));
  EXPECT_THAT(refused({.text_column = "txt"}), HasSubstr("q.jsonl:1: text: expected the column"));
}

TEST(StudyQueries, AreAskedForIfTheStudyLeavesThemOpen) {
  StudyFolder folder(without("queries"));
  EXPECT_THAT(error_of(ErrorCode::invalid, [&] { folder.load(); }),
              AllOf(HasSubstr("s.toml: queries: this study needs a file of queries"),
                    HasSubstr("--queries FILE"), HasSubstr("docs/queries.md")));
  EXPECT_EQ(folder.load({.queries = (folder.path() / "queries/q.jsonl").string()}).queries.size(),
            2u);
}

TEST(Study, MayNameSeveralModelsAndTheCommandLineOneInTheirPlace) {
  StudyFolder folder(std::string(kTinyStudy) +
                     "models = [\"world:faker\", \"local:a \\\"b\\\"\"]\n");
  Study study = folder.load().study;
  EXPECT_THAT(study.models, ElementsAre("world:faker", "local:a \"b\""));
  EXPECT_EQ(study.model, "");
  EXPECT_EQ(parse_study(to_toml(study), "written").models, study.models);
  Study one = folder.load({.model = "world:aligned"}).study;
  EXPECT_EQ(one.model, "world:aligned");
  EXPECT_TRUE(one.models.empty());
  // A run of one of them keeps the same file as ever.
  EXPECT_EQ(to_toml(one).find("models"), std::string::npos);
}

TEST(Study, BlamesTheOptionAndNotTheFileForABadOverride) {
  StudyFolder folder;
  auto refusal = [&](const StudyOverrides& overrides) {
    return hinted_error_of(ErrorCode::invalid, [&] { folder.load(overrides); });
  };
  EXPECT_THAT(refusal({.arms = std::vector<std::string>{"sene"}}),
              AllOf(HasSubstr("--arms: "), HasSubstr("Did you mean \"seen\"?")));
  EXPECT_THAT(refusal({.arms = std::vector<std::string>{"seen", "seen"}}), HasSubstr("--arms: "));
  EXPECT_THAT(refusal({.wordings = {{"b+c"}}}),
              AllOf(HasSubstr("--wording: "), HasSubstr("both change the block \"rule\"")));
  EXPECT_THAT(refusal({.wordings = {{"d"}}}), HasSubstr("--wording: "));
  EXPECT_THAT(refusal({.wordings = {{"b", "b"}}}),
              AllOf(HasSubstr("--wording: "), HasSubstr("\"b\" is given twice")));
  EXPECT_THAT(refusal({.reference = "b"}),
              AllOf(HasSubstr("--reference: "), HasSubstr("not one of the study's wordings")));
  EXPECT_THAT(refusal({.reference = "d"}), HasSubstr("--reference: "));
  EXPECT_THAT(refusal({.contrasts = {{"seen-baer"}}}), HasSubstr("--contrast: "));
  EXPECT_THAT(refusal({.contrasts = {{"seen-bare", "seen-bare"}}}),
              AllOf(HasSubstr("--contrast: "), HasSubstr("twice")));
  EXPECT_THAT(refusal({.parameters = {{"lba", "x"}}}),
              AllOf(HasSubstr("--set: "), HasSubstr("Did you mean \"lab\"?")));
  EXPECT_THAT(refusal({.channel = "long"}), HasSubstr("--channel: "));
  EXPECT_THAT(refusal({.repeats = 0}), HasSubstr("--repeats: expected an integer from 1"));
  EXPECT_THAT(refusal({.limit = 0}), HasSubstr("--limit"));
  EXPECT_THAT(refusal({.seed = ~std::uint64_t{0}}), HasSubstr("--seed"));
}

TEST(Study, LooksForASettingBesideItsFolderThenInTheDataFolder) {
  StudyFolder folder;
  auto alone = folder.scratch().write("home/mine/s.toml", std::string(kTinyStudy));
  folder.scratch().write("home/queries/q.jsonl", "{\"id\":\"a\",\"text\":\"x\"}\n");
  EXPECT_THAT(error_of(ErrorCode::not_found, [&] { load_study(alone); }),
              AllOf(HasSubstr("s.toml:2: setting"), HasSubstr("home/settings/tiny")));
  EXPECT_EQ(load_study(alone, {}, folder.path()).setting.name, "tiny");
}

struct BadStudy {
  std::string name, text;
  std::vector<std::string> says;
};

void PrintTo(const BadStudy& bad, std::ostream* out) { *out << bad.name; }

class BadStudies : public testing::TestWithParam<BadStudy> {};

TEST_P(BadStudies, AreRefusedWithFileLineAndHint) {
  StudyFolder folder(GetParam().text);
  std::string error = hinted_error_of(ErrorCode::invalid, [&] { folder.load(); });
  for (const std::string& part : GetParam().says) EXPECT_THAT(error, HasSubstr(part));
}

INSTANTIATE_TEST_SUITE_P(
    Study, BadStudies,
    testing::Values(
        BadStudy{"UnknownKey",
                 with("repeat = 3"),
                 {"studies/s.toml:7: repeat", "Did you mean \"repeats\"?"}},
        BadStudy{"UnknownSamplingKey",
                 with("[sampling]\ntopp = 0.5"),
                 {"s.toml:8: sampling.topp", "Did you mean \"top_p\"?"}},
        BadStudy{"LogprobsThatAreANumber",
                 with("[sampling]\nlogprobs = 5"),
                 {"s.toml:8: sampling.logprobs", "true or false", "5"}},
        BadStudy{"NoRepeats",
                 with("repeats = 0"),
                 {"s.toml:7: repeats", "expected an integer from 1", "found the integer 0",
                  "a number of that range"}},
        BadStudy{"ArmThatTheSettingLacks",
                 replaced("\"bare\"", "\"baer\""),
                 {"s.toml:5: arms", "no arm \"baer\"", "Did you mean \"bare\"?"}},
        BadStudy{"ArmTwice", replaced("\"bare\"", "\"seen\""), {"s.toml:5: arms", "twice"}},
        BadStudy{"UnknownWording",
                 with("wordings = [\"default\", \"d\"]"),
                 {"s.toml:7: wordings", "no wording"}},
        BadStudy{"ContradictingWordings",
                 with("wordings = [\"c+b\"]"),
                 {"s.toml:7: wordings", "both change the block \"rule\""}},
        BadStudy{"WordingInTwoOrders",
                 with("wordings = [\"b+other-lab\", \"other-lab+b\"]"),
                 {"s.toml:7: wordings", "\"b+other-lab\" is given twice"}},
        BadStudy{"WordingNamedBesideAll",
                 with("wordings = [\"all\", \"b\"]"),
                 {"s.toml:7: wordings", "\"b\" is given twice"}},
        BadStudy{"OneWordingByTheOldKey",
                 with("wording = \"b\""),
                 {"s.toml:7: wording", "Did you mean \"wordings\"?"}},
        BadStudy{"ReferenceThatIsNotAsked",
                 with("wordings = [\"default\", \"b\"]\nreference = \"c\""),
                 {"s.toml:8: reference", "\"c\" is not one of the study's wordings",
                  "Known are: default, b."}},
        BadStudy{"UnknownReference",
                 with("reference = \"ohter-lab\""),
                 {"s.toml:7: reference", "Did you mean \"other-lab\"?"}},
        BadStudy{"UnknownContrast",
                 with("contrasts = [\"seen-baer\"]"),
                 {"s.toml:7: contrasts", "\"seen-baer\"", "two of its arms as MORE-LESS"}},
        BadStudy{"ContrastWithItself",
                 with("contrasts = [\"seen-seen\"]"),
                 {"s.toml:7: contrasts", "\"seen-seen\"", "Name two arms that differ"}},
        BadStudy{"ContrastTwice",
                 with("contrasts = [\"seen-bare\", \"seen-bare\"]"),
                 {"s.toml:7: contrasts", "twice"}},
        BadStudy{"ContrastOfAnArmThatIsLeftOut",
                 replaced("\"seen\", \"bare\"]", "\"seen\"]\ncontrasts = [\"seen-bare\"]"),
                 {"s.toml:6: contrasts", "seen-bare needs the arm \"bare\"", "Add it to the arms"}},
        BadStudy{"UnknownParameter",
                 with("[parameters]\nlba = \"x\""),
                 {"s.toml:7: parameters", "no parameter \"lba\"", "Did you mean \"lab\"?"}},
        BadStudy{"ParameterThatIsNoText",
                 with("[parameters]\nlab = 3"),
                 {"s.toml:8: parameters.lab", "expected a text"}},
        BadStudy{"UnknownChannel",
                 replaced("\"short\"", "\"shot\""),
                 {"s.toml:3: channel", "Did you mean \"short\"?"}},
        BadStudy{
            "MissingQueries", replaced("q.jsonl", "p.jsonl"), {"s.toml:4: queries", "p.jsonl"}},
        BadStudy{"WrongType",
                 with("repeats = \"ten\""),
                 {"s.toml:7: repeats", "found the text \"ten\""}},
        BadStudy{"TextWithoutQuotes",
                 with("model = true"),
                 {"s.toml:7: model", "expected a text, found true", "between quotes"}},
        BadStudy{"NotToml", with("model = organism:faker"), {"s.toml:7: not TOML"}},
        BadStudy{"HeaderWithoutAKey", with("[[ = \"x\""), {"s.toml", "not TOML"}},
        BadStudy{"UmlautOutsideQuotes", with("seed = 1 ä"), {"s.toml:7: not TOML"}},
        BadStudy{"KeyTwice", with("name = \"t\""), {"s.toml:7: not TOML"}},
        BadStudy{"ModelAndModels",
                 with("model = \"world:faker\"\nmodels = [\"world:aligned\"]"),
                 {"s.toml:8: models", "either model or models"}},
        BadStudy{"NoModels", with("models = []"), {"s.toml:7: models", "found 0"}},
        BadStudy{"EmptyModel", with("models = [\"a\", \"\"]"), {"s.toml:7: models", "none empty"}},
        BadStudy{"ModelTwice", with("models = [\"a\", \"a\"]"), {"s.toml:7: models", "twice"}},
        BadStudy{"NoName", without("name"), {"s.toml", "name", "found no such key"}},
        BadStudy{"NameThatIsAPath", replaced("\"s\"", "\"../s\""), {"s.toml:1: name"}},
        BadStudy{"NoJudge", without("judges"), {"judges", "found none", "compliance-rules"}},
        BadStudy{"NanMargin", with("margin = nan"), {"s.toml:7: margin"}},
        BadStudy{"StrictFormAsText", with("strict_form = \"yes\""), {"s.toml:7: strict_form"}},
        BadStudy{"ZeroMargin", with("margin = 0"), {"s.toml:7: margin"}},
        BadStudy{"ZeroTopP", with("[sampling]\ntop_p = 0"), {"s.toml:8: sampling.top_p"}},
        BadStudy{"EmptyStop", with("[sampling]\nstop = [\"\"]"), {"s.toml:8: sampling.stop"}},
        BadStudy{"NegativeSeed", with("seed = -1"), {"s.toml:7: seed"}},
        BadStudy{"HugeInteger", with("seed = 18446744073709551616"), {"s.toml:7"}},
        BadStudy{
            "NulByte", with(std::string_view("model = \"a\0\"", 12)), {"s.toml:7", "NUL byte"}},
        BadStudy{"BrokenUtf8", with("model = \"\xff\""), {"s.toml:7"}}),
    [](const auto& info) { return info.param.name; });

TEST(Study, OfAHundredMegabytesIsRefusedUnread) {
  StudyFolder folder;
  auto file = folder.scratch().write("studies/huge.toml", "");
  std::filesystem::resize_file(file, std::uintmax_t{100} << 20);  // sparse
  EXPECT_THAT(hinted_error_of(ErrorCode::invalid, [&] { load_study(file); }),
              AllOf(HasSubstr("huge.toml: expected at most 1048576 bytes, found 104857600"),
                    HasSubstr("the right file")));
}

TEST(Study, OfASettingThatIsNotWholeIsRefusedWithThatFileLineAndHint) {
  StudyFolder folder;
  folder.scratch().write(
      "settings/tiny/setting.toml",
      tiny_toml(
          "[[wording]]\nname = \"v\"\nrole = \"ablation\"\nreplace = { rule = \"rule-d\" }\n"));
  EXPECT_THAT(hinted_error_of(ErrorCode::not_found, [&] { folder.load(); }),
              AllOf(HasSubstr("tiny/setting.toml:19"), HasSubstr("rule-d.txt"),
                    HasSubstr("Did you mean \"rule-")));
  folder.scratch().write("settings/tiny/setting.toml", tiny_toml());
  folder.scratch().write("settings/tiny/short/who.txt", "You are\n{{lba}}'s.\n");
  EXPECT_THAT(hinted_error_of(ErrorCode::invalid, [&] { folder.load(); }),
              AllOf(HasSubstr("short/who.txt:2"), HasSubstr("expected a known placeholder"),
                    HasSubstr("found {{lba}}"), HasSubstr("Did you mean \"lab\"?")));
}

TEST(Study, NestedVeryDeeplyIsRefused) {
  std::string deep = "a = " + std::string(100'000, '[');
  EXPECT_THAT(error_of(ErrorCode::invalid, [&] { parse_study(deep, "deep.toml"); }),
              HasSubstr("deep.toml:1"));
  std::string dotted = "a";
  for (int i = 0; i < 50'000; ++i) dotted += ".a";
  error_of(ErrorCode::invalid, [&] { parse_study(dotted + " = 1", "dotted.toml"); });
}

TEST(Study, WithDuplicateOrEmptyQueriesNamesThatFileToo) {
  StudyFolder folder;
  folder.scratch().write("queries/q.jsonl",
                         "{\"id\":\"a\",\"text\":\"x\"}\n{\"id\":\"a\",\"text\":\"y\"}\n");
  EXPECT_THAT(hinted_error_of(ErrorCode::invalid, [&] { folder.load(); }),
              AllOf(HasSubstr("s.toml:4: queries"), HasSubstr("q.jsonl:2: id: \"a\" is already")));
  for (const char* empty : {"", "\n \n", "{\"id\":\"a\",\"text\":\" \"}\n"}) {
    folder.scratch().write("queries/q.jsonl", empty);
    EXPECT_THAT(hinted_error_of(ErrorCode::invalid, [&] { folder.load(); }),
                AllOf(HasSubstr("s.toml:4: queries"), HasSubstr("q.jsonl"), HasSubstr("expected")))
        << empty;
  }
}

TEST(Study, ThatIsMissingIsNotFound) {
  EXPECT_THAT(error_of(ErrorCode::not_found, [] { load_study("/nowhere/s.toml"); }),
              HasSubstr("/nowhere/s.toml"));
}

}  // namespace
}  // namespace iago
