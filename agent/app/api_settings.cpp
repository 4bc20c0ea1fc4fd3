// The local API's routes around settings, audience, corrections, doctor and bundle.
#include "agent/app/api_parts.hpp"
#include "agent/app/bundle.hpp"

namespace qcloud {

namespace json = boost::json;

using api::malformed;
using api::ok;
using api::text_of;
using api::wait_of;

namespace {

json::object settings_json(Agent& agent) {
  return {{"file", agent.settings.file()}, {"settings", agent.settings.list()}};
}

// An absent list is an empty one; anything but texts in it is nothing.
std::optional<std::vector<std::string>> texts_of(const ApiRequest& request, const char* name) {
  std::vector<std::string> out;
  auto* found = request.body.if_contains(name);
  if (!found) return out;
  if (!found->is_array()) return std::nullopt;
  for (const auto& entry : found->as_array()) {
    if (!entry.is_string()) return std::nullopt;
    out.emplace_back(entry.as_string());
  }
  return out;
}

}  // namespace

void add_settings_routes(std::vector<Route>& routes, Agent& agent, Operations& operations) {
  routes.push_back({"GET",
                    "/v1/settings",
                    Access::admin,
                    [&agent](ApiRequest) -> Task<Result<ApiAnswer>> { co_return ok(settings_json(agent)); },
                    {}});
  routes.push_back({"PUT",
                    "/v1/settings",
                    Access::admin,
                    [&agent](ApiRequest request) -> Task<Result<ApiAnswer>> {
                      auto* value = request.body.if_contains("value");
                      if (!value || !(value->is_null() || value->is_string()))
                        co_return malformed("\"value\" is a text, or null for the default.");
                      std::optional<std::string> text;
                      if (value->is_string()) text = std::string(value->as_string());
                      if (auto set = agent.settings.set(text_of(request, "key"), text); !set)
                        co_return std::move(set).error();
                      co_return ok(settings_json(agent));
                    },
                    {"key", "value"}});
  routes.push_back(
      {"GET",
       "/v1/settings/backup",
       Access::admin,
       [&operations](ApiRequest) -> Task<Result<ApiAnswer>> { co_return ok(operations.backup()); },
       {}});
  routes.push_back({"POST",
                    "/v1/settings/restore",
                    Access::admin,
                    [&operations](ApiRequest request) -> Task<Result<ApiAnswer>> {
                      auto* backup = request.body.if_contains("backup");
                      if (!backup || !backup->is_object())
                        co_return malformed("\"backup\" is the object that GET /v1/settings/backup gave.");
                      auto done = co_await operations.restore(backup->as_object(), wait_of(request));
                      if (!done) co_return std::move(done).error();
                      json::array changed, skipped;
                      for (const auto& what : done->changed) changed.emplace_back(what);
                      for (const auto& [what, why] : done->skipped)
                        skipped.push_back({{"what", what}, {"why", why}});
                      co_return ok({{"changed", std::move(changed)}, {"skipped", std::move(skipped)}});
                    },
                    {"backup"}});
  routes.push_back({"GET",
                    "/v1/audience",
                    Access::admin,
                    [&operations](ApiRequest) -> Task<Result<ApiAnswer>> {
                      auto audience = co_await operations.audience();
                      if (!audience) co_return std::move(audience).error();
                      co_return ok(*std::move(audience));
                    },
                    {}});
  routes.push_back({"PUT",
                    "/v1/audience",
                    Access::admin,
                    [&operations](ApiRequest request) -> Task<Result<ApiAnswer>> {
                      auto invited = texts_of(request, "invited");
                      if (!invited) co_return malformed("\"invited\" is a list of logins.");
                      auto who = text_of(request, "audience");
                      auto audience = co_await operations.set_audience(who, *std::move(invited));
                      if (!audience) co_return std::move(audience).error();
                      co_return ok(*std::move(audience));
                    },
                    {"audience", "invited"}});
  routes.push_back({"POST",
                    "/v1/data/correct",
                    Access::admin,
                    [&operations](ApiRequest request) -> Task<Result<ApiAnswer>> {
                      auto field = text_of(request, "field"), value = text_of(request, "value");
                      auto corrected = co_await operations.correct_data(field, value);
                      if (!corrected) co_return std::move(corrected).error();
                      co_return ok({{"field", field}, {"value", value}});
                    },
                    {"field", "value"}});
  routes.push_back({"POST",
                    "/v1/doctor",
                    Access::admin,
                    [&agent](ApiRequest) -> Task<Result<ApiAnswer>> {
                      auto found = co_await run_doctor(agent);
                      co_return ok(std::move(found));
                    },
                    {}});
  routes.push_back({"POST",
                    "/v1/bundle",
                    Access::admin,
                    [&agent](ApiRequest request) -> Task<Result<ApiAnswer>> {
                      auto* attachments = request.body.if_contains("attachments");
                      if (attachments && !attachments->is_array())
                        co_return malformed("\"attachments\" is a list of {name, text}.");
                      auto list = attachments ? attachments->as_array() : json::array{};
                      auto made = co_await make_bundle(agent, std::move(list));
                      if (!made) co_return std::move(made).error();
                      co_return ok(*std::move(made));
                    },
                    {"attachments"}});
}

}  // namespace qcloud
