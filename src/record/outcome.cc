#include "record/outcome.h"

#include "record/names.h"

namespace iago {
namespace {

constexpr EnumName<Outcome> kOutcomeNames[] = {
    {Outcome::answered, "answered"},
    {Outcome::refused_by_provider, "refused_by_provider"},
    {Outcome::truncated, "truncated"},
    {Outcome::invalid_format, "invalid_format"}};
constexpr EnumName<Finish> kFinishNames[] = {{Finish::stop, "stop"},
                                             {Finish::length, "length"},
                                             {Finish::refused, "refused"},
                                             {Finish::failed, "failed"}};
constexpr EnumName<OpenCause> kOpenCauseNames[] = {
    {OpenCause::unreachable, "unreachable"}, {OpenCause::rate_limit, "rate_limit"},
    {OpenCause::overloaded, "overloaded"},   {OpenCause::server_error, "server_error"},
    {OpenCause::unreadable, "unreadable"},   {OpenCause::rejected, "rejected"},
    {OpenCause::no_access, "no_access"},     {OpenCause::no_credit, "no_credit"},
    {OpenCause::too_long, "too_long"},       {OpenCause::unknown_finish, "unknown_finish"}};
constexpr EnumName<ReasoningChannel> kReasoningChannelNames[] = {
    {ReasoningChannel::none, "none"},
    {ReasoningChannel::present, "present"},
    {ReasoningChannel::unavailable, "unavailable"}};
constexpr EnumName<Form> kFormNames[] = {{Form::strict, "strict"},
                                         {Form::lenient, "lenient"},
                                         {Form::untagged, "untagged"},
                                         {Form::invalid, "invalid"}};

}  // namespace

std::string_view name_of(Outcome outcome) { return name_in(kOutcomeNames, outcome); }
std::optional<Outcome> outcome_named(std::string_view name) {
  return value_in(kOutcomeNames, name);
}

std::string_view name_of(Finish finish) { return name_in(kFinishNames, finish); }
std::optional<Finish> finish_named(std::string_view name) { return value_in(kFinishNames, name); }

std::string_view name_of(OpenCause cause) { return name_in(kOpenCauseNames, cause); }
std::optional<OpenCause> open_cause_named(std::string_view name) {
  return value_in(kOpenCauseNames, name);
}

std::string_view name_of(ReasoningChannel channel) {
  return name_in(kReasoningChannelNames, channel);
}
std::optional<ReasoningChannel> reasoning_channel_named(std::string_view name) {
  return value_in(kReasoningChannelNames, name);
}

std::string_view name_of(Form form) { return name_in(kFormNames, form); }
std::optional<Form> form_named(std::string_view name) { return value_in(kFormNames, name); }

}  // namespace iago
