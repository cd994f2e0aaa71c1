#include "stats/population.h"

#include "record/names.h"

namespace iago {
namespace {

constexpr EnumName<Population> kPopulationNames[] = {
    {Population::these_queries, "on these queries"},
    {Population::queries_like_these, "over queries like these"},
    {Population::clusters_like_these, "over clusters like these"},
    {Population::groups_like_these, "over groups like these"}};

}  // namespace

std::string_view name_of(Population population) { return name_in(kPopulationNames, population); }

}  // namespace iago
