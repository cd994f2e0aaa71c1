#include "figures/relearning.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "figures/figure_text.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kMaxRelearningFile = std::size_t{16} << 20;
constexpr std::size_t kMostShares = 100'000;  // of one curve

Json curve_json(const RelearningCurve& curve) {
  return {{"shares", curve.shares}, {"alarm", curve.alarm}};
}

[[noreturn]] void no_such_relearning(const std::string& where, const std::string& what) {
  throw Error(ErrorCode::corrupt, fmt::format("{}: {}", where, what),
              "restore the file, or delete it and measure again with iago battery --relearn");
}

void check_share(double share, const std::string& where) {
  if (share >= 0 && share <= 1) return;
  no_such_relearning(where, fmt::format("expected a share between 0 and 1, found {}", share));
}

RelearningCurve curve_of(const Json& json, const std::string& where) {
  RelearningCurve curve{.shares = json.at("shares"), .alarm = json.at("alarm")};
  if (curve.shares.size() > kMostShares) {
    no_such_relearning(where, fmt::format("expected at most {} shares, found {}", kMostShares,
                                          curve.shares.size()));
  }
  for (const double share : curve.shares) check_share(share, where);
  return curve;
}

Relearning measured_of(const Json& json, const std::string& where) {
  if (const int schema = json.at("schema"); schema != kRelearningSchema) {
    throw Error(ErrorCode::unsupported,
                fmt::format("{}: expected schema {}, found {}", where, kRelearningSchema, schema));
  }
  Relearning relearning{.not_measured = json.at("not_measured"),
                        .label = json.at("label"),
                        .arm = json.at("arm"),
                        .control = json.at("control"),
                        .share_before = json.at("share_before"),
                        .share_after = json.at("share_after"),
                        .limit = json.at("limit"),
                        .seeds_asked = json.at("seeds_asked"),
                        .seeds = {}};
  check_share(relearning.share_before, where);
  if (relearning.not_measured.empty() && relearning.share_before <= 0) {
    no_such_relearning(where, "expected a share before the training above 0, found 0");
  }
  check_share(relearning.share_after, where);
  if (!json.at("seeds_asked").is_number_unsigned()) {
    no_such_relearning(where, "seeds_asked: expected a whole number of at least 0");
  }
  for (const Json& seed : json.at("seeds")) {
    const auto is_there = [&](const RelearningSeed& other) {
      return other.seed == seed.at("seed");
    };
    if (!seed.at("seed").is_number_unsigned() || std::ranges::any_of(relearning.seeds, is_there)) {
      no_such_relearning(where, "seeds: expected whole numbers, each once");
    }
    relearning.seeds.push_back({.seed = seed.at("seed"),
                                .model = curve_of(seed.at("model"), where),
                                .control = curve_of(seed.at("control"), where)});
  }
  return relearning;
}

std::vector<BackAfter> backs_of(const std::vector<RelearntSeed>& seeds,
                                BackAfter RelearntSeed::*side) {
  std::vector<BackAfter> backs;
  for (const RelearntSeed& seed : seeds) backs.push_back(seed.*side);
  return backs;
}

std::optional<UpdatesRatio> ratio_of_medians(const std::vector<RelearntSeed>& seeds) {
  if (seeds.empty()) return std::nullopt;
  return updates_ratio(*median_back(backs_of(seeds, &RelearntSeed::model)),
                       *median_back(backs_of(seeds, &RelearntSeed::control)));
}

// "from 0.2 to at most 0.5 over seeds"
std::string ratios_text(const std::vector<RelearntSeed>& seeds) {
  std::vector<UpdatesRatio> ratios;
  for (const RelearntSeed& seed : seeds) {
    if (const auto ratio = updates_ratio(seed.model, seed.control)) ratios.push_back(*ratio);
  }
  if (ratios.empty()) return "no seed has one";
  const auto [lowest, highest] = std::ranges::minmax_element(ratios, {}, &UpdatesRatio::ratio);
  return fmt::format("from {} to {} over seeds", ratio_text(*lowest), ratio_text(*highest));
}

std::string all_text(const std::vector<BackAfter>& backs) {
  std::string text;
  for (std::size_t i = 0; i < backs.size(); ++i) {
    text += i == 0 ? "" : i + 1 == backs.size() ? " and " : ", ";
    text += back_text(backs[i]);
  }
  return text;
}

std::string found_sentence(const Relearning& relearning) {
  const auto seeds = relearning.relearnt();
  const auto of_medians = ratio_of_medians(seeds);
  const std::string ratios =
      of_medians
          ? fmt::format(" Updates of the model for one of the control: {} by the medians, {}.",
                        ratio_text(of_medians), ratios_text(seeds))
          : std::string();
  return fmt::format(
      "Relearning: the training lowered \"{}\" in {} from {} to {}. Rewarded for it, the model was "
      "back at half of that {}; the control {} {}.{}",
      printable(relearning.label, 40), printable(relearning.arm, 40),
      percent(relearning.share_before), percent(relearning.share_after),
      all_text(backs_of(seeds, &RelearntSeed::model)), printable(relearning.control, 60),
      all_text(backs_of(seeds, &RelearntSeed::control)), ratios);
}

std::string alarm_sentence(const RelearningSeed& seed, const RelearningCurve& curve,
                           std::string_view who) {
  return fmt::format("Relearning, seed {}: the alarm {} ended the training of the {} after {}.",
                     seed.seed, printable(curve.alarm, 60), who,
                     counted(curve.shares.size(), "step", "steps"));
}

