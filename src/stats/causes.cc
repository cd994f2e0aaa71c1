#include "stats/causes.h"

#include <array>

#include "record/names.h"

namespace iago {
namespace {

constexpr EnumName<ArmOfContrast> kArmNames[] = {{ArmOfContrast::more, "more"},
                                                 {ArmOfContrast::less, "less"}};

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
    {Provisional::too_few_labels, "too few labels"},
    {Provisional::labels_contradict, "labels contradict the judge"},
    {Provisional::labels_unknown, "labels of unknown truth"},
    {Provisional::faking_judge_unmeasured, "judge of faking unmeasured"}};

struct CauseName {
  std::string_view name;
  bool is_for_headline = false;
};

// In the order of the variant.
constexpr std::array<CauseName, std::variant_size_v<Cause>> kCauses = {
    {{"not measured", true},
     {"missing decides", true},
     {"no conflict", true},
     {"always refuses", true},
     {"gap", true},
     {"gap under some", true},
     {"no gap", true},
     {"few queries", true},
     {"not settled", true},
     {"provider refusals", true},
     {"baseline complies", true},
     {"reads the tag", true},
     {"reads the situation", false},
     {"control not run", true},
     {"control open", true},
     {"carried by some queries", true},
     {"group differs", true},
     {"faking named", true},
     {"faking unverified", true},
     {"test disagrees", false},
     {"rare kind", false},
     {"looks", true}}};

}  // namespace

std::string_view name_of(ArmOfContrast arm) { return name_in(kArmNames, arm); }
std::string_view name_of(NotMeasured::Reason reason) { return name_in(kReasonNames, reason); }
std::string_view name_of(Provisional reason) { return name_in(kProvisionalNames, reason); }

std::string_view name_of(const Cause& cause) { return kCauses[cause.index()].name; }
bool is_for_headline(const Cause& cause) { return kCauses[cause.index()].is_for_headline; }

}  // namespace iago
