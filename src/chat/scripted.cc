#include "chat/scripted.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/random.h"
#include "chat/internal/reply_timer.h"
#include "chat/internal/script.h"
#include "chat/reply.h"
#include "chat/whole_reply.h"

namespace iago {
namespace {

constexpr std::size_t kInFlight = 256;

ChatReply unmatched(const ChatRequest& request, const std::string& name) {
  constexpr std::size_t kShown = 120;
  const std::string& user = request.messages.back().text;
  return failed_reply(
      {ErrorCode::not_found,
       fmt::format("{}: no rule matches request {}; its last turn begins with \"{}\"", name,
                   request.id, user.substr(0, kShown))});
}

}  // namespace

ScriptedModel::ScriptedModel(std::string_view script, std::string_view where, std::string name)
    : rules_(std::make_unique<const std::vector<ScriptRule>>(parse_script(script, where))),
      info_{std::move(name), Hasher().field("scripted 1").field(script).hex(), kInFlight},
      timer_(std::make_unique<ReplyTimer>()) {}

ScriptedModel::~ScriptedModel() = default;

ModelInfo ScriptedModel::info() const { return info_; }

void ScriptedModel::submit(ChatRequest request, std::stop_token stop, Done done) {
  check_request(request);
  if (!may_be_sent(request)) {
    timer_->add(failed_reply(withdrawn()), {}, stop, std::move(done));
    return;
  }
  const ScriptRule* rule = find_rule(*rules_, request);
  if (rule == nullptr) {
    timer_->add(unmatched(request, info_.name), {}, stop, std::move(done));
    return;
  }
  Random random(request.seed, request.id);
  const ScriptedReply& chosen = rule->replies[random.pick(rule->weights)];
  timer_->add(shape_reply(filled(chosen, request), request), chosen.delay, stop,
              with_whole_text(request, std::move(done)));
}

std::unique_ptr<ScriptedModel> load_scripted_model(const std::filesystem::path& path) {
  return std::make_unique<ScriptedModel>(read_file(path, kMaxScriptBytes), path.string(),
                                         "scripted:" + path.string());
}

}  // namespace iago