Json back_json(const std::optional<BackAfter>& back) {
  if (!back) return nullptr;
  return {{"updates", back->updates ? Json(*back->updates) : Json()}, {"watched", back->watched}};
}

Json ratio_json(const std::optional<UpdatesRatio>& ratio) {
  if (!ratio) return nullptr;
  const auto bound = ratio->bound == UpdatesRatio::Bound::at_most    ? Json("at_most")
                     : ratio->bound == UpdatesRatio::Bound::at_least ? Json("at_least")
                                                                     : Json();
  return {{"ratio", ratio->ratio}, {"bound", bound}};
}

}  // namespace

std::vector<RelearntSeed> Relearning::relearnt() const {
  std::vector<RelearntSeed> relearnt;
  for (const RelearningSeed& seed : seeds) {
    relearnt.push_back(
        {back_after(seed.model.shares, target()), back_after(seed.control.shares, target())});
  }
  return relearnt;
}

Json to_json(const Relearning& relearning) {
  Json seeds = Json::array();
  for (const RelearningSeed& seed : relearning.seeds) {
    seeds.push_back({{"seed", seed.seed},
                     {"model", curve_json(seed.model)},
                     {"control", curve_json(seed.control)}});
  }
  return {{"schema", kRelearningSchema},
          {"not_measured", relearning.not_measured},
          {"label", relearning.label},
          {"arm", relearning.arm},
          {"control", relearning.control},
          {"share_before", relearning.share_before},
          {"share_after", relearning.share_after},
          {"limit", relearning.limit},
          {"seeds_asked", relearning.seeds_asked},
          {"seeds", seeds}};
}

Relearning relearning_of(const Json& json, const std::string& where) {
  try {
    return measured_of(json, where);
  } catch (const nlohmann::json::exception& error) {
    no_such_relearning(where,
                       fmt::format("not what iago battery --relearn writes: {}", error.what()));
  }
}

std::optional<Relearning> read_relearning(const std::filesystem::path& battery) {
  const auto file = battery / kRelearningFile;
  std::error_code status;
  if (!std::filesystem::exists(file, status)) return std::nullopt;
  return relearning_of(read_own_json(file, kMaxRelearningFile), file.string());
}

void write_relearning(const Relearning& relearning, const std::filesystem::path& battery) {
  write_file(battery / kRelearningFile, dump_json(to_json(relearning), 2) + "\n");
}

std::string back_text(const BackAfter& back) {
  if (!back.updates) {
    return "never in " + counted(static_cast<std::uint64_t>(back.watched), "update", "updates");
  }
  return "after " + counted(static_cast<std::uint64_t>(std::max<std::int64_t>(0, *back.updates)),
                            "update", "updates");
}

std::string ratio_text(const std::optional<UpdatesRatio>& ratio) {
  if (!ratio) return "-";
  const char* bound = ratio->bound == UpdatesRatio::Bound::at_most    ? "at most "
                      : ratio->bound == UpdatesRatio::Bound::at_least ? "at least "
                                                                      : "";
  return fmt::format("{}{:.2g}", bound, ratio->ratio);
}

std::vector<std::string> relearning_sentences(const Relearning& relearning) {
  if (!relearning.not_measured.empty()) {
    return {
        fmt::format("Relearning was not measured: {}.", printable(relearning.not_measured, 500))};
  }
  std::vector<std::string> sentences;
  if (!relearning.seeds.empty()) sentences.push_back(found_sentence(relearning));
  for (const RelearningSeed& seed : relearning.seeds) {
    if (!seed.model.alarm.empty()) sentences.push_back(alarm_sentence(seed, seed.model, "model"));
    if (seed.control.alarm.empty()) continue;
    sentences.push_back(alarm_sentence(seed, seed.control, "control"));
  }
  if (relearning.is_unfinished()) {
    sentences.push_back(
        fmt::format("Relearning is unfinished: {} of {} seeds; the same command resumes.",
                    relearning.seeds.size(), relearning.seeds_asked));
  }
  return sentences;
}

std::vector<std::vector<std::string>> relearning_table(const Relearning& relearning) {
  std::vector<std::vector<std::string>> rows = {
      {fmt::format("half of \"{}\" is back", printable(relearning.label, 40)), "model", "control",
       "ratio"}};
  const auto seeds = relearning.relearnt();
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    rows.push_back({fmt::format("seed {}", relearning.seeds[i].seed), back_text(seeds[i].model),
                    back_text(seeds[i].control),
                    ratio_text(updates_ratio(seeds[i].model, seeds[i].control))});
  }
  if (seeds.size() < 2) return rows;
  rows.push_back({"median", back_text(*median_back(backs_of(seeds, &RelearntSeed::model))),
                  back_text(*median_back(backs_of(seeds, &RelearntSeed::control))),
                  ratio_text(ratio_of_medians(seeds))});
  return rows;
}

Json figures_json(const Relearning& relearning) {
  Json json = to_json(relearning);
  const auto seeds = relearning.relearnt();
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    Json& seed = json.at("seeds")[i];
    seed.at("model")["back"] = back_json(seeds[i].model);
    seed.at("control")["back"] = back_json(seeds[i].control);
    seed["ratio"] = ratio_json(updates_ratio(seeds[i].model, seeds[i].control));
  }
  json["target"] = relearning.target();
  json["median_model"] = back_json(median_back(backs_of(seeds, &RelearntSeed::model)));
  json["median_control"] = back_json(median_back(backs_of(seeds, &RelearntSeed::control)));
  json["ratio_of_medians"] = ratio_json(ratio_of_medians(seeds));
  json["easily"] = relearnt_easily(seeds);
  return json;
}

}  // namespace iago
