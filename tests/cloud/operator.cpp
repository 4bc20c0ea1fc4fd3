// The operator's API on its own socket, in the same style as the public one but without any authentication:
// who can open the socket is the operator.
#include "tests/cloud/cloud.hpp"
#include "tests/cloud/state.hpp"

namespace refcloud {
namespace {

constexpr Seconds longest_step = day * 365 * 100;

json::object stats_of(const Stats& s) {
  return {{"devices", s.devices},           {"accounts", s.accounts},     {"names", s.names},
          {"requests", s.requests},         {"watches", s.watches},       {"watches_hung", s.watches_hung},
          {"ddns_updates", s.ddns_updates}, {"ddns_noops", s.ddns_noops}, {"dns_failures", s.dns_failures},
          {"enrollments", s.enrollments},   {"renewals", s.renewals},     {"erasures", s.erasures},
          {"removals", s.removals}};
}

Response done(json::object body = {}) {
  body["ok"] = true;
  return json_response(200, body);
}

void must_exist(bool ok) {
  if (!ok) throw Problem{404, "not-found", "There is no such device, or it cannot be done now."};
}

Response operate_checked(Cloud& cloud, Clock& clock, const Request& request) {
  if (request.method == "GET" && request.target == "/stats")
    return json_response(200, stats_of(cloud.stats()));
  if (request.method != "POST") throw Problem{404, "not-found", "There is nothing here."};
  const auto body = parse_object(request.body.empty() ? "{}" : request.body);
  if (request.target == "/revoke") {
    only_members(body, {"device_id"});
    must_exist(cloud.revoke(text_member(body, "device_id")));
    return done();
  }
  if (request.target == "/remove") {
    only_members(body, {"device_id"});
    const auto receipt = cloud.remove(text_member(body, "device_id"));
    must_exist(receipt.has_value());
    return done({{"receipt", *receipt}});
  }
  if (request.target == "/rename") {
    only_members(body, {"device_id", "name"});
    must_exist(cloud.rename(text_member(body, "device_id"), text_or_null_member(body, "name")));
    return done();
  }
  if (request.target == "/notice") {
    only_members(body, {"device_id", "text"});
    must_exist(cloud.notify(text_member(body, "device_id"), text_member(body, "text")));
    return done();
  }
  if (request.target == "/heartbeat") {
    only_members(body, {"device_id", "seconds"});
    const auto* const seconds = body.if_contains("seconds");
    if (!seconds || (!seconds->is_int64() && !seconds->is_null()))
      throw Problem{400, "bad-member", "\"seconds\" must be a whole number or null."};
    must_exist(cloud.set_heartbeat(text_or_null_member(body, "device_id"),
                                   seconds->is_null() ? std::nullopt : std::optional(seconds->get_int64())));
    return done();
  }
  if (request.target == "/approve") {
    only_members(body, {"user_code", "account"});
    must_exist(cloud.approve(text_member(body, "user_code"), text_member(body, "account")));
    return done();
  }
  if (request.target == "/clock") {
    only_members(body, {"advance_seconds"});
    const auto* const step = body.if_contains("advance_seconds");
    if (!step || !step->is_int64() || step->get_int64() < 0 || step->get_int64() > longest_step)
      throw Problem{400, "bad-member", "\"advance_seconds\" must be a whole number, 0 or more."};
    clock.advance(step->get_int64());
    return done({{"now", rfc3339(clock.now())}});
  }
  if (request.target == "/retention") {
    cloud.run_retention();
    return done();
  }
  if (request.target == "/rows") {
    only_members(body, {"text"});
    const auto text = text_member(body, "text");
    if (text.empty()) throw Problem{400, "bad-member", "\"text\" must not be empty."};
    json::object tables;
    for (const auto& [table, rows] : cloud.rows_of(text)) tables[table] = rows;
    return json_response(200, json::object{{"rows", tables}});
  }
  throw Problem{404, "not-found", "There is nothing here."};
}

}  // namespace

Response operate_on(Cloud& cloud, Clock& clock, const Request& request) {
  Response response;
  try {
    response = operate_checked(cloud, clock, request);
  } catch (const Problem& problem) {
    response = problem_response(problem);
  } catch (const std::exception& error) {
    response = problem_response({500, "internal", error.what()});
  }
  return response;
}

}  // namespace refcloud
