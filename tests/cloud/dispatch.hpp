#pragma once

#include "tests/cloud/state.hpp"

namespace refcloud {

/// Routes, authorizes, checks the body's form, calls the handler, turns a Problem into its answer, writes the
/// access log.
Reply dispatch(State&, const Request&);

/// Adds Date, Content-Length and X-Content-Type-Options, and logs the access.
Response finish(State&, Response, const Request&, std::string_view route, const std::string& source);

}  // namespace refcloud
