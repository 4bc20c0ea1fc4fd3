#include "tests/cloud/dispatch.hpp"

#include <algorithm>

#include "tests/cloud/address.hpp"
#include "tests/cloud/credentials.hpp"
#include "tests/cloud/identity.hpp"
#include "tests/cloud/page.hpp"
#include "tests/cloud/routes.hpp"

namespace refcloud {
namespace {

constexpr std::size_t max_body = 64 << 10;
constexpr std::size_t max_target = 4 << 10;

// RFC 6750 section 3: what is wrong with the token is not said in detail.
std::string bearer_account(State& state, const Request& request) {
  if (const auto token = bearer_token(request))
    if (auto q = state.db().query("SELECT account FROM lookup_tokens WHERE token_hash = ? AND expires > ?",
                                  sha256_hex(*token), state.now());
        q.next())
      return q.text(0);
  throw Problem{401,
                "lookup-token-required",
                "This needs a bearer token of the scope \"lookup\" that has not expired.",
                false,
                {},
                {{"WWW-Authenticate", "Bearer realm=\"lookup\", scope=\"lookup\""}}};
}

std::string source_of(const Request& request) {
  const auto address = parse_address(request.peer_address);
  return address ? address->text() : request.peer_address;
}

// URLs in answers use the authority that the client came by, if it is one of ours: a port that the kernel
// chose is known to the client only.
std::string origin_of(const State& state, const Request& request) {
  const auto* const host = header(request.headers, "Host");
  if (host) {
    const auto end = host->starts_with('[') ? host->find(']') + 1 : host->find(':');
    const auto name = host->substr(0, end);
    const auto port = end < host->size() ? host->substr(end) : std::string();
    const auto& others = state.settings.other_hosts;
    const bool ours = same_letters(name, state.settings.host) ||
                      std::find(others.begin(), others.end(), lower(name)) != others.end();
    if (ours &&
        (port.empty() || (port.size() > 1 && port.find_first_not_of("0123456789", 1) == std::string::npos)))
      return "https://" + *host;
  }
  return "https://" + state.settings.host;
}

void check_headers(const Request& request) {
  // Two readers may take different ones of two equal headers; so there must not be two.
  for (const auto* const name :
       {"Authorization", "Content-Type", "Content-Length", "Cookie", "Host", "Idempotency-Key", "Origin"}) {
    const auto count = std::count_if(request.headers.begin(), request.headers.end(),
                                     [&](const auto& item) { return same_letters(item.first, name); });
    if (count > 1)
      throw Problem{400, "bad-request", std::string("The header ") + name + " stands there twice."};
  }
  if (request.body.size() > max_body) throw Problem{413, "too-large", "A body has at most 64 KiB."};
  if (request.target.size() > max_target || !request.target.starts_with('/'))
    throw Problem{400, "bad-request", "The request target is not a path."};
}

void check_body(const Route& route, Call& call) {
  if (route.body == Body::none) return;
  static constexpr std::string_view types[] = {"", "application/x-www-form-urlencoded", "application/json",
                                               "application/pkcs10"};
  const auto wanted = types[static_cast<std::size_t>(route.body)];
  const auto* const type = header(call.request.headers, "Content-Type");
  auto essence = std::string_view(type ? *type : std::string_view{});
  essence = essence.substr(0, essence.find(';'));
  while (essence.ends_with(' ')) essence.remove_suffix(1);
  if (!same_letters(essence, wanted))
    throw Problem{415, "wrong-media-type", "The body must be " + std::string(wanted) + '.'};
  if (route.body == Body::form) {
    auto form = parse_form(call.request.body);
    if (!form) throw Problem{400, "bad-form", "The form is malformed."};
    call.form = std::move(*form);
  }
}

Reply run(State& state, const Route& route, Call& call) {
  auto query = parse_form(call.raw_query);
  if (!query) throw Problem{400, "bad-query", "The query is malformed, or names a member twice."};
  call.query = std::move(*query);
  if (route.info.page) call.session = session_of(state, call.request);
  switch (route.info.auth) {
    case Auth::open:
    case Auth::update:
      break;
    case Auth::lookup:
      call.account = bearer_account(state, call.request);
      break;
    case Auth::account:
      if (!call.session)
        return redirect(call.request.method == "GET" ? "/login?next=" + url_encode(call.request.target)
                                                     : "/login");
      break;
    case Auth::certificate:
    case Auth::certificate_expired_ok:
      call.device = authenticate(state, call.request, route.info.auth == Auth::certificate_expired_ok);
      break;
  }
  check_body(route, call);
  return route.handler(state, call);
}

}  // namespace

Response finish(State& state, Response response, const Request& request, std::string_view route,
                const std::string& source) {
  response.headers.emplace_back("Date", http_date(state.now()));
  if (response.status != 204)
    response.headers.emplace_back("Content-Length", std::to_string(response.body.size()));
  // A method is logged as one of those that exist, a path only as its route: a log must not hold what
  // somebody typed.
  if (state.settings.access_log && !route.empty())
    state.db().run("INSERT INTO access_log VALUES(?, ?, ?, ?, ?)", state.now(), request.method, route,
                   static_cast<std::int64_t>(response.status), source);
  return response;
}

Reply dispatch(State& state, const Request& request) {
  ++state.stats.requests;
  Call call{request};
  call.source = source_of(request);
  call.origin = origin_of(state, request);
  const auto question = request.target.find('?');
  call.path = request.target.substr(0, question);
  if (question != std::string::npos) call.raw_query = request.target.substr(question + 1);

  const Route* route = nullptr;
  Reply reply;
  try {
    check_headers(request);
    route = &find_route(request.method, call.path, call.parameter);
    reply = run(state, *route, call);
  } catch (const Problem& problem) {
    reply = route && route->info.page ? problem_page(call, problem) : problem_response(problem);
  } catch (const std::exception& error) {
    // DbError, CryptoError: the owner's data is not in the text, but it is nobody's business either.
    reply = problem_response(
        {500, "internal", "The cloud failed; try again later.", true, {}, {{"Retry-After", "60"}}});
  }
  if (auto* const response = std::get_if<Response>(&reply)) {
    try {
      *response = finish(state, std::move(*response), request, route ? route->info.path : std::string_view{},
                         call.source);
    } catch (const DbError&) {
      // The answer goes out even if it cannot be logged.
    }
  }
  return reply;
}

}  // namespace refcloud
