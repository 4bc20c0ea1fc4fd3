// What the files of the local API's table share.
#pragma once

#include <algorithm>
#include <cstdlib>

#include "agent/app/api.hpp"

namespace qcloud {

// Settings, audience, correction, doctor and bundle (api_settings.cpp).
void add_settings_routes(std::vector<Route>& routes, Agent& agent, Operations& operations);

// Published services, attachments, visitors (api_link.cpp).
void add_link_routes(std::vector<Route>& routes, Agent& agent);

namespace api {

using Params = std::map<std::string, std::string>;

inline std::string param(const Params& params, const std::string& name) {
  auto at = params.find(name);
  return at == params.end() ? "" : at->second;
}

// ?wait=SECONDS: how long to wait for a receipt; 30 s at most.
inline Millis wait_of(const ApiRequest& request) {
  auto text = param(request.query, "wait");
  return seconds(std::clamp(std::atoi(text.c_str()), 0, 30));
}

inline Error malformed(std::string detail) {
  return {"request.malformed", Retry::give_up, std::move(detail), ""};
}

inline std::string text_of(const ApiRequest& request, const char* name) {
  auto* found = request.body.if_contains(name);
  return found && found->is_string() ? std::string(found->as_string()) : std::string();
}

inline ApiAnswer ok(boost::json::object body = {}) { return {200, std::move(body)}; }

}  // namespace api
}  // namespace qcloud
