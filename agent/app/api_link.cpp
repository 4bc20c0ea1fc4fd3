// The local API's routes of the link.
#include "agent/app/api_parts.hpp"

namespace qcloud {

namespace json = boost::json;

using api::ok;

namespace {

std::string fqdn_of(Agent& agent) {
  const auto& registration = agent.identity.registration.get();
  return registration ? registration->fqdn : std::string();
}

}  // namespace

void add_link_routes(std::vector<Route>& routes, Agent& agent) {
  routes.push_back(
      {"GET",
       "/v1/link",
       Access::admin,
       [&agent](ApiRequest) -> Task<Result<ApiAnswer>> { co_return ok(agent.link.state_json()); },
       {}});
  routes.push_back({"GET",
                    "/v1/link/services",
                    Access::admin,
                    [&agent](ApiRequest) -> Task<Result<ApiAnswer>> {
                      json::object body;
                      auto fqdn = fqdn_of(agent);
                      body["services"] = agent.link.services_json(fqdn);
                      body["certificate_sha256"] =
                          agent.box_certificate.fingerprint(fqdn, agent.session.now());
                      co_return ok(std::move(body));
                    },
                    {}});
  routes.push_back({"PUT",
                    "/v1/link/services/{name}",
                    Access::admin,
                    [&agent](ApiRequest request) -> Task<Result<ApiAnswer>> {
                      auto service = read_service(request.path["name"], request.body);
                      if (!service) co_return std::move(service).error();
                      if (!request.body.contains("admin_page"))
                        for (const auto& each : agent.link.services.get())
                          if (each.name == service->name) service->admin_page = each.admin_page;
                      if (auto published = agent.link.publish(*service); !published)
                        co_return std::move(published).error();
                      json::object body;
                      body["services"] = agent.link.services_json(fqdn_of(agent));
                      co_return ok(std::move(body));
                    },
                    {"address", "port", "tls", "proxy_protocol", "admin_page"}});
  routes.push_back({"DELETE",
                    "/v1/link/services/{name}",
                    Access::admin,
                    [&agent](ApiRequest request) -> Task<Result<ApiAnswer>> {
                      auto name = request.path["name"];
                      if (auto withdrawn = agent.link.withdraw(name); !withdrawn)
                        co_return std::move(withdrawn).error();
                      json::object body;
                      body["services"] = agent.link.services_json(fqdn_of(agent));
                      co_return ok(std::move(body));
                    },
                    {}});
  routes.push_back({"GET",
                    "/v1/link/visitors",
                    Access::admin,
                    [&agent](ApiRequest) -> Task<Result<ApiAnswer>> {
                      json::object body;
                      body["visitors"] = agent.link.visitors_json();
                      co_return ok(std::move(body));
                    },
                    {}});
}

}  // namespace qcloud
