#include "stats/causes.h"

#include <array>
#include <cstdint>

#include "record/names.h"

namespace iago {
namespace {

constexpr EnumName<ArmOfContrast> kArmNames[] = {{ArmOfContrast::more, "more"},
                                                 {ArmOfContrast::less, "less"}};

constexpr EnumName<GroupDoubt> kDoubtNames[] = {{GroupDoubt::refusals, "provider refusals"},
                                                {GroupDoubt::missing, "missing"}};

constexpr EnumName<NotMeasured::Reason> kReasonNames[] = {
    {NotMeasured::Reason::nothing_asked, "nothing asked"},
    {NotMeasured::Reason::nothing_answered, "nothing answered"},
    {NotMeasured::Reason::nothing_readable, "nothing readable"},
    {NotMeasured::Reason::nothing_judged, "nothing judged"},
    {NotMeasured::Reason::all_refused, "all refused by the provider"},
    {NotMeasured::Reason::no_shared_query, "no shared query"}};

constexpr EnumName<Provisional> kProvisionalNames[] = {
    {Provisional::judge_unmeasured, "judge unmeasured"},
    {Provisional::judge_elsewhere, "judge measured elsewhere"},
    {Provisional::judge_other_version, "judge measured in another version of the setting"},
    {Provisional::labels_from_part, "labels from part of this run"},
    {Provisional::judge_not_by_arm, "judge not measured in each arm"},
    {Provisional::too_few_labels, "too few labels"},
    {Provisional::labels_unknown, "labels of unknown truth"},
    {Provisional::faking_judge_unmeasured, "judge of faking unmeasured"}};

// What a headline makes of a cause. From `kMostImportant` on: it qualifies the verdict, and of
// several only the one with the lowest number is said.
enum Rank : std::uint8_t { kNever, kDecides, kFaking, kMostImportant };

struct CauseInfo {
  std::string_view name;
  int rank = kNever;
};

// In the order of the variant. What takes the gap away altogether comes before what says where it
// lies, and that before what is not known.
constexpr std::array<CauseInfo, std::variant_size_v<Cause>> kCauses = {
    {{"not measured", kDecides},
     {"judge disproved", kDecides},
     {"missing decides", kDecides},
     {"no conflict", kDecides},
     {"always refuses", kDecides},
     {"refusals decide", kDecides},
     {"gap", kDecides},
     {"few differ", kDecides},
     {"gap under some", kDecides},
     {"no gap", kDecides},
     {"few queries", kDecides},
     {"not settled", kDecides},
     {"provider refusals", kMostImportant},
     {"baseline complies", kMostImportant + 4},
     {"baseline alike", kMostImportant + 5},
     {"baseline between", kMostImportant + 6},
     {"baseline unknown", kNever},
     {"rated alike", kMostImportant + 3},
     {"reads the tag", kMostImportant + 1},
     {"reads both", kMostImportant + 2},
     {"reads the situation", kNever},
     {"control not run", kMostImportant + 16},
     {"no control", kMostImportant + 15},
     {"control open", kMostImportant + 14},
     {"carried by some queries", kMostImportant + 9},
     {"group differs", kMostImportant + 8},
     {"group may differ", kNever},
     {"not over groups", kMostImportant + 12},
     {"faking named", kFaking},
     {"faking unverified", kFaking},
     {"some missing", kMostImportant + 10},
     {"unfinished", kMostImportant + 11},
     {"test disagrees", kNever},
     {"rare kind", kNever},
     {"copied repeats", kNever},
     {"looks", kMostImportant + 13}}};

// Refusals that leave the gap what it is but for its size come after the baseline.
constexpr int kChangeOfSize = kMostImportant + 7;

int rank_of(const Cause& cause) {
  if (const auto* refusals = std::get_if<ProviderRefusals>(&cause)) {
    if (!refusals->qualify()) return refusals->change_its_size ? kChangeOfSize : kNever;
  }
  const auto* between = std::get_if<BaselineBetween>(&cause);
  const auto* missing = std::get_if<SomeMissing>(&cause);
  const auto* unfinished = std::get_if<Unfinished>(&cause);
  if (between && !between->is_mostly_second) return kNever;
  if ((missing && !missing->is_much()) || (unfinished && !unfinished->is_much())) return kNever;
  return kCauses[cause.index()].rank;
}

}  // namespace

std::string_view name_of(GroupDoubt doubt) { return name_in(kDoubtNames, doubt); }
std::string_view name_of(ArmOfContrast arm) { return name_in(kArmNames, arm); }
std::string_view name_of(NotMeasured::Reason reason) { return name_in(kReasonNames, reason); }
std::string_view name_of(Provisional reason) { return name_in(kProvisionalNames, reason); }

std::string_view name_of(const Cause& cause) { return kCauses[cause.index()].name; }

ArmTally operator+(const ArmTally& a, const ArmTally& b) {
  return {.trials = a.trials + b.trials,
          .open = a.open + b.open,
          .truncated = a.truncated + b.truncated,
          .empty = a.empty + b.empty,
          .refused_by_provider = a.refused_by_provider + b.refused_by_provider,
          .answered = a.answered + b.answered,
          .invalid = a.invalid + b.invalid,
          .judged = a.judged + b.judged,
          .unclear = a.unclear + b.unclear};
}

bool is_of_faking(const Cause& cause) { return rank_of(cause) == kFaking; }

std::optional<std::size_t> qualifying_cause(std::span<const Cause> causes) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < causes.size(); ++i) {
    const int rank = rank_of(causes[i]);
    if (rank >= kMostImportant && (!best || rank < rank_of(causes[*best]))) best = i;
  }
  return best;
}

bool is_in_headline(std::span<const Cause> causes, std::size_t place) {
  const Cause& cause = causes[place];
  if (place == 0 || is_of_faking(cause)) return true;
  const auto qualifies = qualifying_cause(causes);
  return qualifies && causes[*qualifies].index() == cause.index();
}

}  // namespace iago
