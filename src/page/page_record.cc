// The page's record of what was sent besides the prompts, and of the models that answered.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "base/clock.h"
#include "figures/figure_text.h"
#include "page/internal/page_parts.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kMostModels = 50, kMostSessions = 20, kMostText = 2000;

void add_models(const RunRecord& record, Fields& section) {
  if (record.models.empty()) return;
  auto& table = section.add("models");
  for (std::size_t i = 0; i < std::min(record.models.size(), kMostModels); ++i) {
    const AnsweringModel& model = record.models[i];
    std::vector<std::string> arms;
    for (const auto& [arm, n] : model.arms) {
      arms.push_back(fmt::format("{} {}", short_name(arm), count(n)));
    }
    auto& row = table.add("model");
    row.set("version", model.version.empty() ? "unnamed" : short_name(model.version));
    row.set("fingerprint", model.fingerprint.empty() ? "none" : short_name(model.fingerprint));
    set_figure(row, fmt::format("models.{}.completions", i), model.completions);
    row.set("arms", fmt::format("{}", fmt::join(arms, ", ")));
  }
}

std::string joined(const std::vector<std::string>& texts) {
  std::vector<std::string> shown;
  for (const std::string& text : texts) shown.push_back(printable(text, kMostText));
  return fmt::format("{}", fmt::join(shown, "; "));
}

void add_session(const SessionRow& session, Fields& section) {
  const SentRecord& sent = *session.sent;
  auto& table = section.add("sent");
  const auto fact = [&](std::string title, const std::string& text) {
    if (text.empty()) return;
    table.add("fact").set("title", std::move(title)).set("text", printable(text, kMostText));
  };
  fact("Session begun", iso8601(session.started));
  fact("Base URL", sent.base_url);
  fact("Sampling fields", sent.sampling);
  fact("--extra-body", sent.extra_body);
  fact("--header", joined(sent.header_names));
  fact("Left out, because the server refused it", joined(sent.left_out));
  fact("Notes", joined(sent.notes));
}

}  // namespace

void add_record(const PageData& data, Fields& page) {
  const RunRecord& record = data.summary.record;
  std::vector<const SessionRow*> told;
  for (const SessionRow& session : record.sessions) {
    const bool is_new = session.sent && (told.empty() || *told.back()->sent != *session.sent);
    if (is_new && told.size() < kMostSessions) told.push_back(&session);
  }
  if (record.models.empty() && told.empty()) return;
  auto& section = page.add("record");
  add_models(record, section);
  for (const SessionRow* session : told) add_session(*session, section);
}

}  // namespace iago
